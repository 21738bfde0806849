"""The console over a health that stands still: the real one is read beside the test's transaction."""

import pytest

from app.console.frame import health_now
from app.core.clock import now
from app.health.findings import found
from app.health.schemas import Check, Checks, Code, Health, Process
from app.main import Intake


def a_health(*, stale_worker: bool = False, queue: str = "healthy") -> Health:
    """All is well, but for what is said."""
    fine = Check(
        status="healthy", latency_ms=1.5, detail="Redis answers.", findings=[found("redis.answers")]
    )
    code = Code(fingerprint="f" * 12, on_disk="f" * 12, stale=False)
    api = Process(
        role="api",
        host="here",
        pid=1,
        commit="4f2c9e1aaaa",
        fingerprint=code.fingerprint,
        started_at=now(),
        heartbeat_at=now(),
        memory_mb=148.2,
        stale=False,
    )
    worker = api.model_copy(
        update={"role": "worker", "pid": 2, "commit": "891308fbbbb", "stale": stale_worker}
    )
    late = [found("queue.jobs", count=1, seconds=420.0), found("queue.no_mails")]
    waits = fine.model_copy(update={"status": queue, "findings": late})
    return Health(
        status="healthy" if queue == "healthy" and not stale_worker else "degraded",
        version="1.0.0",
        commit=api.commit,
        started_at=now(),
        code=code,
        cloudinary_401_fix="active",
        checks=Checks(
            database=fine,
            redis=fine,
            schema_=fine,
            storage=fine,
            workers=fine,
            queue=waits,
            payers=fine,
            integrations=fine,
            issuers=fine,
        ),
        processes=[api, worker],
    )


@pytest.fixture
def health() -> Health:
    """What the pages find; a test module may give another one."""
    return a_health()


@pytest.fixture(autouse=True)
def still(app: Intake, health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages find `health`."""

    async def seen() -> Health:
        return health

    monkeypatch.setitem(app.dependency_overrides, health_now, seen)
