"""Settings of a running ./scripts/dev, for commands that look at what it has made."""

import os
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

STAGE_FILE: Final = "dev.env"
"""Where ./scripts/dev leaves them, in its data folder."""


def borrow(stage_file: Path) -> set[str]:
    """Put its variables into the environment, unless a database is named elsewhere; gives their names.

    `stage_file` need not exist. What stands in the environment already goes before it.
    """
    if os.environ.get("DATABASE_URL") or dotenv_values(".env").get("DATABASE_URL"):
        return set()
    lent = {name: value for name, value in dotenv_values(stage_file).items() if value}
    borrowed = {name for name in lent if not os.environ.get(name)}
    os.environ.update({name: lent[name] for name in borrowed})
    return borrowed
