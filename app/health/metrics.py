"""Readings as Prometheus text. Numbers of several processes come from where these keep them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override

from app.core.traffic import Traffic
from app.core.version import Release
from app.health.readings import Readings

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
Samples = Iterable[tuple[Sequence[str], float]]


class _Snapshot(Collector):
    def __init__(self, families: Sequence[GaugeMetricFamily]) -> None:
        self._families = families

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._families


def render(readings: Readings, release: Release, traffic: Traffic, pool: tuple[int, int]) -> bytes:
    """The whole page; what could not be read is left out, and its `intake_reading_ok` is 0.

    `pool` is how many of this process's database connections are in use, and how many there are.
    """
    registry = CollectorRegistry()
    registry.register(_Snapshot([*_own(release, pool), *_shared(readings)]))
    return generate_latest(registry) + generate_latest(traffic.registry)


def _own(release: Release, pool: tuple[int, int]) -> list[GaugeMetricFamily]:
    build = ([release.version, release.commit, release.fingerprint], 1.0)
    used, size = pool
    return [
        _gauge("build_info", "The code that runs.", ("version", "commit", "fingerprint"), [build]),
        _gauge(
            "process_start_time_seconds", "Since 1970.", (), [((), release.started_at.timestamp())]
        ),
        _gauge("database_pool_used", "Connections in use.", (), [((), used)]),
        _gauge("database_pool_size", "Connections there may be.", (), [((), size)]),
    ]


def _shared(readings: Readings) -> list[GaugeMetricFamily]:
    read = {
        "database": readings.schema,
        "redis": readings.redis,
        "processes": readings.processes,
        "queue": readings.depth,
        "backlog": readings.backlog,
        "storage": readings.storage,
        "payers": readings.payers,
    }
    verdicts = [((name,), float(each.fault is None)) for name, each in read.items()]
    found = [_gauge("reading_ok", "Whether it could be read.", ("reading",), verdicts)]
    if readings.depth.value is not None:
        found.append(_gauge("queue_rings", "Rings that wait.", (), [((), readings.depth.value)]))
    if readings.backlog.value is not None:
        rooms = readings.backlog.value.items()
        waiting = [((room,), each.waiting) for room, each in rooms]
        oldest = [((room,), each.oldest_seconds) for room, each in rooms]
        found.append(_gauge("backlog_waiting", "Work not begun.", ("room",), waiting))
        found.append(_gauge("backlog_oldest_seconds", "Age of the oldest.", ("room",), oldest))
    if readings.processes.value is not None:
        alive = Counter((each.role, str(each.stale).lower()) for each in readings.processes.value)
        found.append(_gauge("processes", "Alive.", ("role", "stale"), alive.items()))
    if readings.payers.value is not None:
        states = [((name,), float(not said)) for name, said in readings.payers.value.items()]
        found.append(_gauge("payer_ok", "Nothing known against it.", ("payer",), states))
    return found


def _gauge(name: str, words: str, labels: Sequence[str], samples: Samples) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"intake_{name}", words, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family
