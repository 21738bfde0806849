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
    for table in (*sweeps.BULK_TABLES, "claim_job_events"):
        (left,) = await ledger.all(f"SELECT array_agg(DISTINCT job_id) AS ids FROM {table}")  # noqa: S608
        assert done not in (left["ids"] or []), table
    assert [row["id"] for row in await ledger.all("SELECT id FROM claim_jobs")] == [running]
    assert len(await ledger.all("SELECT FROM idempotency_keys")) == 2


async def test_a_large_job_is_taken_away_in_pieces(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once out of sight; its rows go some at a time, whoever dies in between."""
    monkeypatch.setattr(sweeping, "PIECE_ROWS", 3)
    monkeypatch.setattr(sweeping, "MOST_PIECES", 2)
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 20, last_days=60))
    await ledger.work()
    await ledger.do("UPDATE claim_jobs SET expires_at = now() - interval '1 second'")
    left = []
    for _ in range(5):
        await sweep(ledger.database)
        assert await ledger.all("SELECT FROM claim_jobs") == []
        (row,) = await ledger.all("SELECT count(*) AS n FROM claim_rows WHERE job_id = $1", job_id)
        left.append(row["n"])
    assert left == [14, 8, 2, 0, 0]
    monkeypatch.setattr(sweeping, "PIECE_ROWS", 1_000)
    for _ in range(2):
        await sweep(ledger.database)
    for table in sweeps.BULK_TABLES:
        assert await ledger.all(f"SELECT FROM {table} WHERE job_id = $1", job_id) == [], table
    assert await ledger.all("SELECT FROM claim_leavings") == []


async def test_every_table_of_a_job_goes_in_pieces_or_is_small(ledger: Ledger) -> None:
    """A table that grows with the rows of a file has no cascade: one statement would delete it."""
    tables = await ledger.all(
        "SELECT c.relname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " WHERE a.attname = 'job_id' AND c.relkind = 'r'"
        " AND (c.relname LIKE 'claim%' OR c.relname LIKE 'payer%')"
    )
    cascading = await ledger.all(
        "SELECT conrelid::regclass::text AS name FROM pg_constraint"
        " WHERE confrelid = 'claim_jobs'::regclass AND confdeltype = 'c'"
    )
    assert {row["name"] for row in cascading} == {"claim_job_events"}
    assert {row["name"] for row in tables} == {
        *sweeps.BULK_TABLES,
        "claim_job_events",
        "claim_leavings",
    }


@pytest.mark.parametrize(
    ("status", "expired", "is_there"),
    [
        ("COMPLETED", "-1 second", False),
        ("CANCELLED", "-1 second", False),
        ("FAILED", "-1 second", False),
        ("COMPLETED", "1 minute", True),
        ("PENDING", "-1 year", True),
        ("PROCESSING", "-1 year", True),
        ("CANCELLING", "-1 year", True),
    ],
)
async def test_only_what_has_ended_and_expired_goes(
    ledger: Ledger, status: str, expired: str, is_there: bool
) -> None:
    job_id, _ = await ledger.upload_plan(RowPlan("practice", 2, last_days=60))
    # Somebody works for it, so that the sweeper ends nothing by itself.
    assert await claim(ledger.bench()) is not None
    await ledger.do(
        "UPDATE claim_jobs SET status = $2, expires_at = now() + $3::text::interval,"
        " processing_completed_at = CASE WHEN $4 THEN now() END WHERE id = $1",
        job_id,
        status,
        expired,
        status in ("COMPLETED", "CANCELLED", "FAILED"),
    )
    await sweep(ledger.database)
    assert bool(await ledger.all("SELECT FROM claim_jobs")) is is_there
    noted = await ledger.all(
        "SELECT subject_id FROM audit_entries WHERE action = 'claims.job_purged'"
    )
    assert [entry["subject_id"] for entry in noted] == ([] if is_there else [str(job_id)])


async def test_two_sweepers_do_not_meet(ledger: Ledger, rings: list[str]) -> None:
    await ledger.upload_plan(RowPlan("practice", 3, last_days=60))
    async with ledger.database.write(Scope.system()) as session:
        connection = await driver(session)
        assert await sweeps.try_lock(connection)
        await sweep(ledger.database)
        assert rings == []
    await sweep(ledger.database)
    assert rings == ["claims.work"]
