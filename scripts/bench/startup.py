"""How long the programs take to start, and what memory they hold when nothing is asked of them.

    .venv/bin/python -m scripts.bench.startup             half a minute
    .venv/bin/python -m scripts.bench.startup --write     keeps the figures in docs/

Memory is the share of each process (PSS: what several hold together is divided among them) and what it
holds in all (RSS). A worker is ready when its children are there.
"""

import argparse
import asyncio
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from signal import SIGTERM
from typing import Final

from app.core.migrations import migrate
from app.dev.children import spawn, stop
from app.dev.postgres import PostgresServer
from app.dev.valkey import ValkeyServer
from scripts.bench import kept
from scripts.bench.house import free_port
from scripts.bench.kept import Figures
from scripts.bench.page import finish
from scripts.bench.processor import family

IDLE_SECONDS: Final = 3.0
CHILDREN: Final = 2
_READY: Final = b"worker.started"
Ready = Callable[[int, Path], bool]
"""By the program's number and its log."""


def megabytes(pid: int) -> dict[str, float]:
    """What one process holds: its share of it (PSS), and all of it (RSS)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes = {line.split(":")[0]: line.split()[1] for line in text.splitlines()[1:]}
    return {"pss": int(sizes["Pss"]) / 1024, "rss": int(sizes["Rss"]) / 1024}


def import_seconds(module: str) -> float:
    """Processor time of a fresh Python that imports the module and ends, without that of an empty one.

    As programs of ours load it: without looking for garbage meanwhile.
    """
    taken = []
    for code in ("pass", f"import gc; gc.disable(); import {module}"):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return taken[1] - taken[0]


def start(command: list[str], environment: dict[str, str], log: Path, is_ready: Ready) -> Figures:
    """Start a program, wait until it is ready, let it rest, weigh it, and end it."""
    began = time.monotonic()
    with log.open("wb") as output:
        process = spawn(
            [sys.executable, "-m", "app.cli", *command], environment=environment, output=output
        )
    try:
        while not is_ready(process.pid, log):
            if process.poll() is not None or time.monotonic() - began > 60:
                sys.exit(log.read_text()[-3000:])
            time.sleep(0.01)
        seconds = time.monotonic() - began
        time.sleep(IDLE_SECONDS)
        sizes = [megabytes(pid) for pid in family(process.pid)]
        return {
            "seconds": seconds,
            "processes": len(sizes),
            "pss": sum(one["pss"] for one in sizes),
            "largest_rss": max(one["rss"] for one in sizes),
            "child_pss": max((one["pss"] for one in sizes[1:]), default=0.0),
        }
    finally:
        stop(process, by=SIGTERM, seconds=15)


def answers(url: str) -> Ready:
    """Whether the address is answered with 200."""

    def is_ready(_pid: int, _log: Path) -> bool:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - an address of this machine.
                return True
        except OSError:
            return False

    return is_ready


def has_children(pid: int, log: Path) -> bool:
    """Whether the worker has said that it began, and both children are there."""
    return _READY in log.read_bytes() and len(family(pid)) > CHILDREN


def measure(rounds: int) -> Figures:
    """All programs so many times, in turns."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        database = stack.enter_context(PostgresServer(folder / "pg")).url
        redis = stack.enter_context(ValkeyServer(folder / "vk")).url
        asyncio.run(migrate(database))
        port = free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "ENVIRONMENT": "production",
            "STORAGE_TYPE": "local",
            "LOCAL_STORAGE_DIR": str(folder / "files"),
            "PORT": str(port),
        }
        programs: dict[str, tuple[list[str], Ready]] = {
            "API": (["serve"], answers(f"http://127.0.0.1:{port}/readyz")),
            "worker": (["worker", "--concurrency", str(CHILDREN)], has_children),
        }
        found: Figures = {"import": []}
        for _ in range(rounds):
            found["import"].append(import_seconds("app.main"))
            for program, (command, is_ready) in programs.items():
                told = start(command, environment, folder / "log", is_ready)
                found.setdefault(program, []).append(told)
        return found


def main() -> None:
    """Measure, print, and keep where that is asked for."""
    asking = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asking.add_argument("--rounds", type=int, default=5)
    asking.add_argument("--short", action="store_true", help="one round")
    asking.add_argument("--write", action="store_true", help="keep them in docs/")
    asked = asking.parse_args()
    before = kept.load()
    figures = measure(1 if asked.short else asked.rounds)
    finish("startup", figures, load=before, is_short=asked.short, is_kept=asked.write)


if __name__ == "__main__":
    main()
