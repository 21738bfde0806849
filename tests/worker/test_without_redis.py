"""Redis away, frozen and back: work goes on, and nobody waits for a ring."""

import signal
import time

import pytest

from app.core.db import Scope
from app.core.settings import Settings
from app.dev.valkey import ValkeyServer
from app.worker import doorbell
from tests.conftest import Stage
from tests.worker.station import StartStation, over, wait_until

UNREACHABLE = "unix:///nowhere/valkey.sock?db=0"


def test_a_worker_goes_on_while_redis_is_down_from_its_start(
    settings: Settings, start_station: StartStation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = ValkeyServer(tmp_path_factory.mktemp("late"))
    with server:
        alone = over(settings, server.url)
    station = start_station(alone)
    station.wait("look")
    station.wait("sweep")
    with server, doorbell.connected(alone.redis) as bell:
        assert alone.redis.url.get_secret_value() == server.url

        def heard() -> bool:
            doorbell.ring_now("drill.write", job_id="back")
            time.sleep(0.3)
            return bool(station.read("write"))

        assert wait_until(heard, 60), station.output.read_text()[-3000:]
        assert bell is not None
    looks = len(station.read("look"))
    assert wait_until(lambda: len(station.read("look")) > looks, 60)
    assert station.stop() == 0


@pytest.mark.parametrize("state", ["frozen", "stopped", "unreachable"])
async def test_a_ring_delays_nobody(stage: Stage, valkey: ValkeyServer, state: str) -> None:
    url = UNREACHABLE if state == "unreachable" else valkey.url
    redis = over(stage.settings, url).redis
    assert valkey.process is not None
    if state == "frozen":
        valkey.process.send_signal(signal.SIGSTOP)
    elif state == "stopped":
        valkey.process.kill()
    with doorbell.connected(redis):
        began = time.monotonic()
        for _ in range(20):
            async with stage.database.write(Scope.public()) as session:
                doorbell.ring(session, "drill.write", job_id="1")
        taken = time.monotonic() - began
        valkey.process.send_signal(signal.SIGCONT)
    # Twenty rings that waited for a frozen Redis would take ten seconds.
    assert taken < 5
