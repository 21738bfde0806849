"""Readings as Prometheus text. Whichever process answers tells the same, of all of them."""

import os
import socket
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from app.core.meters import METERS, Meter, Series
from app.core.processes import ProcessRecord
from app.core.version import Release
from app.health.readings import Figures, Readings

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
Samples = Iterable[tuple[Sequence[str], float]]
# What processes measure of themselves, added up by role.
_GAUGES: Final = {
    "pool_used": ("database_pool_used", "Connections in use."),
    "pool_size": ("database_pool_size", "Connections there may be."),
    "event_streams": ("event_streams_open", "Event streams that are open."),
}


class _Snapshot(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    @override
    def collect(self) -> Iterator[Metric]:
        yield from self._families


def render(
    readings: Readings, figures: Figures, release: Release, own: Mapping[str, float]
) -> bytes:
    """The whole page; what could not be read is left out, and its `intake_reading_ok` is 0.

    `own` are this process's gauges, newer than those of its last heartbeat.
    """
    registry = CollectorRegistry()
    families = [
        *_code(release),
        *_readings(readings, figures),
        *_processes(readings.processes.value, own),
        *_work(readings, figures),
        *_counted(figures.counters.value),
    ]
    registry.register(_Snapshot(families))
    return generate_latest(registry)


def _code(release: Release) -> list[Metric]:
    build = ([release.version, release.commit, release.fingerprint], 1.0)
    return [
        _gauge("build_info", "The code that runs.", ("version", "commit", "fingerprint"), [build]),
        _gauge(
            "process_start_time_seconds", "Since 1970.", (), [((), release.started_at.timestamp())]
        ),
    ]


def _readings(readings: Readings, figures: Figures) -> list[Metric]:
    read = {
        "database": readings.schema,
        "redis": readings.redis,
        "processes": readings.processes,
        "queue": readings.depth,
        "backlog": readings.backlog,
        "storage": readings.storage,
        "payers": readings.payers,
        "integrations": readings.integrations,
        "jobs": figures.jobs,
        "counters": figures.counters,
    }
    verdicts = [((name,), float(each.fault is None)) for name, each in read.items()]
    return [_gauge("reading_ok", "Whether it could be read.", ("reading",), verdicts)]


def _processes(
    records: Sequence[ProcessRecord] | None, own: Mapping[str, float]
) -> Iterator[Metric]:
    """Living processes by role, what they measure of themselves, and the fattest of each role."""
    if records is None:
        return
    alive = Counter((each.role, str(each.stale).lower()) for each in records)
    yield _gauge("processes", "Alive.", ("role", "stale"), alive.items())
    here = (socket.gethostname(), os.getpid())
    others = [each for each in records if (each.host, each.pid) != here]
    measured = [("api", own), *((each.role, each.gauges) for each in others)]
    for name, (metric, words) in _GAUGES.items():
        added: Counter[str] = Counter()
        for role, gauges in measured:
            if name in gauges:
                added[role] += int(gauges[name])
        yield _gauge(metric, words, ("role",), (((role,), n) for role, n in added.items()))
    fattest: dict[str, float] = {}
    for each in records:
        fattest[each.role] = max(fattest.get(each.role, 0.0), each.memory_mb * 2**20)
    sizes = (((role,), size) for role, size in fattest.items())
    yield _gauge("process_memory_bytes", "Resident, of the largest.", ("role",), sizes)


def _work(readings: Readings, figures: Figures) -> Iterator[Metric]:
    """What waits, jobs by state, and how services outside are found."""
    if readings.depth.value is not None:
        yield _gauge("queue_rings", "Rings that wait.", (), [((), readings.depth.value)])
    if readings.backlog.value is not None:
        rooms = readings.backlog.value.items()
        waiting = [((room,), each.waiting) for room, each in rooms]
        oldest = [((room,), each.oldest_seconds) for room, each in rooms]
        yield _gauge("backlog_waiting", "Work not begun.", ("room",), waiting)
        yield _gauge("backlog_oldest_seconds", "Age of the oldest.", ("room",), oldest)
    if figures.jobs.value is not None:
        states = [
            ((room, status), count)
            for room, counts in figures.jobs.value.items()
            for status, count in counts.items()
        ]
        yield _gauge("jobs", "Jobs by their state.", ("room", "status"), states)
    for name, label, reading in (
        ("payer_ok", "payer", readings.payers),
        ("integration_ok", "provider", readings.integrations),
    ):
        if reading.value is not None:
            found = [((service,), float(not said)) for service, said in reading.value.items()]
            yield _gauge(name, "Nothing known against it.", (label,), found)


def _counted(counters: Mapping[str, Series] | None) -> Iterator[Metric]:
    if counters is None:
        return
    for meter in METERS:
        series = counters.get(meter.name, {})
        yield _distribution(meter, series) if meter.buckets else _count(meter, series)


def _count(meter: Meter, series: Series) -> Metric:
    family = CounterMetricFamily(f"intake_{meter.name}", meter.words, labels=meter.labels)
    if not meter.labels:
        # A rate can only be told from the second sample on: the first is there from the beginning.
        series = series or {(): {}}
    for labels, parts in series.items():
        family.add_metric(labels, parts.get("n", 0.0))
    return family


def _distribution(meter: Meter, series: Series) -> Metric:
    family = HistogramMetricFamily(f"intake_{meter.name}", meter.words, labels=meter.labels)
    bounds = [*map(str, meter.buckets), "+Inf"]
    for labels, parts in series.items():
        so_far, buckets = 0.0, []
        for place, bound in enumerate(bounds):
            so_far += parts.get(str(place), 0.0)
            buckets.append((bound, so_far))
        family.add_metric(labels, buckets=buckets, sum_value=parts.get("sum", 0.0))
    return family


def _gauge(name: str, words: str, labels: Sequence[str], samples: Samples) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"intake_{name}", words, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family
