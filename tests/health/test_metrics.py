"""/metrics over the whole application: bounded labels, and no dependency that fails it."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from app.core.ids import new_id
from app.core.version import release
from app.main import create_app
from tests.conftest import Stage, running
from tests.health.test_probes import without_database, without_redis


async def samples_of(
    client: httpx.AsyncClient,
) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer.headers["Cache-Control"] == "no-store"
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_the_code_and_what_waits_are_told(client: httpx.AsyncClient) -> None:
    found = await samples_of(client)
    build = next(dict(labels) for name, labels in found if name == "intake_build_info")
    assert build["commit"] == release().commit
    assert found["intake_reading_ok", frozenset({("reading", "database")})] == 1
    assert found["intake_backlog_waiting", frozenset({("room", "claims")})] == 0
    assert found["intake_database_pool_size", frozenset()] > 0


async def test_requests_are_counted_by_template_and_never_by_what_callers_write(
    client: httpx.AsyncClient,
) -> None:
    secret = new_id().hex
    for path in (f"/api/v1/jobs/{secret}", f"/nowhere/{secret}", "/livez/", "/livez"):
        await client.get(path)
    await client.request("PURGE", f"/{secret}")
    page = (await client.get("/metrics")).text
    assert secret not in page
    assert "PURGE" not in page
    found = await samples_of(client)
    name = "intake_http_request_duration_seconds_count"
    counts = {
        tuple(sorted(dict(labels).items())): n
        for (each, labels), n in found.items()
        if each == name
    }
    routes = {dict(labels)["route"] for labels in counts}
    assert {"unmatched", "/livez"} <= routes
    assert any(route.startswith("/api/v1/jobs/{") for route in routes)
    assert counts[("method", "GET"), ("route", "/livez"), ("status", "2xx")] >= 2


async def test_it_answers_without_redis_and_without_a_database(stage: Stage) -> None:
    for settings, gone in (
        (without_redis(stage.settings), "redis"),
        (without_database(stage.settings), "database"),
    ):
        async with running(create_app(settings)) as client:
            found = await samples_of(client)
            assert found["intake_reading_ok", frozenset({("reading", gone)})] == 0
