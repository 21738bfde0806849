"""What /health says of calendars and LinkedIn: what processes have met, and nobody is asked."""

from dataclasses import replace

from pydantic import SecretStr

from app.core.breaker import Breaker, open_circuits
from app.core.clock import now
from app.core.processes import describe, write
from app.core.settings_integrations import GoogleSettings
from app.health.findings import found, in_english
from app.integrations.tasks import providers
from app.worker.registry import TaskContext


async def test_an_open_circuit_is_told_by_heartbeat_and_named(context: TaskContext) -> None:
    google = GoogleSettings(
        client_id="ours",
        client_secret=SecretStr("secret"),
        redirect_uri="https://api.example/callback",
    )
    settings = context.settings.model_copy(update={"google": google})
    breaker = Breaker(name="integrations.google_calendar", threshold=1)
    record = replace(describe("worker", now()), pid=4711)
    assert "integrations.google_calendar" not in record.open_circuits
    try:
        await write(context.redis, record)
        assert await providers(settings, context.redis) == {"Google Calendar": None}
        breaker.failed()
        assert "integrations.google_calendar" in open_circuits()
        told = replace(describe("worker", now()), pid=4711)
        await write(context.redis, told)
        trouble = (await providers(settings, context.redis))["Google Calendar"]
        assert trouble is not None
        assert trouble.facts["seen"] == f"worker 4711 on {told.host}"
        assert "fails again and again" in in_english([found(trouble.code, **trouble.facts)])
        assert await providers(context.settings, context.redis) == {}
    finally:
        breaker.succeeded()
        await context.redis.delete(record.key)
