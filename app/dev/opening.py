"""What whoever opens a fresh `intake dev` finds: a demonstration, and a link that lets them in."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from signal import SIGKILL
from typing import Final

from pydantic import SecretStr

from app.accounts import welcome
from app.core.db import Database, Scope
from app.core.settings import DatabaseSettings
from app.dev.children import spawn
from app.dev.demo.cast import ADMIN, APPLICANTS, FIRMS
from app.dev.demo.empty import is_empty
from app.dev.surroundings import Ending, Surroundings

WHAT: Final = f"{len(FIRMS)} organizations, {len(APPLICANTS)} résumés, claim files"
LOG: Final = "demo.log"
_SECONDS: Final = 60.0
_LAST_LETTERS_SECONDS: Final = 10.0


class Demonstration:
    """The demonstration being made by a process of its own, while the programs start."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", variables: Mapping[str, str], log: Path
    ) -> None:
        self._process, self._variables, self._log = process, variables, log
        self._ended_at = time.monotonic()

    @classmethod
    def begin(
        cls, around: Surroundings, data: Path, *, wanted: bool | None
    ) -> "Demonstration | None":
        """Begin it where there is nobody yet; None where it is not wanted.

        By itself it is wanted in a database that was made here: whoever names one of their own has
        to ask for it.
        """
        is_wanted = "DATABASE_URL" in around.made if wanted is None else wanted
        is_development = around.variables["ENVIRONMENT"] == "development"
        if not is_wanted or not is_development or not asyncio.run(_is_empty(around.variables)):
            return None
        # A real payer is never asked about people whom we have invented.
        claims = ["--claims"] if around.payer else []
        command = [sys.executable, "-m", "app.cli", "demo", *claims]
        log = data / LOG
        with log.open("wb") as output:
            process = spawn(command, die_with=SIGKILL, environment=around.variables, output=output)
        return cls(process, around.variables, log)

    def is_at_work(self) -> bool:
        """Whether it is being made, or its last letters are still being written."""
        if self._process.poll() is None:
            self._ended_at = time.monotonic()
        return time.monotonic() - self._ended_at < _LAST_LETTERS_SECONDS

    def wait_for_people(self, ending: Ending) -> str:
        """Wait until its people are there; what they do comes by and by. How it went, in words."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline and not ending.is_asked():
            code = self._process.poll()
            if code is not None:
                return WHAT if code == 0 else f"not made; why: {self._log}"
            if not asyncio.run(_is_empty(self._variables)):
                return f"{WHAT}: being made"
            ending.wait(0.2)
        return "not made in a minute"


def link(url: str, variables: Mapping[str, str]) -> str | None:
    """A fresh link that opens the console once; None where nobody may be let in so."""
    if variables["ENVIRONMENT"] != "development":
        return None
    token = asyncio.run(_token(variables))
    return token and f"{url}/console/welcome#{token}"


async def _token(variables: Mapping[str, str]) -> str | None:
    database = _open(variables)
    try:
        async with database.write(Scope.system()) as session:
            for email in (ADMIN, variables["SUPERUSER_EMAIL"]):
                token = await welcome.make(session, variables["ENVIRONMENT"], email=email)
                if token:
                    return token
    finally:
        await database.close()
    return None


async def _is_empty(variables: Mapping[str, str]) -> bool:
    database = _open(variables)
    try:
        async with database.read(Scope.system()) as session:
            return await is_empty(session)
    finally:
        await database.close()


def _open(variables: Mapping[str, str]) -> Database:
    return Database(DatabaseSettings(url=SecretStr(variables["DATABASE_URL"]), pool_size=1))
