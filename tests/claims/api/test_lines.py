"""Result lines by PostgreSQL and by hand."""

import random

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


async def test_lines_by_the_database_and_by_hand_are_the_same(
    database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row as a piece of its own: plain ones as PostgreSQL writes them, all others by hand."""
    job_id = await make_job(database, crew.organization_id, total_rows=120)
    dice = random.Random(5)
    alphabet = [
        "=",
        "-",
        "'",
        '"',
        ",",
        "\n",
        "\r",
        "\t",
        " ",
        "\xa0",
        "\u3000",
        "＝",
        "é",
        "a",
        "1",
        ".",
    ]
    keys = {"job_id": job_id, "organization_id": crew.organization_id}
    async with database.write(DatabaseScope.system()) as session:
        for row_no in range(5, 121):
            cells = ["".join(dice.choices(alphabet, k=dice.randrange(4))) for _ in range(5)]
            cells += ["more"] * (row_no % 9 == 0)
            await session.execute(insert(ClaimRow), [{**keys, "row_no": row_no, "cells": cells}])
            found = [FOUND, {**FOUND, "claim_number": cells[0], "total_paid": None}]
            failed = {"outcome": "failed", "error_code": "internal", "error": {"message": cells[1]}}
            good = {"outcome": "succeeded", "results": found[: 1 + row_no % 2]}
            answer = {"attempt": 1, "row_no": row_no, **(failed if row_no % 3 else good)}
            if row_no % 7:
                await session.execute(insert(ClaimAnswer), [{**keys, **answer}])
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
