"""Leases on the real database: nobody shares, what ran out is retaken, zombies change nothing."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from app.claims.engine.answer import writer_of
from app.claims.engine.bench import Fenced, Unit
from app.claims.engine.control import cancel
from app.claims.engine.finish import complete
from app.claims.engine.leases import claim, release, renew
from app.claims.engine.work import work
from app.claims.queries.engine import rows
from app.claims.queries.engine.rows import Answered
from app.core.db import Scope
from tests.claims.engine.conftest import make_organization
from tests.claims.engine.ledger import TIN, Ledger
from tests.claims.engine.test_interleavings import forget_the_epoch

LINE = ("ZZ1", "Herman", "Oakdale", "1980-01-02")


async def upload(ledger: Ledger, count: int, organization_id: UUID | None = None) -> UUID:
    """A job whose plan is done; `count` units of one row each are ready."""
    lines = [(f"ZZ{n}", *LINE[1:]) for n in range(count)]
    job_id = await ledger.upload(lines, organization_id=organization_id)
    await ledger.do(
        "UPDATE claim_jobs SET status = 'PROCESSING', processing_started_at = now() WHERE id = $1",
        job_id,
    )
    await ledger.do("DELETE FROM claim_units WHERE job_id = $1", job_id)
    await ledger.do(
        "INSERT INTO claim_units (job_id, organization_id, kind, lo, hi, state)"
        " SELECT $1, organization_id, 'rows', n, n, 'READY' FROM claim_jobs,"
        " generate_series(1, $2) n WHERE id = $1",
        job_id,
        count,
    )
    return job_id


async def run_out(ledger: Ledger, unit: Unit) -> None:
    """The unit's lease ran out a moment ago."""
    await ledger.do(
        "UPDATE claim_units SET lease_until = now() - interval '1 second' WHERE id = $1", unit.id
    )


async def test_two_claimers_never_share(ledger: Ledger) -> None:
    await upload(ledger, 40)
    bench = ledger.bench()

    async def claimer() -> list[int]:
        taken: list[int] = []
        while (unit := await claim(bench)) is not None:
            taken.append(unit.id)
        return taken

    taken = [unit for some in await asyncio.gather(*(claimer() for _ in range(8))) for unit in some]
    assert len(taken) == len(set(taken)) == 40


async def test_a_lease_that_ran_out_is_retaken_and_the_zombie_changes_nothing(
    ledger: Ledger,
) -> None:
    job_id = await upload(ledger, 1)
    bench = ledger.bench()
    zombie = await claim(bench)
    assert zombie is not None
    assert await claim(bench) is None
    await run_out(ledger, zombie)
    heir = await claim(bench)
    assert heir is not None
    assert (heir.id, heir.attempts) == (zombie.id, 2)
    assert heir.token != zombie.token

    with pytest.raises(Fenced):
        await renew(bench, zombie)
    with pytest.raises(Fenced):
        async with bench.writing(zombie) as connection:
            status = await rows.answer(
                connection,
                writer_of(bench, zombie),
                [Answered(1, error_code="internal")],
                alike_found=True,
            )
            assert status is None
            raise Fenced
    with pytest.raises(Fenced):
        async with bench.writing(zombie) as connection:
            await complete(connection, bench, zombie)
    await release(bench, zombie)
    assert await ledger.answers(job_id) == []
    kept = await ledger.one("SELECT token, state FROM claim_units WHERE job_id = $1", job_id)
    assert (kept["token"], kept["state"]) == (heir.token, "LEASED")
    await renew(bench, heir)


async def test_work_ends_when_the_lease_is_lost(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """A worker that was frozen past its lease: what it does afterwards is fenced off."""
    job_id = await upload(ledger, 1)
    bench = ledger.bench()
    zombie = await claim(bench)
    assert zombie is not None
    await run_out(ledger, zombie)
    heir = await claim(bench)
    assert heir is not None
    await work(bench, zombie)
    assert await ledger.answers(job_id) == []
    await work(bench, heir)
    await ledger.work()
    assert await ledger.codes(job_id) == ["payer.not_found"]


async def test_a_lease_is_renewed_while_the_work_lasts(ledger: Ledger) -> None:
    await upload(ledger, 1)
    short = ledger.with_claims(lease_seconds=1.5)
    ledger.play(latency_ms=3_000)
    bench = ledger.bench(settings=short)
    thief = ledger.bench(settings=short)
    unit = await claim(bench)
    assert unit is not None
    working = asyncio.create_task(work(bench, unit))
    for _ in range(7):
        await asyncio.sleep(0.3)
        assert await claim(thief) is None
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    # Cancelled work gives its lease back, so that nobody waits for it to run out.
    assert await claim(thief) is not None


@pytest.mark.parametrize("status", ["CANCELLING", "CANCELLED", "COMPLETED", "FAILED"])
async def test_only_a_running_job_is_claimed(ledger: Ledger, status: str) -> None:
    job_id = await upload(ledger, 2)
    ended = status != "CANCELLING"
    await ledger.do(
        "UPDATE claim_jobs SET status = $2, processing_completed_at ="
        " CASE WHEN $3 THEN now() END WHERE id = $1",
        job_id,
        status,
        ended,
    )
    assert await claim(ledger.bench()) is None


async def test_nothing_is_claimed_after_a_cancel(ledger: Ledger) -> None:
    job_id = await upload(ledger, 3)
    bench = ledger.bench()
    unit = await claim(bench)
    assert unit is not None
    async with ledger.database.write(Scope.tenant(ledger.organization_id)) as session:
        assert await cancel(session, job_id=job_id) == "CANCELLING"
    assert await claim(bench) is None
    calls = ledger.payer.tally.calls
    await ledger.work()
    assert ledger.payer.tally.calls == calls
    await renew(bench, unit)
    assert unit.is_cancelling


async def test_a_parked_job_is_left_alone(ledger: Ledger) -> None:
    job_id = await upload(ledger, 1)
    await ledger.do(
        "UPDATE claim_jobs SET parked_until = now() + interval '1 minute' WHERE id = $1", job_id
    )
    assert await claim(ledger.bench()) is None
    await ledger.do("UPDATE claim_jobs SET parked_until = now() WHERE id = $1", job_id)
    assert await claim(ledger.bench()) is not None


async def test_a_large_file_does_not_starve_a_small_one(ledger: Ledger) -> None:
    large = await upload(ledger, 30)
    other, _ = await make_organization(ledger.database, TIN)
    small = await upload(ledger, 2, other)
    second = await upload(ledger, 2)
    bench = ledger.bench()
    order = [unit.job_id for _ in range(6) if (unit := await claim(bench)) is not None]
    # First by organization, then by job, then by age.
    assert order == [large, small, second, small, large, second]


async def test_the_first_claim_starts_the_job(ledger: Ledger) -> None:
    job_id = await ledger.upload([LINE])
    unit = await claim(ledger.bench())
    assert unit is not None
    assert unit.kind == "plan"
    job = await ledger.job(job_id)
    assert job["status"] == "PROCESSING"
    assert job["processing_started_at"] is not None
    events = await ledger.all(
        "SELECT version, kind, data FROM claim_job_events WHERE job_id = $1 ORDER BY version",
        job_id,
    )
    assert [(event["version"], event["kind"]) for event in events] == [
        (1, "uploaded"),
        (2, "status"),
    ]
    assert events[1]["data"] == {"status": "PROCESSING"}


async def test_a_worker_with_a_wrong_clock_changes_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upload(ledger, 1)
    bench = ledger.bench()
    unit = await claim(bench)
    assert unit is not None
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert await claim(replace(bench)) is None


@pytest.mark.parametrize("again", [False, True], ids=["nobody", "somebody"])
async def test_after_a_crash_nothing_is_built_on_what_may_be_gone(
    ledger: Ledger, again: bool
) -> None:
    """Pages and answers that were committed may be lost, and only the database knows which."""
    job_id = await upload(ledger, 2)
    bench = ledger.bench()
    unit = await claim(bench)
    assert unit is not None
    await renew(bench, unit)
    await forget_the_epoch(ledger)
    if again:
        # Another worker claims something, and the epoch has a name again: a different one.
        other = await claim(bench)
        assert other is not None
        assert other.epoch != unit.epoch
        await renew(bench, other)
        await release(bench, other)
    with pytest.raises(Fenced):
        await renew(bench, unit)
    await work(bench, unit)
    assert await ledger.answers(job_id) == []
    # It was given back at once, and is taken up anew with what the database says.
    await ledger.work()
    assert await ledger.codes(job_id) == ["payer.not_found"] * 2


async def test_writing_does_not_wait_for_the_disk_and_ending_does(ledger: Ledger) -> None:
    await upload(ledger, 1)
    bench = ledger.bench()
    unit = await claim(bench)
    assert unit is not None
    async with bench.writing(unit) as connection:
        assert await connection.fetchval("SHOW synchronous_commit") == "off"
    table = await ledger.one("SELECT relpersistence FROM pg_class WHERE relname = 'claim_epochs'")
    assert table["relpersistence"] == b"u"
