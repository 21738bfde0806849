"""Work that takes too much, dies or lies ends as a typed answer, and nothing else is touched."""

import asyncio
import os
import signal
import time

import pytest

from app.core.sandbox import Died, Limits, Sandbox

LIMITS = Limits(memory_bytes=300 * 1024 * 1024, cpu_seconds=1, wall_seconds=60, answer_bytes=10_000)


def upper(content: bytes) -> bytes:
    return content.upper()


def whoami(_content: bytes) -> bytes:
    return str(os.getpid()).encode()


def greedy(_content: bytes) -> bytes:
    return bytes(400 * 1024 * 1024)[:1]


def endless(_content: bytes) -> bytes:
    while True:
        pass


def asleep(_content: bytes) -> bytes:
    time.sleep(120)
    return b""


def killed(_content: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGSEGV)
    return b""


def gone(_content: bytes) -> bytes:
    os._exit(0)


def talkative(_content: bytes) -> bytes:
    return b"x" * 20_000


def deep(content: bytes) -> bytes:
    return deep(content)


def writer(_content: bytes) -> bytes:
    with open("anything", "wb") as file:  # noqa: PTH123 - what a parser might do.
        file.write(b"x")
    return b"written"


async def test_bytes_in_bytes_out() -> None:
    sandbox = Sandbox(limits=LIMITS)
    assert await sandbox.run(upper, b"ada") == b"ADA"
    assert await sandbox.run(upper, b"x" * 5_000) == b"X" * 5_000


async def test_each_piece_of_work_has_a_process_of_its_own() -> None:
    sandbox = Sandbox(limits=LIMITS)
    found = await asyncio.gather(*(sandbox.run(whoami, b"") for _ in range(4)))
    assert len({*found, str(os.getpid()).encode()}) == 5


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (greedy, "memory"),
        (endless, "cpu"),
        (killed, "crash"),
        (gone, "crash"),
        (talkative, "memory"),
        (deep, "raised"),
    ],
)
async def test_what_takes_too_much_dies_alone(work: object, reason: str) -> None:
    sandbox = Sandbox(limits=LIMITS)
    with pytest.raises(Died) as died:
        await sandbox.run(work, b"")  # type: ignore[arg-type]
    assert died.value.reason == reason
    assert await sandbox.run(upper, b"still here") == b"STILL HERE"


async def test_nobody_waits_for_one_that_sleeps() -> None:
    sandbox = Sandbox(limits=Limits(wall_seconds=0.3))
    with pytest.raises(Died) as died:
        await sandbox.run(asleep, b"")
    assert died.value.reason == "wall"


async def test_a_parser_writes_no_file() -> None:
    with pytest.raises(Died):
        await Sandbox(limits=LIMITS).run(writer, b"")
