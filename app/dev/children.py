"""Child processes that die with their parent, and as root give up being root.

PostgreSQL refuses to run as root. A user namespace in which we are nobody satisfies it without a
new user on the machine and without changing the mode of any folder: on disk the files stay root's.
Where namespaces are forbidden, as in most containers, the child becomes the machine's own nobody
and keeps one right of root's, to pass folders, so that ours may lie under any path.
"""

import ctypes
import functools
import os
import pwd
import signal
import struct
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Final, Literal

Identity = Literal["own", "namespace", "nobody"]

NOBODY: Final = 65534
_CLONE_NEWUSER: Final = 0x10000000
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_KEEPCAPS: Final = 8
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_CAP_DAC_OVERRIDE: Final = 1
_CAPABILITY_VERSION_3: Final = 0x20080522
# Loaded before any fork: a child between fork and exec must not start loading libraries.
_LIBC = ctypes.CDLL(None, use_errno=True)
_IS_LINUX: Final = hasattr(_LIBC, "prctl")


def spawn(
    command: Sequence[str | Path],
    *,
    die_with: signal.Signals = signal.SIGTERM,
    as_nobody: bool = False,
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command`; the kernel sends it `die_with` when the thread that called this ends.

    `as_nobody` makes it someone else when we are root or nameless; see `nobody`. `keep` are file descriptors
    that it inherits. Standard input is closed, and the child leads a process group, so that a
    terminal's Ctrl-C reaches only us.
    """
    identity: Identity = nobody() if as_nobody else "own"
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=None if environment is None else dict(environment),
        preexec_fn=partial(  # noqa: PLW1509 - nothing but system calls runs between fork and exec.
            _prepare, die_with, identity, os.getpid()
        ),
        start_new_session=True,
        pass_fds=keep,
    )


@functools.cache
def nobody() -> Identity:
    """How a child of this process becomes someone whom PostgreSQL lets run it.

    Known ordinary users stay who they are. Root, and a number without a name, which containers like
    to run as, do not. Tried once, in a child, because containers forbid namespaces in several ways.
    """
    user = os.geteuid()
    if user != 0 and _has_name(user):
        return "own"
    probe = os.fork()
    if probe == 0:
        # Whatever happens here, this copy of the process must not live on.
        try:
            _enter_namespace()
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.waitpid(probe, 0)[1] == 0:
        return "namespace"
    return "nobody" if user == 0 else "own"


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _prepare(die_with: signal.Signals, identity: Identity, parent: int) -> None:
    if identity == "namespace":
        _enter_namespace()
    elif identity == "nobody":
        _become_nobody()
    if _IS_LINUX:
        # After the change of identity, which would clear it.
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(die_with), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def _enter_namespace() -> None:
    """Enter a user namespace in which we, and nobody else, are nobody.

    Raises:
        OSError: this machine forbids it.
    """
    user, group = os.geteuid(), os.getegid()
    if not _IS_LINUX or _LIBC.unshare(_CLONE_NEWUSER) != 0:
        raise PermissionError("user namespaces are forbidden here")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{NOBODY} {user} 1")
    _write("/proc/self/gid_map", f"{NOBODY} {group} 1")


def _become_nobody() -> None:
    if _IS_LINUX:
        _LIBC.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    if _IS_LINUX:
        header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
        # Effective, permitted and inheritable, in two words each.
        rights = struct.pack("6I", *[1 << _CAP_DAC_OVERRIDE] * 3, 0, 0, 0)
        _LIBC.capset(header, rights)
        _LIBC.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


def _write(path: str, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, content.encode())
    finally:
        os.close(descriptor)


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
