"""/metrics over the whole application: bounded labels, and no dependency that fails it."""

from dataclasses import replace

import httpx
from prometheus_client.parser import text_string_to_metric_families

from app.core import meters
from app.core.clock import now
from app.core.ids import new_id
from app.core.processes import describe, write
from app.core.version import release
from app.main import Intake, create_app
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
    assert found["intake_database_pool_size", frozenset({("role", "api")})] > 0
    assert found["intake_event_streams_open", frozenset({("role", "api")})] == 0
    for room, status in (("claims", "PENDING"), ("claims", "FAILED"), ("resumes", "uploaded")):
        assert found["intake_jobs", frozenset({("room", room), ("status", status)})] == 0
    assert ("intake_rows_answered_total", frozenset()) in found


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


async def test_what_other_processes_count_is_told_as_ones_own(
    client: httpx.AsyncClient, app: Intake
) -> None:
    """Workers have no port: they hand in what they count, and whoever is asked tells it."""
    redis = app.state.services.redis
    labels = {("payer", "uhc"), ("outcome", "PayerTimeout")}
    before = (await samples_of(client)).get(
        ("intake_payer_call_duration_seconds_count", frozenset(labels)), 0.0
    )
    field = "payer_call_duration_seconds|uhc|PayerTimeout|"
    await redis.hincrbyfloat(meters.KEY, f"{field}3", 2)
    await redis.hincrbyfloat(meters.KEY, f"{field}9", 1)
    await redis.hincrbyfloat(meters.KEY, f"{field}sum", 31.5)
    await redis.hincrbyfloat(meters.KEY, "of_another_release|uhc|n", 1)
    meters.observe(meters.PAYER_CALLS, 0.4, "uhc", "PayerTimeout")
    worker = describe("worker", now(), {"pool_used": 3.0, "pool_size": 8.0})
    await write(redis, replace(worker, pid=4711))
    found = await samples_of(client)
    await redis.delete(replace(worker, pid=4711).key)
    name = "intake_payer_call_duration_seconds"
    assert found[f"{name}_count", frozenset(labels)] == before + 4
    buckets = [found[f"{name}_bucket", frozenset({*labels, ("le", le)})] for le in ("0.5", "30.0")]
    assert (buckets[0] - before, buckets[1] - before) == (3, 3)
    assert found["intake_database_pool_used", frozenset({("role", "worker")})] >= 3
    assert not [key for key, _ in found if "of_another_release" in key]


async def test_it_answers_without_redis_and_without_a_database(stage: Stage) -> None:
    for settings, gone in (
        (without_redis(stage.settings), "redis"),
        (without_database(stage.settings), "database"),
    ):
        async with running(create_app(settings)) as client:
            found = await samples_of(client)
            assert found["intake_reading_ok", frozenset({("reading", gone)})] == 0
