"""The sweeper: rings for what is due, ends and frees what was left, deletes what has expired."""

from datetime import timedelta

import pytest

from app.claims.engine import sweep as sweeping
from app.claims.engine.leases import claim
from app.claims.engine.sweep import MOST_RINGS, sweep
from app.claims.queries.engine import sweeps
from app.core.db import Scope, driver
from app.dev.payer.rows import Mix, RowPlan
from tests.claims.engine.ledger import Ledger


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every ring of the sweeper."""
    heard: list[str] = []
    monkeypatch.setattr(sweeping, "ring_now", heard.append)
    return heard


async def test_it_rings_for_what_is_runnable_and_not_endlessly(
    ledger: Ledger, rings: list[str]
) -> None:
    await sweep(ledger.database)
    assert rings == []
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 3, last_days=60))
    await sweep(ledger.database)
    assert rings == ["claims.work"]
    rings.clear()
    await ledger.do("UPDATE claim_units SET state = 'READY'")
    await ledger.do(
        "INSERT INTO claim_units (job_id, organization_id, kind, lo, hi, state)"
        " SELECT id, organization_id, 'rows', 0, 0, 'READY' FROM claim_jobs,"
        " generate_series(1, 50) WHERE id = $1",
        job_id,
    )
    await sweep(ledger.database)
    assert rings == ["claims.work"] * MOST_RINGS


async def test_a_live_lease_is_left_alone_and_a_dead_one_rung_for(
    ledger: Ledger, rings: list[str]
) -> None:
    await ledger.upload_plan(RowPlan("practice", 3, last_days=60))
    unit = await claim(ledger.bench())
    assert unit is not None
    await sweep(ledger.database)
    assert rings == []
    await ledger.do("UPDATE claim_units SET lease_until = now() WHERE state = 'LEASED'")
    await sweep(ledger.database)
    assert rings == ["claims.work"]


async def test_a_job_that_was_left_waiting_goes_on(ledger: Ledger, rings: list[str]) -> None:
    job_id, expected = await ledger.upload_plan(
        RowPlan("practice", 10, last_days=60, mix=Mix(0.1, 0.1)), batch=False
    )
    await ledger.do("UPDATE claim_units SET state = 'DONE' WHERE kind = 'plan'")
    await ledger.do("UPDATE claim_jobs SET status = 'PROCESSING', processing_started_at = now()")
    await sweep(ledger.database)
    await ledger.work()
    await ledger.check(job_id, expected)
    await ledger.do("UPDATE claim_jobs SET status = 'PROCESSING', processing_completed_at = NULL")
    await sweep(ledger.database)
    await ledger.check(job_id, expected)


async def test_rows_that_nobody_answered_end_as_internal(ledger: Ledger) -> None:
    """Should a road ever leave a row out, the job does not say COMPLETED without it."""
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 4, last_days=60))
    await ledger.do("UPDATE claim_units SET state = 'DONE'")
    await ledger.do("UPDATE claim_jobs SET status = 'PROCESSING', processing_started_at = now()")
    await sweep(ledger.database)
    assert await ledger.codes(job_id) == ["internal"] * 4
    assert (await ledger.job(job_id))["failures_by_reason"] == {"internal": 4}


async def test_what_has_expired_is_deleted_whole(ledger: Ledger) -> None:
    done, _ = await ledger.upload_plan(RowPlan("practice", 12, last_days=60))
    await ledger.work()
    running, _ = await ledger.upload_plan(RowPlan("practice", 3, last_days=60, seed=2))
    await ledger.do("UPDATE claim_jobs SET expires_at = now() - $1::interval", timedelta(days=1))
    await ledger.do(
        "INSERT INTO idempotency_keys (scope, key, request, request_digest, status, headers,"
        " body, expires_at) SELECT 's', n::text, 'o', '', 200, '{}', '', now() + n * interval '1h'"
        " FROM generate_series(-3, 2) n"
    )
    await sweep(ledger.database)
    for table in (
        "claim_rows",
        "claim_answers",
        "claim_units",
        "payer_queries",
        "payer_claims",
        "claim_job_events",
    ):
        (left,) = await ledger.all(f"SELECT array_agg(DISTINCT job_id) AS ids FROM {table}")  # noqa: S608
        assert done not in (left["ids"] or []), table
    assert [row["id"] for row in await ledger.all("SELECT id FROM claim_jobs")] == [running]
    assert len(await ledger.all("SELECT FROM idempotency_keys")) == 2


async def test_two_sweepers_do_not_meet(ledger: Ledger, rings: list[str]) -> None:
    await ledger.upload_plan(RowPlan("practice", 3, last_days=60))
    async with ledger.database.write(Scope.system()) as session:
        connection = await driver(session)
        assert await sweeps.try_lock(connection)
        await sweep(ledger.database)
        assert rings == []
    await sweep(ledger.database)
    assert rings == ["claims.work"]
