"""The end of a job is told once, in the transaction that ends it, and names nobody."""

import json
from typing import Any
from uuid import UUID

import pytest

from app.claims.engine import finish
from app.claims.engine.leases import claim
from app.claims.engine.sweep import sweep
from app.core.db import Scope, driver
from app.dev.payer.rows import Mix, RowPlan
from app.webhooks import service
from app.webhooks.outbox import emit_over
from app.webhooks.schemas import WebhookIn
from tests.claims.engine.conftest import make_organization
from tests.claims.engine.ledger import TIN, Ledger
from tests.claims.engine.test_control import do_cancel, do_retry

PLAN = RowPlan("practice", 8, last_days=60, mix=Mix(0.2, 0.2))


@pytest.fixture(autouse=True)
async def endpoint(ledger: Ledger) -> None:
    """The organization wants to know everything, and another one too."""
    other, _ = await make_organization(ledger.database, TIN)
    for organization_id in (ledger.organization_id, other):
        async with ledger.database.write(Scope.tenant(organization_id)) as session:
            await service.create(
                session,
                settings=ledger.settings,
                organization_id=organization_id,
                user_id=await ledger._user(session),
                wish=WebhookIn(url="https://hooks.example.com/"),
            )


async def told(ledger: Ledger) -> list[tuple[str, dict[str, Any]]]:
    """What the outbox holds for the ledger's organization, and for nobody else."""
    rows = await ledger.all("SELECT * FROM webhook_deliveries ORDER BY id")
    assert {row["organization_id"] for row in rows} <= {ledger.organization_id}
    return [(row["event_type"], json.loads(row["payload"])["data"]) for row in rows]


async def facts(ledger: Ledger, job_id: UUID) -> dict[str, Any]:
    """What may be told of a job, from its own row."""
    job = await ledger.job(job_id)
    names = [
        "status",
        "attempt",
        "total_rows",
        "success_count",
        "failure_count",
        "failures_by_reason",
    ]
    left = job["total_rows"] - job["success_count"] - job["failure_count"]
    return {"job_id": str(job_id), "unprocessed_rows": left, **{name: job[name] for name in names}}


async def test_a_completed_job_and_its_retry(ledger: Ledger) -> None:
    job_id, _ = await ledger.upload_plan(PLAN)
    await ledger.work()
    first = await facts(ledger, job_id)
    assert (first["status"], first["attempt"]) == ("COMPLETED", 1)
    assert await told(ledger) == [("claims.job_completed", first)]
    await sweep(ledger.database)
    assert len(await told(ledger)) == 1
    await do_retry(ledger, job_id)
    await ledger.work()
    second = await facts(ledger, job_id)
    assert second["attempt"] == 2
    assert await told(ledger) == [("claims.job_completed", one) for one in (first, second)]


async def test_a_cancelled_job(ledger: Ledger) -> None:
    waiting, _ = await ledger.upload_plan(PLAN)
    await do_cancel(ledger, waiting)
    await do_cancel(ledger, waiting)
    running, _ = await ledger.upload_plan(PLAN)
    assert await claim(ledger.bench()) is not None
    await do_cancel(ledger, running)
    await ledger.do("UPDATE claim_units SET lease_until = now() - interval '1 second'")
    await sweep(ledger.database)
    assert await told(ledger) == [
        ("claims.job_cancelled", await facts(ledger, job_id)) for job_id in (waiting, running)
    ]


async def test_a_failed_job(ledger: Ledger) -> None:
    job_id, _ = await ledger.upload_plan(PLAN)
    uhc = ledger.settings.uhc.model_copy(update={"client_id": ""})
    await ledger.work(settings=ledger.settings.model_copy(update={"uhc": uhc}))
    assert await told(ledger) == [("claims.job_failed", await facts(ledger, job_id))]


async def test_who_comes_second_tells_nothing(ledger: Ledger) -> None:
    job_id, _ = await ledger.upload_plan(PLAN)
    async with ledger.database.write(Scope.tenant(ledger.organization_id)) as session:
        connection = await driver(session)
        assert await finish.end(connection, job_id, "CANCELLED")
        assert not await finish.end(connection, job_id, "COMPLETED")
    assert [event for event, _ in await told(ledger)] == ["claims.job_cancelled"]


async def test_an_end_that_is_rolled_back_is_not_told(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event and the end are one transaction: a fault between them takes both back."""
    job_id, _ = await ledger.upload_plan(PLAN)

    async def breaking(*arguments: Any, **values: Any) -> int:
        await emit_over(*arguments, **values)
        raise RuntimeError("after the outbox, before the commit")

    with monkeypatch.context() as patched:
        patched.setattr(finish, "emit_over", breaking)
        await ledger.work()
    assert (await ledger.job(job_id))["status"] == "PROCESSING"
    assert await told(ledger) == []
