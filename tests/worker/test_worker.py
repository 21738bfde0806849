"""One real worker with real children: it is rung, poisoned, shot and told to stop."""

import asyncio
import os
import re
import signal
import socket
import uuid
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.core.log import request_id
from app.core.processes import PROCESS_INDEX, ProcessRecord
from app.core.settings import Settings
from app.health.registry import registered
from app.worker import doorbell
from tests.worker.station import StartStation, Station, wait_until


@pytest.fixture(scope="module")
def station(settings: Settings, start_station: StartStation) -> Station:
    return start_station(settings)


@pytest.fixture
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    redis = Redis.from_url(settings.redis.url.get_secret_value())
    yield redis
    await redis.aclose()


def test_a_ring_runs_the_task_in_a_child(station: Station, settings: Settings) -> None:
    job_id = uuid.uuid4()
    bound = request_id.set("request-7")
    with doorbell.connected(settings.redis):
        doorbell.ring_now("drill.write", job_id=job_id)
    request_id.reset(bound)
    noted = station.wait("write", job_id=str(job_id))
    assert noted["request_id"] == "request-7"
    assert noted["database_role"] == "intake_app"
    assert noted["pid"] != station.process.pid


@pytest.mark.parametrize("way", ["raise", "exit"])
def test_a_poisonous_task_does_not_kill_its_child(
    station: Station, settings: Settings, way: str
) -> None:
    with doorbell.connected(settings.redis):
        doorbell.ring_now("drill.poison", job_id=way)
        poisoned = station.wait("poison", job_id=way)
        doorbell.ring_now("drill.write", job_id=f"after-{way}")
        assert station.wait("write", job_id=f"after-{way}")["pid"] == poisoned["pid"]
    output = station.output.read_text()
    assert "worker.task_failed" in output
    assert "Jane Doe" not in output


def test_a_child_may_have_children(station: Station, settings: Settings) -> None:
    """Strangers' files are read in a sandbox, which is a process below the worker's own child."""
    with doorbell.connected(settings.redis):
        doorbell.ring_now("drill.sandbox", job_id="one")
    assert station.wait("sandbox", seconds=20, job_id="one")["made"] == "DONE"


async def test_a_worker_registers_itself(station: Station, redis: Redis) -> None:
    pid = station.wait("look")["pid"]
    record = await record_of(redis, pid)
    assert (record.role, record.host) == ("worker", socket.gethostname())
    assert re.fullmatch("[0-9a-f]{12}", record.fingerprint)
    assert record.memory_mb > 10
    assert 0 < await redis.ttl(record.key) <= 15
    assert record.key.encode() in await redis.smembers(PROCESS_INDEX)


async def record_of(redis: Redis, pid: int) -> ProcessRecord:
    for _ in range(100):
        for record in await registered(redis):
            if record.pid == pid:
                return record
        await asyncio.sleep(0.05)
    pytest.fail("the worker is not in the registry")


def test_a_killed_child_comes_back(station: Station, settings: Settings) -> None:
    with doorbell.connected(settings.redis):
        doorbell.ring_now("drill.write", job_id="before")
        killed = station.wait("write", job_id="before")["pid"]
        os.kill(killed, signal.SIGKILL)
        doorbell.ring_now("drill.write", job_id="after")
        assert station.wait("write", job_id="after")["pid"] != killed


def test_work_in_hand_is_told_to_stop(station: Station, settings: Settings) -> None:
    with doorbell.connected(settings.redis):
        doorbell.ring_now("drill.slow", job_id="last")
    station.wait("slow_begun", job_id="last")
    assert station.stop() == 0
    assert station.read("slow_stopped")
    assert wait_until(lambda: not _is_alive(station.read()[-1]["pid"]), 60)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
