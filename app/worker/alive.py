"""Is the worker or the beat of this machine alive? `intake-alive worker`, exit 0 or 1.

A supervisor asks every few seconds, so nothing is imported that is not needed: no code of the rooms,
and of the standard library hardly any. Each process touches a file of its own, named by its number.
"""

import os
import sys
import time

FRESH_SECONDS = 45.0
ROLES = ("worker", "beat")


def folder() -> str:
    """Where heartbeats lie: below TMPDIR, one folder a user."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    return os.path.join(os.environ.get("TMPDIR") or "/tmp", f"intake-{user}")  # noqa: PTH118, S108 # nosec B108 - pathlib takes longer to load than all else here.


def age(role: str, pid: int | None = None) -> float | None:
    """Seconds since the newest heartbeat of the role, or of one process; None without any."""
    newest = None
    try:
        with os.scandir(folder()) as entries:
            for entry in entries:
                kind, _, number = entry.name.partition("-")
                if kind == role and (pid is None or number == str(pid)):
                    newest = max(newest or 0.0, entry.stat().st_mtime)
    except OSError:
        # There is no folder, or a process has just taken its file away.
        return None
    return None if newest is None else max(0.0, time.time() - newest)


def main(arguments: list[str] | None = None) -> int:
    """`intake-alive worker|beat [PID]`: 0 alive, 1 not, 2 asked wrongly; one line says why."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] not in ROLES or not all(each.isdigit() for each in given[1:2]):
        sys.stderr.write(f"usage: intake-alive {'|'.join(ROLES)} [PID]\n")
        return 2
    found = age(given[0], int(given[1]) if len(given) > 1 else None)
    if found is None:
        sys.stderr.write(f"no {given[0]} has left a heartbeat in {folder()}\n")
        return 1
    sys.stdout.write(f"{given[0]}: last heartbeat {found:.0f} s ago\n")
    return 0 if found <= FRESH_SECONDS else 1


if __name__ == "__main__":
    raise SystemExit(main())
