"""Work that takes too much, dies or lies ends as a typed answer, and nothing else is touched."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.core.sandbox import Died, Limits, Sandbox, begun_with, kept_in

PROJECT = Path(__file__).resolve().parents[2]
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


def sandbox_for(work: Callable[[bytes], bytes], limits: Limits = LIMITS) -> Sandbox:
    return Sandbox(f"{__name__}:{work.__name__}", limits=limits)


def is_loaded(name: bytes) -> bytes:
    return str(name.decode() in sys.modules).encode()


async def test_bytes_in_bytes_out() -> None:
    sandbox = sandbox_for(upper)
    assert await sandbox.run(b"ada") == b"ADA"
    assert await sandbox.run(b"x" * 5_000) == b"X" * 5_000


async def test_each_piece_of_work_has_a_process_of_its_own() -> None:
    sandbox = sandbox_for(whoami)
    found = await asyncio.gather(*(sandbox.run(b"") for _ in range(4)))
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
async def test_what_takes_too_much_dies_alone(work: Callable[[bytes], bytes], reason: str) -> None:
    with pytest.raises(Died) as died:
        await sandbox_for(work).run(b"")
    assert died.value.reason == reason
    assert await sandbox_for(upper).run(b"still here") == b"STILL HERE"


async def test_nobody_waits_for_one_that_sleeps() -> None:
    with pytest.raises(Died) as died:
        await sandbox_for(asleep, Limits(wall_seconds=0.3)).run(b"")
    assert died.value.reason == "wall"


async def test_a_parser_writes_no_file() -> None:
    with pytest.raises(Died):
        await sandbox_for(writer).run(b"")


def test_an_application_keeps_one_for_each_kind_of_work() -> None:
    state = SimpleNamespace()
    kept = [kept_in(state, f"{__name__}:{name}", LIMITS) for name in ("upper", "whoami", "upper")]
    assert kept[0] is kept[2] is not kept[1]


async def test_a_child_finds_loaded_what_the_process_was_begun_with() -> None:
    """multiprocessing loads it into each child, which took forty times as long as the child does."""
    assert await sandbox_for(is_loaded).run(begun_with().encode()) == b"True"


def test_a_program_that_was_begun_as_a_module_is_not_warned_at_every_file() -> None:
    """And what it was expected to ask for later is loaded by then, once for all children."""
    command = [sys.executable, "-m", "tests.core.sandboxed"]
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("DONE\nthe server\n", "")
