"""The probes over the whole application, with servers that are there, frozen, and gone."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app.core.clock import now
from app.core.processes import ProcessRecord, describe, write
from app.core.settings import DatabaseSettings, RedisSettings, Settings
from app.core.version import release
from app.main import Intake, create_app
from tests.conftest import Servers, Stage, running

DEADLINE = 30.0


@asynccontextmanager
async def client_over(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with running(create_app(settings)) as client:
        yield client


def without_redis(settings: Settings) -> Settings:
    away = RedisSettings(url=SecretStr("unix:///nowhere/valkey.sock?db=0"))
    return settings.model_copy(update={"redis": away})


def without_database(settings: Settings) -> Settings:
    away = DatabaseSettings(url=SecretStr("postgresql://nobody@/nothing?host=/nowhere"))
    return settings.model_copy(update={"database": away})


async def timed(client: httpx.AsyncClient, path: str) -> httpx.Response:
    began = time.monotonic()
    response = await client.get(path)
    assert time.monotonic() - began < DEADLINE
    return response


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(int(child) for child in children)]


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    pids = family(pid)
    for each in pids:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in pids:
            os.kill(each, signal.SIGCONT)


async def test_the_shape_is_the_contracts(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert set(body) == {
        *("status", "version", "commit", "started_at", "code", "cloudinary_401_fix", "checks"),
        "processes",
    }
    assert body["commit"] == release().commit
    assert body["code"] == {
        "fingerprint": release().fingerprint,
        "on_disk": release().fingerprint,
        "stale": False,
    }
    assert body["cloudinary_401_fix"] == "active"
    names = {"database", "redis", "schema", "storage", "workers", "queue", "payers", "issuers"}
    names |= {"integrations"}
    assert set(body["checks"]) == names
    fields = {"status", "latency_ms", "detail", "findings"}
    assert all(set(each) == fields for each in body["checks"].values())
    assert body["checks"]["redis"]["findings"] == [{"code": "redis.answers", "facts": {}}]
    assert (await client.get("/api/v1/health")).json()["checks"].keys() == names


async def test_the_small_probes(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json()["status"] == "ready"
    version = await client.get("/version")
    assert version.json()["commit"] == release().commit
    assert "\n" not in version.text


async def test_a_closing_process_is_not_ready(app: Intake, client: httpx.AsyncClient) -> None:
    app.state.services.closing.set()
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "The process is about to stop."


async def test_a_worker_with_other_code_is_named(client: httpx.AsyncClient, app: Intake) -> None:
    redis: Redis = app.state.services.redis
    mine = describe("worker", now())
    old = ProcessRecord(
        role="worker",
        host="old-box",
        pid=4242,
        commit="9c2013b" + "0" * 33,
        fingerprint="f" * 12,
        started_at=mine.started_at,
        heartbeat_at=mine.heartbeat_at,
        memory_mb=1.0,
        stale=False,
    )
    for record in (mine, old):
        await write(redis, record)
    body = (await client.get("/health")).json()
    assert body["status"] == "degraded"
    assert "worker 4242 on old-box runs 9c2013b" in body["checks"]["workers"]["detail"]
    stale = {process["pid"]: process["stale"] for process in body["processes"]}
    assert (stale[mine.pid], stale[4242]) == (False, True)
    await redis.delete(mine.key, old.key)
    assert 4242 not in {each["pid"] for each in (await client.get("/health")).json()["processes"]}


async def test_the_api_registers_itself(client: httpx.AsyncClient) -> None:
    for _ in range(50):
        processes = (await client.get("/health")).json()["processes"]
        if any(each["role"] == "api" and each["pid"] == os.getpid() for each in processes):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the API is not in the list")


async def test_health_without_redis(stage: Stage) -> None:
    async with client_over(without_redis(stage.settings)) as client:
        answer = await timed(client, "/health")
        assert answer.status_code == 200
        checks = answer.json()["checks"]
        assert answer.json()["status"] == "degraded"
        assert checks["redis"]["status"] == checks["workers"]["status"] == "degraded"
        assert checks["database"]["status"] == "healthy"
        assert (await timed(client, "/readyz")).status_code == 200


async def test_health_with_a_frozen_redis(stage: Stage) -> None:
    process = stage.servers.valkey.process
    assert process is not None
    async with client_over(stage.settings) as client:
        with frozen(process.pid):
            answer = await timed(client, "/health")
            assert answer.status_code == 200
            assert answer.json()["checks"]["redis"]["status"] == "degraded"
        assert (await client.get("/health")).json()["checks"]["redis"]["status"] == "healthy"


async def test_health_without_a_database(stage: Stage) -> None:
    async with client_over(without_database(stage.settings)) as client:
        answer = await timed(client, "/health")
        assert answer.status_code == 503
        assert answer.json()["status"] == "unhealthy"
        assert answer.json()["checks"]["redis"]["status"] == "healthy"
        assert (await timed(client, "/readyz")).status_code == 503
        assert (await timed(client, "/livez")).status_code == 200


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to find backends")
async def test_health_with_a_frozen_database(stage: Stage, servers: Servers) -> None:
    process = servers.postgres.process
    assert process is not None
    async with client_over(stage.settings) as client:
        assert (await client.get("/readyz")).status_code == 200
        with frozen(process.pid):
            for _ in range(2):
                answer = await timed(client, "/health")
                assert answer.status_code == 503
                assert "no answer" in answer.json()["checks"]["database"]["detail"]
            assert (await timed(client, "/readyz")).status_code == 503
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/health")).json()["checks"]["schema"]["status"] == "healthy"
