"""Processor time of programs with all their children: what a busy machine changes least."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all that it has started, as far as they live."""
    found = [pid]
    for one in found:
        try:
            threads = list(Path(f"/proc/{one}/task").iterdir())
            lists = [(thread / "children").read_text() for thread in threads]
        except OSError:
            continue
        found += [int(child) for text in lists for child in text.split()]
    return found


def spent(pids: Iterable[int]) -> float:
    """Seconds, in the programs and in the system for them, children that have ended included."""
    return sum(_spent(pid) for pid in pids)


def _spent(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS


class Meter:
    """What each of some programs spends from now on."""

    def __init__(self, programs: Mapping[str, int]) -> None:
        self._programs = programs
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        return {name: spent(family(pid)) for name, pid in self._programs.items()}

    def seconds(self) -> dict[str, float]:
        """Since the meter was made."""
        return {name: now - self._before[name] for name, now in self._now().items()}
