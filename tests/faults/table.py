"""The table of faults: one line a fault, printed and kept in docs/faults.md."""

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.core import clock

PROPERTY = "fault"
MARK = "<!-- faults -->"
COLUMNS = {
    "fault": "fault",
    "mode": "mode",
    "rows": "rows",
    "faults": "times",
    "lost": "lost",
    "double": "double",
    "counter_minus_rows": "counter − rows",
    "calls": "calls",
    "repeated": "calls repeated",
    "seconds": "seconds",
}


def lines(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """The table in Markdown, in the order in which the faults are defined."""
    rows = [
        "| " + " | ".join(str(entry.get(name, "")) for name in COLUMNS) + " |"
        for entry in sorted(found, key=lambda entry: (entry["order"], entry["mode"]))
    ]
    head = "| " + " | ".join(COLUMNS.values()) + " |"
    return [head, "|" + " --- |" * len(COLUMNS), *rows]


def write(path: Path, table: Sequence[str]) -> None:
    """Put the table behind the mark of a document."""
    before, mark, _ = path.read_text(encoding="utf-8").partition(MARK)
    assert mark, f"{path} has no {MARK}"
    said = (
        f"Measured on {clock.now().date().isoformat()}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}, several scenarios at a time on one machine."
    )
    path.write_text("\n".join([f"{before}{MARK}", said, "", *table, ""]), encoding="utf-8")
