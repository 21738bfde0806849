"""Traces hold what the code says and nothing of what callers wrote; without a collector there are none."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import telemetry
from app.core.application import Intake
from app.core.db import Database, Scope
from app.worker.registry import Task, TaskContext
from app.worker.runner import Runner
from tests.conftest import Stage, running

PROJECT = Path(__file__).resolve().parents[2]
SECRET = "jeanne.martin"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Everything that is traced while the test lasts."""
    exporter = InMemorySpanExporter()
    telemetry.begin("test", exporter)
    yield exporter
    telemetry._TRACER.clear()


def tracing() -> Any:
    return telemetry._TRACER[-1]


async def fail(_: TaskContext, **__: str) -> None:
    raise ValueError(SECRET)


async def test_a_request_its_statements_and_its_task_are_one_trace(
    spans: InMemorySpanExporter, stage: Stage, context: TaskContext
) -> None:
    database = Database(stage.settings.database)
    with tracing().start_as_current_span("request"):
        async with database.read(Scope.public()) as session:
            await session.execute(text("SELECT :name"), {"name": SECRET})
        async with database.bulk(Scope.system(), read_only=True) as connection:
            await connection.fetchval("SELECT $1::text", SECRET)
        carried = telemetry.carrier()
        with pytest.raises(DBAPIError):
            async with database.read(Scope.public()) as session:
                await session.execute(text("SELECT nothing FROM nowhere"))
    runner = Runner(context, {"a.fail": Task("a.fail", fail)})
    await runner.run("a.fail", {}, trace=carried[telemetry.CARRIER])
    await database.close()
    found: dict[str, Any] = {span.name: span for span in spans.get_finished_spans()}
    assert len({span.context.trace_id for span in found.values()}) == 1
    assert {"request", "SELECT", "BEGIN", "task a.fail"} <= found.keys()
    assert found["task a.fail"].attributes["error.type"] == "ValueError"
    texts = {(span.attributes or {}).get("db.query.text") for span in spans.get_finished_spans()}
    assert {"SELECT $1", "SELECT $1::text"} <= texts
    assert {"SELECT nothing FROM nowhere"} <= texts
    assert SECRET not in "".join(span.to_json() for span in spans.get_finished_spans())


async def test_what_nobody_traces_is_not_begun_by_a_statement_or_a_look(
    spans: InMemorySpanExporter, stage: Stage, context: TaskContext
) -> None:
    database = Database(stage.settings.database)
    async with database.read(Scope.public()) as session:
        await session.execute(text("SELECT 1"))
    await Runner(context, {"a.fail": Task("a.fail", fail)}).run("a.fail", {})
    await database.close()
    assert telemetry.carrier() == {}
    assert spans.get_finished_spans() == ()


async def test_a_request_is_told_by_its_route_and_not_by_what_was_asked(
    spans: InMemorySpanExporter, app: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    native: Any = app._native_telemetry
    # FastAPI asks the global provider, which a process sets once and a test cannot take away.
    monkeypatch.setitem(native.config, "tracer_provider", Provider())
    async with running(app) as client:
        await client.get(f"/api/v1/jobs/{SECRET}?search={SECRET}", headers={"Host": SECRET})
    names = [span.name for span in spans.get_finished_spans()]
    assert any(name.startswith("GET /api/v1/jobs/{") for name in names), names
    assert SECRET not in "".join(span.to_json() for span in spans.get_finished_spans())


class Provider:
    """Gives FastAPI the test's tracer."""

    def get_tracer(self, *_: object, **__: object) -> Any:
        return tracing()


def test_without_a_collector_nothing_is_loaded_for_it() -> None:
    program = (
        "import sys; from app.core import telemetry; telemetry.begin('api');"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_collector_without_the_extra_is_said_and_ends_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    telemetry.begin("api")
    assert telemetry._TRACER == []
