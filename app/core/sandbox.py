"""Work on strangers' files in a child process with limits, so that no file takes a process with it.

The child is forked from a lean server that holds no model and no connection: its address space is
what counts against the limit of memory. It gets bytes and gives bytes; nothing that it says is
unpickled, because a parser that a file has taken over may say anything.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any, Final, Literal

from app.core.log import logger

Reason = Literal["memory", "cpu", "wall", "crash", "raised"]

_DONE: Final = b"\x00"
_OUT_OF_MEMORY: Final = b"\x01"
_RAISED: Final = b"\x02"
_MEGABYTE: Final = 1024 * 1024
_EXPECTED: Final[dict[str, None]] = {}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one piece of work may take; `answer_bytes` bounds what it may give."""

    memory_bytes: int = 512 * _MEGABYTE
    cpu_seconds: int = 10
    wall_seconds: float = 20.0
    answer_bytes: int = 64 * _MEGABYTE


class Died(Exception):
    """The work ended without an answer; `reason` says at which limit."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class Sandbox:
    """A process's way to such children, all for one kind of work.

    `work` names a function, as "app.room.module:function", that makes bytes of bytes. Its module is
    imported in the server that children fork from and not here: parsers are many megabytes.
    """

    def __init__(self, work: str, *, limits: Limits | None = None) -> None:
        self._work = work
        self._limits = limits or Limits()
        self._context = _context(_module_of(work))
        self._places = asyncio.Semaphore(max(1, os.cpu_count() or 1))

    async def run(self, content: bytes) -> bytes:
        """What the work makes of `content`.

        Raises:
            Died: it took more than it may, raised, or its process ended.
        """
        async with self._places:
            return await asyncio.to_thread(_run, self._context, self._work, content, self._limits)


def kept_in(state: Any, work: str, limits: Limits) -> Sandbox:
    """The sandbox of an application for `work`, made at its first use; `state` is the application's."""
    kept: dict[str, Sandbox] | None = getattr(state, "sandboxes", None)
    if kept is None:
        kept = state.sandboxes = {}
    return kept.setdefault(work, Sandbox(work, limits=limits))


def expect(*works: str) -> None:
    """Say beforehand what this process's sandboxes will be asked to do, named as for `Sandbox`.

    Children of all of them fork from one server, which loads modules when it starts, at the first
    piece of work, and never later: what it lacks each child loads anew.
    """
    _EXPECTED.update(dict.fromkeys(map(_module_of, works)))


@cache
def _context(module: str) -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    expected = [one for one in _EXPECTED if one != module]
    context.set_forkserver_preload(
        [__name__, f"{__name__}_server", module, *expected, begun_with()]
    )
    return context


def _module_of(work: str) -> str:
    return work.partition(":")[0]


def begun_with() -> str:
    """The module that this process was begun with.

    multiprocessing lets each child load it again; from a server that has it already this takes no
    time, and otherwise ten times as long as reading a résumé. The installed command is a script of
    two lines over its module.
    """
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return "app.cli" if spec is None else str(spec.name)


def _run(context: ForkServerContext, work: str, content: bytes, limits: Limits) -> bytes:
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(theirs, work, content, limits), daemon=True)
    with ours:
        process.start()
        theirs.close()
        try:
            return _answer(ours, process, limits)
        finally:
            if process.is_alive():
                process.kill()
            process.join()
            process.close()


def _answer(ours: Connection, process: ForkServerProcess, limits: Limits) -> bytes:
    if not ours.poll(limits.wall_seconds):
        raise Died("wall")
    try:
        said = ours.recv_bytes(limits.answer_bytes)
    except EOFError:
        process.join()
        raise Died(_reason_of(process.exitcode)) from None
    except OSError:
        # The answer is longer than it may be.
        raise Died("memory") from None
    if said[:1] == _DONE:
        return said[1:]
    if said[:1] == _OUT_OF_MEMORY:
        raise Died("memory")
    logger.warning("core.sandboxed_work_raised", kind=said[1:81].decode("ascii", "replace"))
    raise Died("raised")


def _reason_of(exit_code: int | None) -> Reason:
    return "cpu" if exit_code in (-signal.SIGXCPU, -signal.SIGKILL) else "crash"


def _child(connection: Connection, work: str, content: bytes, limits: Limits) -> None:
    function = _function(work)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    _lower(resource.RLIMIT_AS, limits.memory_bytes)
    _lower(resource.RLIMIT_CPU, limits.cpu_seconds)
    _lower(resource.RLIMIT_CORE, 0)
    # Nothing that reads a file has a file to write.
    _lower(resource.RLIMIT_FSIZE, 0)
    try:
        answer = _DONE + function(content)
    except MemoryError:
        answer = _OUT_OF_MEMORY
    except Exception as error:  # noqa: BLE001 - parsers raise every kind; all mean that it failed.
        answer = _RAISED + type(error).__name__.encode("ascii", "replace")
    connection.send_bytes(answer)


def _function(work: str) -> Callable[[bytes], bytes]:
    module, _, name = work.partition(":")
    function: Callable[[bytes], bytes] = getattr(import_module(module), name)
    return function


def _lower(kind: int, wanted: int) -> None:
    _, most = resource.getrlimit(kind)
    bound = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    try:
        resource.setrlimit(kind, (bound, bound))
    except (ValueError, OSError):
        # macOS knows no limit of address space; the time limits hold there all the same.
        return
