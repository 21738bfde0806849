"""Health and readiness of this process."""

from collections.abc import Sequence

from app.auth.jwks import KeyState
from app.core.state import Services
from app.core.version import release
from app.health import judgement
from app.health.readings import Pulse
from app.health.schemas import Health, Readiness


async def examine(pulse: Pulse, keys: Sequence[KeyState]) -> Health:
    """Everything, within about a second. Never raises."""
    return judgement.judge(await pulse.take(), release(), keys)


async def ready(pulse: Pulse, services: Services) -> Readiness:
    """Whether requests may come: not while closing, and not without database and schema."""
    if services.closing.is_set():
        return Readiness(status="not_ready", detail="The process is about to stop.")
    revision, revisions = await pulse.take_schema()
    for check in (judgement.database(revision), judgement.schema(revision, revisions)):
        if check.status == "unhealthy":
            return Readiness(status="not_ready", detail=check.detail)
    return Readiness(status="ready", detail="Database and schema are there.")
