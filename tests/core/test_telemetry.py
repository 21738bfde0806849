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
from app.core.http import HttpFailure, fetch, open_client
from app.core.http import get as get_whole
from app.core.public_http import fetch_head, open_public_client
from app.storage.local import LocalStore
from app.storage.measured import MeasuredStore
from app.worker.registry import Task, TaskContext
from app.worker.runner import Runner
from tests.conftest import Stage, running
from tests.core.test_http import answering

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


async def test_calls_to_other_servers_are_spans_without_what_callers_wrote(
    spans: InMemorySpanExporter, tmp_path: Path
) -> None:
    own = open_client(timeout_seconds=0.3, connections=1)
    strangers = open_public_client(timeout_seconds=0.3, connections=1, allow_local=True)
    store = MeasuredStore(LocalStore(tmp_path))
    reply = b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
    async with answering(reply, reply, reply) as (url, _):
        await fetch(own, own.build_request("GET", url))
        assert spans.get_finished_spans() == ()
        with tracing().start_as_current_span("task"):
            await get_whole(own, f"{url}{SECRET}", {"X-Name": SECRET})
            await fetch_head(strangers, strangers.build_request("POST", f"{url}{SECRET}"))
            with pytest.raises(HttpFailure):
                await fetch(own, own.build_request("GET", "http://127.0.0.1:1/"))
            await store.stat("jeanne-martin")
    for client in (own, strangers):
        await client.aclose()
    answered, told, failed, stat = spans.get_finished_spans()[:4]
    assert (answered.name, dict(answered.attributes or {})) == (
        "GET",
        {
            "http.request.method": "GET",
            "server.address": "127.0.0.1",
            "http.response.status_code": 404,
        },
    )
    # Where a stranger's webhook goes is the stranger's own business.
    assert dict(told.attributes or {}).keys() == {
        "http.request.method",
        "http.response.status_code",
    }
    assert (failed.attributes or {})["error.type"] == "ConnectError"
    assert (stat.name, dict(stat.attributes or {})) == (
        "storage stat",
        {"intake.store": "local", "intake.outcome": "ok"},
    )
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
