"""Load with faults: `.venv/bin/python -m scripts.bench.load [--minutes 2] [--write]`.

Measures how many requests a second the API answers, then sends 70 % of that for a while, whatever
happens: a worker is killed, Redis stands still, the payer is down, the API is restarted. Leaves with
1 when anything is answered by an undeclared 5xx or not at all, when a file that was taken is lost,
or when memory grows.
"""

import argparse
import asyncio
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from app.core import clock
from app.dev.children import spawn, stop
from scripts.bench.house import House, open_organization, running_house
from scripts.bench.processor import Meter, family
from scripts.bench.traffic import BOOK, TIN, Report, Traffic

SHARE = 0.7
CAPACITY_SECONDS = 8.0
FAULT_SECONDS = 6.0
"""How long Redis stands still and the payer is down."""
MOST_GROWTH = 1.15
MOST_P99_MS = 2_000.0
PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- load.py -->", "<!-- end of load.py -->"


@dataclass
class Api:
    """The API over a socket that stays open while its process changes."""

    house: House
    folder: Path
    listening: socket.socket = field(default_factory=socket.socket)

    def __enter__(self) -> "Api":
        """Listen, and start the first process."""
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen(1024)
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self._started = 0
        self.process = self._start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        stop(self.process, by=signal.SIGTERM, seconds=15)
        self.listening.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        self._started += 1
        log = self.folder / f"served-{self._started}.log"
        number = str(self.listening.fileno())
        with log.open("wb") as output:
            process = spawn(
                [sys.executable, "-m", "app.cli", "serve", "--socket", number],
                environment=self.house.environment,
                output=output,
                keep=[self.listening.fileno()],
            )
        # Whoever asks the socket may be answered by the former process.
        deadline = time.monotonic() + 120
        while b"startup complete" not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(log.read_text()[-3000:])
            time.sleep(0.05)
        return process

    async def restart(self) -> None:
        """A new process takes callers from the same socket before the old one is told to end."""
        former = self.process
        self.process = await asyncio.to_thread(self._start)
        await asyncio.to_thread(stop, former, by=signal.SIGTERM, seconds=15)


async def kill_a_worker(house: House, _: Api) -> None:
    """kill -9 of a worker's child with what it has in hand."""
    children = family(house.processes["worker"].pid)[1:]
    if children:
        os.kill(children[-1], signal.SIGKILL)


async def freeze_redis(house: House, _: Api) -> None:
    """Redis answers nobody for some seconds."""
    os.kill(house.servers["valkey"], signal.SIGSTOP)
    await asyncio.sleep(FAULT_SECONDS)
    os.kill(house.servers["valkey"], signal.SIGCONT)


async def payer_down(house: House, _: Api) -> None:
    """The payer fails every call for some seconds."""
    await asyncio.to_thread(house.payer, "faults", {"share_500": 1.0})
    await asyncio.sleep(FAULT_SECONDS)
    await asyncio.to_thread(house.payer, "faults", {})


async def restart_api(_: House, api: Api) -> None:
    """The API's process is replaced."""
    await api.restart()


FAULTS: tuple[Callable[[House, Api], Awaitable[None]], ...] = (
    kill_a_worker,
    freeze_redis,
    payer_down,
    restart_api,
)


def megabytes(pid: int) -> float:
    """Resident memory of a program's largest process."""
    sizes = []
    for one in family(pid):
        try:
            pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
        except OSError:
            continue
        sizes.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    return max(sizes, default=0.0)


@dataclass
class Found:
    """What a run has shown."""

    capacity: float
    rate: float
    report: Report
    lost: list[str]
    memory: dict[str, float]
    """Megabytes at the end."""

    growth: dict[str, float]
    cost: dict[str, float]
    """Microseconds of processor time a request, while capacity was measured."""


async def stretch(traffic: Traffic, house: House, api: Api, seconds: float) -> Found:
    """The whole run: capacity, warm-up, load with faults at even distances, and what is left of it."""
    meter = Meter({"API": api.process.pid, "PostgreSQL": house.servers["postgres"]})
    capacity = await traffic.capacity(CAPACITY_SECONDS)
    answered = capacity * CAPACITY_SECONDS
    cost = {name: spent * 1e6 / answered for name, spent in meter.seconds().items()}
    rate = SHARE * capacity
    warm, report = Report(), Report()
    await traffic.run(rate, seconds / 10, warm)
    worker = house.processes["worker"].pid
    before = {"worker": megabytes(worker), "API": megabytes(api.process.pid)}
    load = asyncio.create_task(traffic.run(rate, seconds, report))
    gap = seconds / (len(FAULTS) + 1)
    after = {}
    for fault in FAULTS:
        await asyncio.sleep(max(0.0, gap - FAULT_SECONDS))
        # The last fault replaces the API: what its first process has grown by is known then.
        after["API"] = megabytes(api.process.pid)
        await fault(house, api)
    await load
    after["worker"] = megabytes(worker)
    report.jobs += warm.jobs
    report.resumes += warm.resumes
    growth = {name: after[name] / before[name] for name in before}
    return Found(capacity, rate, report, await traffic.lost(report, 120), after, growth, cost)


async def drive(house: House, api: Api, token: str, seconds: float) -> Found:
    """The stretch, with clients that end with it."""
    traffic = Traffic(api.url, token)
    try:
        return await stretch(traffic, house, api, seconds)
    finally:
        await traffic.close()


def measure(minutes: float) -> Found:
    """A house of its own with data in it, and the stretch in there."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        house = stack.enter_context(running_house(folder, {TIN: BOOK}))
        client = stack.enter_context(closing(open_organization(house, "load", [TIN])))
        for number in range(200):
            post = {"title": f"Data engineer {number}", "description": "Python and SQL."}
            client.post("/jobs", json={**post, "status": "active"}).raise_for_status()
        api = stack.enter_context(Api(house, folder))
        token = client.headers["Authorization"]
        return asyncio.run(drive(house, api, token, minutes * 60))


def lines_of(found: Found, minutes: float) -> list[str]:
    """What was found, for the page."""
    report = found.report
    waits = sorted(report.milliseconds)
    said = ", ".join(f"{count} × {status}" for status, count in sorted(report.statuses.items()))
    grown = ", ".join(
        f"{name} {found.memory[name]:.0f} MB (× {times:.2f})"
        for name, times in found.growth.items()
    )
    return [
        f"Measured on {clock.now().date().isoformat()}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}, {minutes:g} minutes, everything on one machine.",
        "",
        "| what | found |",
        "| --- | --- |",
        f"| capacity, one API process, mixed requests | {found.capacity:.0f} a second |",
        "| processor time a request | "
        + ", ".join(f"{name} {spent:.0f} µs" for name, spent in found.cost.items())
        + " |",
        f"| sent | {found.rate:.0f} a second, {len(waits)} in all |",
        f"| answers | {said} |",
        f"| undeclared 5xx and broken connections | {len(report.undeclared)} |",
        f"| median, p99, longest | {waits[len(waits) // 2]:.0f}, {report.p99:.0f}, {waits[-1]:.0f} ms |",
        f"| claim files and résumés taken, lost | {len(report.jobs) + len(report.resumes)},"
        f" {len(found.lost)} |",
        f"| memory at the end (× its beginning) | {grown} |",
    ]


def main() -> int:
    """Run, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found = measure(options.minutes)
    lines = lines_of(found, options.minutes)
    sys.stdout.write("\n".join([*lines, ""]))
    report = found.report
    sys.stderr.write("\n".join([*report.undeclared[:20], *found.lost, ""]))
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        PAGE.write_text("\n".join([f"{before}{BEGIN}", *lines, END]) + rest.partition(END)[2])
    is_well = not report.undeclared and not found.lost and report.p99 <= MOST_P99_MS
    return 0 if is_well and max(found.growth.values()) <= MOST_GROWTH else 1


if __name__ == "__main__":
    raise SystemExit(main())
