"""Résumés a second by a worker of one and of two processes, and how long one of them takes.

    .venv/bin/python -m scripts.bench.workers [--resumes N] [--rounds N]

Everything is real: PostgreSQL, Valkey, API, Celery workers, a child process for each file. The papers
are uploaded before the worker starts; it is timed from the first third to the last twentieth of them,
when its processes have loaded what they need. Then PDFs of two pages are handed in one after another, each
timed from the first byte of its upload to its skills. It wants a quiet machine of two free cores.
"""

import argparse
import asyncio
import os
import secrets
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from signal import SIGTERM
from typing import Final

import asyncpg
import httpx

from app.core import clock
from app.core.migrations import migrate
from app.dev.children import spawn, stop
from app.dev.postgres import PostgresServer
from app.dev.valkey import ValkeyServer
from scripts.bench.extraction import corpus
from scripts.bench.house import free_port, wait_for
from scripts.bench.processor import family
from scripts.bench.two_columns import two_columns

_FROM: Final = 1 / 3
_UNTIL: Final = 0.95
_LONGEST: Final = 600.0
_DONE: Final = (
    "SELECT count(*) FROM resumes WHERE status IN ('skills_extracted', 'extraction_failed')"
)


@dataclass(frozen=True, slots=True)
class Pace:
    """What one worker did."""

    a_second: float
    megabytes: float
    milliseconds: list[float]
    """From upload to skills, one résumé at a time."""


def main() -> int:
    """Run each worker in its own house, in turns, and say the best of each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--resumes", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    best: dict[int, Pace] = {}
    for _ in range(chosen.rounds):
        for processes in (1, 2):
            pace = _measured(processes, chosen.resumes)
            known = best.get(processes)
            best[processes] = pace if known is None or pace.a_second > known.a_second else known
    print("| processes | résumés a second | largest process |\n| --- | --- | --- |")
    for processes, pace in best.items():
        print(f"| {processes} | {pace.a_second:.1f} | {pace.megabytes:.0f} MB |")
    print(f"\nTwo do {best[2].a_second / best[1].a_second:.2f} times as many as one.")
    spread = statistics.quantiles(best[2].milliseconds, n=20)
    print(f"From upload to skills, two pages: median {spread[9]:.0f} ms, p95 {spread[18]:.0f} ms.")
    return 0


def _measured(processes: int, count: int) -> Pace:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="intake-workers-")))
        postgres = stack.enter_context(PostgresServer(folder / "pg"))
        valkey = stack.enter_context(ValkeyServer(folder / "vk"))
        asyncio.run(migrate(postgres.url))
        port = free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "RATE_LIMITS": "off",
            "ENVIRONMENT": "development",
            "PORT": str(port),
            "UPLOAD_DIR": str(folder / "uploads"),
        }
        _started(stack, folder, "api", ["serve"], environment)
        wait_for(f"http://127.0.0.1:{port}/readyz")
        client = stack.enter_context(closing(_signed_in(f"http://127.0.0.1:{port}/api/v1")))
        for seed in range(count):
            _hand_in(client, two_columns(seed)[0])
        words = ["worker", "--concurrency", str(processes)]
        worker = _started(stack, folder, "worker", words, environment)
        a_second = asyncio.run(_watch(postgres.url, count))
        return Pace(a_second, _largest(worker), [_waited(client, each) for each in corpus(80)[::2]])


def _started(
    stack: ExitStack, folder: Path, name: str, words: list[str], environment: dict[str, str]
) -> int:
    log = stack.enter_context((folder / f"{name}.log").open("wb"))
    command = [sys.executable, "-m", "app.cli", *words]
    process = spawn(command, environment=environment, output=log)
    stack.callback(stop, process, by=SIGTERM, seconds=15)
    return process.pid


def _signed_in(url: str) -> httpx.Client:
    client = httpx.Client(base_url=url, timeout=60)
    account = {
        "email": "workers@bench.example.com",
        "password": secrets.token_urlsafe(18),
        "full_name": "Bench",
    }
    answer = client.post("/users/", json=account)
    answer.raise_for_status()
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def _hand_in(client: httpx.Client, content: bytes) -> str:
    answer = client.post("/resumes/", files={"file": ("cv.pdf", content, "application/pdf")})
    return str(answer.raise_for_status().json()["id"])


def _waited(client: httpx.Client, content: bytes) -> float:
    """Milliseconds from the upload to the moment at which the skills were there."""
    began = clock.now()
    place = f"/resumes/{_hand_in(client, content)}"
    deadline = time.monotonic() + _LONGEST
    while time.monotonic() < deadline:
        last = client.get(place).raise_for_status().json()["status_history"][-1]
        if last["status"] == "skills_extracted":
            return (datetime.fromisoformat(last["at"]) - began).total_seconds() * 1_000
        time.sleep(0.05)
    sys.exit(f"a résumé was not read in {_LONGEST:.0f} s")


async def _watch(url: str, count: int) -> float:
    """Papers a second between the first third and the last twentieth of them."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        begun, already = 0.0, 0
        deadline = time.monotonic() + _LONGEST
        while time.monotonic() < deadline:
            done = int(await connection.fetchval(_DONE))
            if not begun and done >= _FROM * count:
                begun, already = time.monotonic(), done
            if begun and done >= _UNTIL * count:
                return (done - already) / (time.monotonic() - begun)
            await asyncio.sleep(0.02)
    finally:
        await connection.close()
    sys.exit(f"{count} résumés were not read in {_LONGEST:.0f} s")


def _largest(pid: int) -> float:
    """Peak resident memory of the worker's largest process, children that read files among them."""
    peaks = []
    for each in family(pid):
        lines = Path(f"/proc/{each}/status").read_text().splitlines()
        peaks += [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")]
    return max(peaks)


if __name__ == "__main__":
    sys.exit(main())
