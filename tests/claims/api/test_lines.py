"""Result lines by PostgreSQL and by hand."""

import random
from collections.abc import Mapping

import pytest
from sqlalchemy import insert

from app.claims.models import ClaimAnswer, ClaimRow
from app.claims.schemas import ResultFormat, Scope
from app.claims.service import downloads, jobs
from app.claims.service.downloads import Download
from app.core.db import Database
from app.core.db import Scope as DatabaseScope
from tests.claims.api.samples import FOUND, make_job
from tests.people import Crew

ALPHABET = "=-'\",\n\r\t \xa0\u3000＝éa1."
Values = list[dict[str, object]]


def made(keys: Mapping[str, object]) -> tuple[Values, Values, Values]:
    """Rows of odd cells, and the answers of those that succeeded and of those that failed."""
    dice = random.Random(5)
    rows: Values = []
    succeeded: Values = []
    failed: Values = []
    for row_no in range(5, 65):
        cells = ["".join(dice.choices(ALPHABET, k=dice.randrange(4))) for _ in range(5)]
        cells += ["more"] * (row_no % 9 == 0)
        rows.append({**keys, "row_no": row_no, "cells": cells})
        answer = {**keys, "row_no": row_no, "attempt": 1}
        if row_no % 7 and row_no % 3:
            error = {"error_code": "internal", "error": {"message": cells[1]}}
            failed.append({**answer, "outcome": "failed", **error})
        elif row_no % 7:
            found = [FOUND, {**FOUND, "claim_number": cells[0], "total_paid": None}]
            succeeded.append({**answer, "outcome": "succeeded", "results": found[: 1 + row_no % 2]})
    return rows, succeeded, failed


async def test_lines_by_the_database_and_by_hand_are_the_same(
    database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row as a piece of its own: plain ones as PostgreSQL writes them, all others by hand."""
    job_id = await make_job(database, crew.organization_id, total_rows=64)
    keys = {"job_id": job_id, "organization_id": crew.organization_id}
    rows, succeeded, failed = made(keys)
    async with database.write(DatabaseScope.system()) as session:
        await session.execute(insert(ClaimRow), rows)
        await session.execute(insert(ClaimAnswer), succeeded)
        await session.execute(insert(ClaimAnswer), failed)
    scope = DatabaseScope.tenant(crew.organization_id)
    async with database.read(scope) as session:
        job = await jobs.get(session, organization_id=crew.organization_id, job_id=job_id)
    mapping = {"claim_number": 0, "first_name": 1, "last_name": 2, "date_of_birth": 3}
    monkeypatch.setattr(downloads, "_LINES_AT_ONCE", 1)
    for wanted in Scope:
        by_both = b"".join(
            [
                p
                async for p in Download(database, scope, job, mapping).results(
                    wanted, ResultFormat.CSV
                )
            ]
        )
        with monkeypatch.context() as by_hand:
            by_hand.setattr(downloads, "is_plain", lambda *_, **__: False)
            pieces = Download(database, scope, job, mapping).results(wanted, ResultFormat.CSV)
            assert b"".join([piece async for piece in pieces]) == by_both
