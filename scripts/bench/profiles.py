"""Profiles of programs that are at work, by py-spy from the environment of the peers."""

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from scripts.bench.kept import Figures
from scripts.bench.peers_environment import peers_python

TOP: Final = 12
_RATE: Final = 200
# All of the work goes through these; they tell nothing.
_AROUND: Final = re.compile(r"\(app/(cli|serving|core/serving)\.py|__call__ \(|^<module>")
# A program that waits for work is not at work; py-spy leaves most of that out by itself.
_WAITING: Final = ("select (selectors", "poll (selectors", "accept (")


def profiled(pid: int, work: Callable[[], object], *, seconds: float) -> Figures | None:
    """What a program and its children run in Python while `work` keeps it busy for at least so many seconds.

    None where the machine does not allow one program to look into another, and says so.
    """
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "stacks"
        command = [
            *(str(peers_python().parent / "py-spy"), "record", "--subprocesses", "--gil"),
            *("--pid", str(pid), "--duration", str(max(1, int(seconds))), "--rate", str(_RATE)),
            *("--format", "raw", "--output", str(raw)),
        ]
        spy = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            work()
            _, said = spy.communicate(timeout=seconds + 60)
        finally:
            spy.kill()
        if spy.returncode or not raw.exists():
            print(f"No profile: {said.strip()[-300:]}")
            return None
        return summary(raw.read_text(encoding="utf-8").splitlines())


def summary(stacks: Iterable[str]) -> Figures:
    """The functions that most samples end in, and those of this project that most go through."""
    own, whole, total = Counter[str](), Counter[str](), 0
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        # With `--subprocesses` a stack begins with the name of its process.
        frames = [_named(one) for one in stack.split(";") if not one.startswith("process ")]
        if not frames or any(frames[-1].startswith(waiting) for waiting in _WAITING):
            continue
        total += int(count)
        own[frames[-1]] += int(count)
        for frame in {one for one in frames if "(app/" in one and not _AROUND.search(one)}:
            whole[frame] += int(count)
    each = max(total, 1)
    return {
        "by": "py-spy",
        "samples": total,
        "own": [[name, count / each] for name, count in own.most_common(TOP)],
        "whole": [[name, count / each] for name, count in whole.most_common(TOP)],
    }


def _named(frame: str) -> str:
    """A frame without its line, and with as much of the path as tells whose it is."""
    function, _, place = frame.partition(" (")
    path = place.rstrip(")").rpartition(":")[0] or place.rstrip(")")
    return f"{function} ({path.rpartition('site-packages/')[2]})" if path else function
