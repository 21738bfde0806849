"""What every process counts, and the one hash in Redis in which the counts of all come together.

Workers have no port to be asked at, and several API processes listen on one: each adds what it has
counted since the last time with its heartbeat. A label's values come from the code, never from a
caller, a file or a person.
"""

import os
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

KEY: Final = "intake:counters"
# Of an installation that is no more; whoever counts on keeps it.
_LIFE_SECONDS: Final = 30 * 86_400
_REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_CALL_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_WORK_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0)


@dataclass(frozen=True, slots=True)
class Meter:
    """Something counted: with `buckets` a distribution of seconds, without them a number."""

    name: str
    words: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


REQUESTS: Final = Meter(
    "http_request_duration_seconds",
    "Time from the first byte of a request to the end of its answer.",
    ("route", "method", "status"),
    _REQUEST_SECONDS,
)
TASKS: Final = Meter(
    "task_duration_seconds", "Time of a worker's task.", ("task", "outcome"), _WORK_SECONDS
)
ROWS: Final = Meter("rows_answered", "Rows of claim files that got their answer.")
ROW_ERRORS: Final = Meter("row_errors", "Rows that failed, told when their job ends.", ("code",))
PAYER_CALLS: Final = Meter(
    "payer_call_duration_seconds",
    "Time of one call to a payer, its token and its answer's reading included.",
    ("payer", "outcome"),
    _CALL_SECONDS,
)
STORAGE_CALLS: Final = Meter(
    "storage_call_duration_seconds",
    "Time of one call to a store of files.",
    ("store", "operation", "outcome"),
    _CALL_SECONDS,
)
PROVIDER_CALLS: Final = Meter(
    "provider_call_duration_seconds",
    "Time of one call to a calendar's or a network's provider.",
    ("provider", "outcome"),
    _CALL_SECONDS,
)
EXTRACTIONS: Final = Meter(
    "resume_extraction_seconds",
    "Time of reading one résumé's file in its child process.",
    ("outcome",),
    _WORK_SECONDS,
)
WEBHOOKS: Final = Meter(
    "webhook_attempt_duration_seconds",
    "Time of one try to deliver a webhook.",
    ("outcome",),
    _CALL_SECONDS,
)
MAILS: Final = Meter("mails", "Mails by what became of a try to send them.", ("outcome",))
METERS: Final = (
    *(REQUESTS, TASKS, ROWS, ROW_ERRORS, PAYER_CALLS, STORAGE_CALLS, PROVIDER_CALLS, EXTRACTIONS),
    *(WEBHOOKS, MAILS),
)

_LOCK: Final = threading.Lock()
# What this process has counted and not yet handed in; a field names meter, labels and part.
_PENDING: Final[dict[str, float]] = {}
_STREAMS: Final = [0]


def _forget() -> None:
    """In a new process: what its parent had counted is handed in by the parent."""
    _PENDING.clear()
    _STREAMS[0] = 0


os.register_at_fork(after_in_child=_forget)


def count(meter: Meter, *labels: str, times: float = 1) -> None:
    """Count something; the labels in the order in which the meter names them."""
    _add({_field(meter, labels, "n"): times})


def observe(meter: Meter, seconds: float, *labels: str) -> None:
    """Count something that took so many seconds."""
    place = bisect_left(meter.buckets, seconds)
    series = _field(meter, labels, "")
    _add({f"{series}{place}": 1, f"{series}sum": seconds})


class Outcome:
    """How something that is being timed ends; `failed` unless it says otherwise."""

    word = "failed"


@contextmanager
def timed(meter: Meter, *labels: str) -> Iterator[Outcome]:
    """Time a block; its outcome, which the block sets, is the last label."""
    outcome, began = Outcome(), time.perf_counter()
    try:
        yield outcome
    finally:
        observe(meter, time.perf_counter() - began, *labels, outcome.word)


@contextmanager
def open_stream() -> Iterator[None]:
    """Count an event stream as open while the block lasts; of an event loop only."""
    _STREAMS[0] += 1
    try:
        yield
    finally:
        _STREAMS[0] -= 1


def open_streams() -> int:
    """How many event streams this process has open."""
    return _STREAMS[0]


async def hand_in(redis: Redis) -> None:
    """Add what was counted to what all have counted.

    Raises:
        REDIS_FAULTS: Redis is away; what was counted is kept for the next time.
    """
    with _LOCK:
        taken = dict(_PENDING)
        _PENDING.clear()
    if not taken:
        return
    try:
        async with redis.pipeline(transaction=True) as pipe:
            for field, number in taken.items():
                pipe.hincrbyfloat(KEY, field, number)
            pipe.expire(KEY, _LIFE_SECONDS)
            await pipe.execute()
    except BaseException:
        _add(taken)
        raise


Series = dict[tuple[str, ...], dict[str, float]]


async def read(redis: Redis) -> Mapping[str, Series]:
    """What all processes have counted: by meter's name, then by labels, then by part.

    Raises:
        REDIS_FAULTS: Redis is away.
    """
    known = {meter.name: meter for meter in METERS}
    found: dict[str, Series] = {name: {} for name in known}
    for field, number in (await redis.hgetall(KEY)).items():
        name, *labels, part = _text(field).split("|")
        # Another release may count other things.
        if name in known and len(labels) == len(known[name].labels):
            found[name].setdefault(tuple(labels), {})[part] = float(number)
    return found


def _text(field: bytes | str) -> str:
    return field if isinstance(field, str) else field.decode()


def _field(meter: Meter, labels: Sequence[str], part: str) -> str:
    if len(labels) != len(meter.labels):
        raise ValueError(f"{meter.name} has the labels {meter.labels}")
    return "|".join((meter.name, *labels, part))


def _add(numbers: Mapping[str, float]) -> None:
    with _LOCK:
        for field, number in numbers.items():
            _PENDING[field] = _PENDING.get(field, 0) + number
