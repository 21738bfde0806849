"""Whole jobs against the local payer: every verdict right, in both modes and all shapes."""

import pytest

from app.dev.payer.rows import Mix, RowPlan, Shape
from tests.claims.engine.ledger import Ledger

SHAPES: tuple[Shape, ...] = ("claim_number", "patient", "practice")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("batch", [True, False], ids=["batch", "singly"])
async def test_every_row_gets_its_answer(ledger: Ledger, shape: Shape, batch: bool) -> None:
    plan = RowPlan(shape, rows=150, last_days=80, mix=Mix(wrong_person=0.1, unknown=0.1))
    job_id, expected = await ledger.upload_plan(plan, batch=batch)
    await ledger.work()
    await ledger.check(job_id, expected)
