"""What benchmarks have found, in docs/benchmarks.json: tables and plots are made from there.

Each part is kept by itself, so that running one of them again leaves the others as they were.
"""

import json
import os
import platform
import time
from typing import Any, Final

from app.core import clock
from scripts.bench.peers_environment import PROJECT

FILE: Final = PROJECT / "docs" / "benchmarks.json"
Figures = dict[str, Any]


def stamp(load: float, *, is_short: bool) -> Figures:
    """Where and when a part was measured; `load` is the machine's before it began."""
    return {
        "at": clock.now().isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": round(load, 1),
        "short": is_short,
    }


def read() -> dict[str, Figures]:
    """All parts by name."""
    if not FILE.exists():
        return {}
    found: dict[str, Figures] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def keep(part: str, figures: Figures, *, load: float, is_short: bool) -> None:
    """Put one part's figures in the place of its former ones."""
    parts = read() | {part: {"measured": stamp(load, is_short=is_short), **figures}}
    text = json.dumps(dict(sorted(parts.items())), indent=1, ensure_ascii=False)
    beside = FILE.with_suffix(".part")
    beside.write_text(f"{text}\n", encoding="utf-8")
    beside.replace(FILE)


def said(figures: Figures) -> str:
    """A line that says where and when."""
    at = figures["measured"]
    short = ", the short form" if at["short"] else ""
    return (
        f"Measured on {at['at'][:10]}, {at['cores']} cores, Python {at['python']}, load before it"
        f" {at['load']:.0f}, everything on one machine{short}."
    )


def load() -> float:
    """How many programs wanted a processor in the last minute."""
    return os.getloadavg()[0]


def is_fresh(figures: Figures | None, hours: float = 12) -> bool:
    """Whether a part was measured whole and not long ago."""
    if figures is None or figures["measured"]["short"]:
        return False
    age = clock.now() - clock.now().fromisoformat(figures["measured"]["at"])
    return age.total_seconds() < hours * 3600


def pause() -> None:
    """Let what has just ended go before the next thing is measured."""
    time.sleep(1.0)
