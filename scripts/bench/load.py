"""Load with faults: `.venv/bin/python -m scripts.bench.load [--minutes 2] [--short] [--write]`.

Finds by a short ramp, with files in work, how many requests a second the API answers, then sends 70 % of
that for a while (less while the machine is slower than it was), whatever happens: the API's process is
replaced, a worker is killed, Redis is killed, the payer is down, the store is away, Redis stands still.
Leaves with 1 when anything is answered by an undeclared 5xx or not at all, when a file that was taken is
lost, when a minute's p99 is out of bounds, or when memory grows; with `--short`, which is for CI, only
for what is broken or lost: so short a time says nothing about the rest.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from scripts.bench import kept
from scripts.bench.house import House, open_organization, running_house
from scripts.bench.kept import Figures
from scripts.bench.load_faults import FAULT_SECONDS, FAULTS, Api
from scripts.bench.load_report import judge
from scripts.bench.pace import Pace
from scripts.bench.page import finish
from scripts.bench.processor import Meter, family
from scripts.bench.traffic import BOOK, TIN, Report, Traffic

SHARE = 0.7
RAMP = (2, 4, 8, 16, 32, 64)
"""Clients at once, of whom each asks as soon as it is answered."""
BUSY = 4
"""From so many clients on the API's process never waits for them."""
RAMP_SECONDS = 10.0
SHORT_MINUTES, SHORT_RAMP_SECONDS = 0.6, 1.5
FAULT_EVERY_SECONDS = 75.0
SAMPLES = 120


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


async def watch(
    house: House, api: Api, pace: Pace, seconds: float, began: float
) -> list[list[float]]:
    """Seconds since the beginning, megabytes of API and worker, and the pace, so many times."""
    samples = []
    while (at := time.monotonic() - began) < seconds:
        worker = megabytes(house.processes["worker"].pid)
        sizes = [round(megabytes(api.process.pid), 1), round(worker, 1)]
        samples.append([round(at, 1), *sizes, round(pace.share(), 2)])
        await asyncio.sleep(max(0.5, seconds / SAMPLES))
    return samples


async def break_things(house: House, api: Api, seconds: float, began: float) -> list[list[object]]:
    """All faults in turn at even distances, as often as there is time for; what happened when."""
    rounds = max(1, int(seconds / FAULT_EVERY_SECONDS / len(FAULTS)))
    plan = [*FAULTS.items()] + [one for one in FAULTS.items() if one[1] is not first()] * (
        rounds - 1
    )
    gap = seconds / (len(plan) + 1)
    done: list[list[object]] = []
    for place, (name, fault) in enumerate(plan, start=1):
        await asyncio.sleep(max(0.0, began + place * gap - FAULT_SECONDS / 2 - time.monotonic()))
        done.append([round(time.monotonic() - began), name])
        await fault(house, api)
    return done


def first() -> Callable[..., object]:
    """The replacement of the API, which is done once: memory is watched from there on."""
    return next(iter(FAULTS.values()))


async def ramp(traffic: Traffic, report: Report, step: float) -> list[list[float]]:
    """Clients at once and requests a second, while the workers have as much to do as later on."""
    files = asyncio.ensure_future(traffic.files(step * (len(RAMP) + 1), report))
    # What comes before the first step brings the workers what they are busy with in it.
    await asyncio.sleep(step)
    found = [[float(clients), await traffic.capacity(step, clients)] for clients in RAMP]
    await files
    return found


def programs(house: House, api: Api) -> dict[str, int]:
    """Who shares the machine: their processes' numbers."""
    return {
        "API": api.process.pid,
        "PostgreSQL": house.servers["postgres"],
        "workers": house.processes["worker"].pid,
    }


@dataclass(frozen=True)
class Length:
    """How many seconds the load takes, and each step of the ramp before it."""

    seconds: float
    step: float


async def stretch(traffic: Traffic, house: House, api: Api, pace: Pace, length: Length) -> Figures:
    """The whole run: capacity, warm-up, load with faults at even distances, and what is left of it."""
    warm, report, seconds = Report(), Report(), length.seconds
    meter = Meter(programs(house, api))
    found = await ramp(traffic, warm, length.step)
    # The most that was ever seen would be the luckiest moment of a machine whose pace moves.
    capacity = statistics.median(rate for clients, rate in found if clients >= BUSY)
    pace.take_for_usual()
    answered = sum(rate for _, rate in found) * length.step
    cost = {name: spent * 1e6 / answered for name, spent in meter.seconds().items()}

    def rate() -> float:
        return SHARE * capacity * min(1.0, pace.share())

    await traffic.run(rate, max(seconds / 10, 5.0), warm)
    began = time.monotonic()
    _, memory, faults = await asyncio.gather(
        traffic.run(rate, seconds, report),
        watch(house, api, pace, seconds, began),
        break_things(house, api, seconds, began),
    )
    report.jobs += warm.jobs
    report.resumes += warm.resumes
    lost = await traffic.lost(report, 180)
    return {
        "minutes": seconds / 60,
        "ramp": found,
        "rate": SHARE * capacity,
        "cost": cost,
        "faults": faults,
        "memory": memory,
        "lost": lost,
        "taken": len(report.jobs) + len(report.resumes),
        **report.figures(),
        "undeclared": report.undeclared + warm.undeclared,
    }


async def drive(house: House, api: Api, token: str, length: Length) -> Figures:
    """The stretch, with clients that end with it."""
    traffic, pace = Traffic(api.url, token), Pace()
    looking = asyncio.ensure_future(pace.watch())
    try:
        return await stretch(traffic, house, api, pace, length)
    finally:
        looking.cancel()
        await traffic.close()


def measure(length: Length) -> Figures:
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
        return asyncio.run(drive(house, api, token, length))


def main() -> int:
    """Run, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--short", action="store_true", help="a minute and a half, for CI")
    parser.add_argument("--write", action="store_true", help="keep them in docs/")
    options = parser.parse_args()
    before = kept.load()
    minutes = SHORT_MINUTES if options.short else options.minutes
    step = SHORT_RAMP_SECONDS if options.short else RAMP_SECONDS
    figures = measure(Length(minutes * 60, step))
    is_broken = bool(figures["undeclared"] or figures["lost"])
    sys.stderr.write("\n".join([*figures["undeclared"][:20], *figures["lost"], ""]))
    # What was sent and answered is counted; the page needs no more of what went wrong than this.
    figures["undeclared"], figures["lost"] = figures["undeclared"][:20], figures["lost"][:20]
    finish("load", figures, load=before, is_short=minutes < 30, is_kept=options.write)
    if options.short:
        return int(is_broken)
    return int(any(one.is_missed for one in judge(figures)))


if __name__ == "__main__":
    raise SystemExit(main())
