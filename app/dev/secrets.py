"""Secrets of one machine's development, made once and kept beside its data.

There is no default password anywhere: whoever can read this file may sign in, nobody else.
"""

import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

ADMIN: Final = "admin@intake.example"


def development_secrets(data: Path) -> dict[str, str]:
    """SECRET_KEY and the superuser of this data folder, from `secrets.env` (0600) or made anew."""
    path = data / "secrets.env"
    kept = read_variables(path)
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "SUPERUSER_EMAIL": ADMIN,
        "SUPERUSER_PASSWORD": secrets.token_urlsafe(18),
        **kept,
    }
    if made != kept:
        write_private(path, made)
    return made


def read_variables(path: Path) -> dict[str, str]:
    """The variables of a file in the form of `.env`; none when it is not there, no empty ones."""
    return {name: value for name, value in dotenv_values(path).items() if value}


def write_private(path: Path, variables: Mapping[str, str]) -> None:
    """Write variables that only the owner may read, whole or not at all; a shell can source it."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    fresh.rename(path)
