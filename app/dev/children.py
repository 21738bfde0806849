"""Child processes that die with their parent, and as root give up being root.

PostgreSQL refuses to run as root. A user namespace in which we are nobody satisfies it without a
new user on the machine and without changing the mode of any folder: on disk the files stay root's.
"""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_NOBODY = 65534
# Loaded before any fork: a child between fork and exec must not start loading libraries.
_LIBC = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None


def spawn(
    command: Sequence[str | Path],
    *,
    die_with: signal.Signals = signal.SIGTERM,
    as_nobody: bool = False,
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command`; the kernel sends it `die_with` when the thread that called this ends.

    `as_nobody` runs it in a user namespace of its own when we are root. Standard input is closed,
    and the child leads a process group, so that a terminal's Ctrl-C reaches only us.
    """
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=None if environment is None else dict(environment),
        preexec_fn=partial(  # noqa: PLW1509 - nothing but system calls runs between fork and exec.
            _prepare, die_with, as_nobody and os.geteuid() == 0, os.getpid()
        ),
        start_new_session=True,
    )


def _prepare(die_with: signal.Signals, as_nobody: bool, parent: int) -> None:
    if as_nobody:
        _become_nobody()
    if _LIBC is not None and hasattr(_LIBC, "prctl"):
        # After the change of identity, which would clear it.
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(die_with), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def _become_nobody() -> None:
    if _LIBC is not None and _LIBC.unshare(_CLONE_NEWUSER) == 0:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{_NOBODY} 0 1")
        _write("/proc/self/gid_map", f"{_NOBODY} 0 1")
        return
    # Without namespaces we become the machine's nobody, who must have been given the folder.
    os.setgroups([])
    os.setgid(_NOBODY)
    os.setuid(_NOBODY)


def _write(path: str, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, content.encode())
    finally:
        os.close(descriptor)


def namespaces_work() -> bool:
    """Whether a child of ours may make a user namespace; only asked as root."""
    probe = spawn(["true"], as_nobody=True)
    return probe.wait(timeout=5) == 0


def stop(
    process: subprocess.Popen[bytes], *, by: signal.Signals = signal.SIGTERM, seconds: float = 10
) -> None:
    """End `process` politely, and by force when it has not ended in `seconds`."""
    if process.poll() is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(by)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait(timeout=5)
