"""Secrets of one machine's development, made once and kept beside its data.

There is no default password anywhere: whoever can read this file may sign in, nobody else.
"""

import os
import secrets
from pathlib import Path

ADMIN = "admin@intake.example"


def development_secrets(data: Path) -> dict[str, str]:
    """SECRET_KEY and the superuser of this data folder, from `secrets.env` (0600) or made anew."""
    path = data / "secrets.env"
    if path.exists():
        lines = path.read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "SUPERUSER_EMAIL": ADMIN,
        "SUPERUSER_PASSWORD": secrets.token_urlsafe(18),
    }
    write_private(path, made)
    return made


def write_private(path: Path, variables: dict[str, str]) -> None:
    """Write variables that only the owner may read, whole or not at all."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in variables.items())
    fresh.rename(path)
