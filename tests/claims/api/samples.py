"""Claim files and jobs that tests of the API use."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import func, insert, select

from app.claims.models import ClaimAnswer, ClaimJob, ClaimRow, ClaimUnit, Practice
from app.claims.models_payer import PayerQuery
from app.core.clock import now
from app.core.db import Database, Scope
from app.core.ids import new_id
from tests.people import Actor

API = "/api/v1"
HEADER = "claim_number,first_name,last_name,date_of_birth"
GOOD = f"{HEADER}\nFH0001,Ada,Byron,1985-12-10\nFH0002,Zoë,Ångström,1990-01-31\n"
FOUND = {
    "claim_number": "FH0001",
    "status": "PAID",
    "patient_name": "Ada Byron",
    "total_charged": "120.00",
    "total_paid": "-20.50",
    "processed_date": "2026-10-01",
}


async def send(
    client: httpx.AsyncClient,
    actor: Actor,
    content: str | bytes = GOOD,
    *,
    name: str = "claims.csv",
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    path: str = "upload",
) -> httpx.Response:
    """Upload or preview a file."""
    data = content.encode() if isinstance(content, str) else content
    return await client.post(
        f"{API}/claims/bulk/{path}/",
        files={"file": (name, data, "text/csv")},
        data={"provider": "uhc", **(fields or {})},
        headers={**actor.headers, **(headers or {})},
    )


async def stored(database: Database, model: Any) -> int:
    """How many rows a table has."""
    async with database.read(Scope.system()) as session:
        return (await session.execute(select(func.count()).select_from(model))).scalar_one()


async def make_job(database: Database, organization_id: UUID, **changes: Any) -> UUID:
    """A completed job of four rows: found, found nowhere, a bad date, and =1+1 as a name."""
    job_id = new_id()
    moment = now()
    values = {
        "id": job_id,
        "organization_id": organization_id,
        "provider": "uhc",
        "use_batch_query": True,
        "filename": "old.csv",
        "original_filename": "ol'd é.csv",
        "file_size": 200,
        "file_sha256": "0" * 64,
        "shape": "claim_number",
        "encoding": "utf-8",
        "delimiter": ",",
        "date_order": "ymd",
        "header": [*HEADER.split(","), "note"],
        "mapping": {name: place for place, name in enumerate(HEADER.split(","))},
        "status": "COMPLETED",
        "total_rows": 4,
        "success_count": 1,
        "failure_count": 3,
        "failures_by_reason": {"payer.not_found": 2, "row.bad_date": 1},
        "celery_task_id": new_id(),
        "processing_started_at": moment - timedelta(seconds=2),
        "processing_completed_at": moment,
        "expires_at": moment + timedelta(days=90),
        **changes,
    }
    keys = {"job_id": job_id, "organization_id": organization_id}
    async with database.write(Scope.system()) as session:
        await session.execute(insert(ClaimJob).values(**values))
        await session.execute(
            insert(ClaimUnit).values(
                **keys, kind="rows", lo=1, hi=4, state="DONE", succeeded=1, failed=3
            )
        )
        asked = await session.execute(
            insert(PayerQuery)
            .values(
                **keys,
                tin="471000001",
                payer_id="87726",
                from_date=moment.date(),
                to_date=moment.date(),
                kind="window",
                pages=1,
                claims=7,
                complete=True,
            )
            .returning(PayerQuery.id)
        )
        query_id = asked.scalar_one()
        cells = (
            ["FH0001", "Ada", "Byron", "1985-12-10", "-5.20"],
            ["FH0002", "Zoë", "Ångström", "1990-01-31", "@home"],
            ["FH0003", "Bad", "Date", "1990-13-45", ""],
            ["FH0004", "=1+1", "Formula", "1990-01-01", "+49"],
        )
        await session.execute(
            insert(ClaimRow),
            [{**keys, "row_no": number, "cells": row} for number, row in enumerate(cells, 1)],
        )
        answer = {**keys, "attempt": 1, "error_code": None, "error": None, "results": None}
        missing = {"outcome": "failed", "error_code": "payer.not_found", "query_ids": [query_id]}
        await session.execute(
            insert(ClaimAnswer),
            [
                {
                    **answer,
                    "row_no": 1,
                    "outcome": "succeeded",
                    "results": [FOUND],
                    "query_ids": [query_id],
                },
                {**answer, "row_no": 2, **missing},
                {
                    **answer,
                    "row_no": 3,
                    "outcome": "failed",
                    "error_code": "row.bad_date",
                    "error": {"field": "date_of_birth", "message": "13 is no month."},
                    "query_ids": None,
                },
                {**answer, "row_no": 4, **missing},
            ],
        )
    return job_id


async def make_running_job(database: Database, organization_id: UUID) -> UUID:
    """A job whose rows are leased by somebody; two of ten are answered."""
    job_id = await make_job(
        database,
        organization_id,
        status="PROCESSING",
        total_rows=10,
        processing_completed_at=None,
    )
    async with database.write(Scope.system()) as session:
        await session.execute(
            insert(ClaimUnit).values(
                job_id=job_id,
                organization_id=organization_id,
                kind="rows",
                lo=5,
                hi=10,
                state="LEASED",
                token=new_id(),
                lease_until=now() + timedelta(hours=1),
            )
        )
    return job_id


async def make_practice(database: Database, organization_id: UUID) -> int:
    """A practice."""
    async with database.write(Scope.system()) as session:
        made = await session.execute(
            insert(Practice)
            .values(organization_id=organization_id, name="North", tin="471000001")
            .returning(Practice.id)
        )
        return int(made.scalar_one())
