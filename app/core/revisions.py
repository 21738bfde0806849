"""Which migrations this code brings, told from their files alone.

Every process says with its health whether the schema is behind. Alembic would load itself, four
other databases' dialects and all migrations for that: .2 seconds and 9 MB in each of them.
"""

import re
from pathlib import Path
from typing import Final

SCRIPTS: Final = Path(__file__).resolve().parents[2] / "migrations"
_NAMED: Final = re.compile(
    r'^(revision|down_revision)(?:: .+)? = (?:"([^"]+)"|None)$', re.MULTILINE
)


def head_on_disk() -> str:
    """The newest revision that this code brings."""
    return next(iter(revisions_on_disk()), "")


def revisions_on_disk() -> tuple[str, ...]:
    """Every revision that this code brings, newest first.

    Raises:
        ValueError: the files are no single chain.
    """
    newer: dict[str, str] = {}
    files = sorted((SCRIPTS / "versions").glob("*.py"))
    for file in files:
        named = dict(_NAMED.findall(file.read_text("utf-8")))
        newer[named.get("down_revision", "")] = named["revision"]
    chain: list[str] = []
    while (following := newer.get(chain[-1] if chain else "")) is not None:
        chain.append(following)
    if len(chain) != len(files):
        raise ValueError("the migrations are no single chain")
    return tuple(reversed(chain))
