"""Mixed traffic over HTTP: who asks for what, how long it took, and what went wrong."""

import asyncio
import csv
import io
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from app.core.http import open_client
from app.dev.payer.asgi import PayerOptions
from app.dev.payer.book import Book, Books
from app.dev.payer.questions import payer_today
from app.dev.payer.rows import HEADERS, RowPlan, rows

TIN = "551000001"
BOOK = 20_000
ROWS = 200
FILES_A_SECOND = 0.2
"""Claim files; the workers' own speed has a bench of its own."""
RESUME = b"Ada Byron\nada@example.com\n\nExperience\n\nData Engineer, Engines Ltd\nJanuary 2020 - March 2023\n"
Rate = Callable[[], float]
"""How many a second just now."""
# Share of requests, path. What everybody looks at is looked at most.
READS = (
    (30, "/jobs"),
    (15, "/jobs/search?query=engineer"),
    (15, "/claims/csv-jobs"),
    (15, "/users/me"),
    (10, "/applications"),
    (5, "/optimus/dashboard"),
    (5, "/notifications"),
    (5, "/practices"),
)


@dataclass
class Report:
    """What came of a stretch of traffic."""

    milliseconds: list[float] = field(default_factory=list)
    due: list[float] = field(default_factory=list)
    """When each of them should have been sent, by the machine's clock."""

    statuses: Counter[str] = field(default_factory=Counter)
    undeclared: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    """Claim files that were taken: each has to end with all its rows answered."""

    resumes: list[str] = field(default_factory=list)

    def note(self, answer: httpx.Response | Exception, milliseconds: float) -> None:
        """One more answer; a 503 that says why and when is no failure."""
        self.milliseconds.append(milliseconds)
        self.due.append(time.monotonic() - milliseconds / 1_000)
        if isinstance(answer, Exception):
            self.statuses[type(answer).__name__] += 1
            self.undeclared.append(repr(answer))
            return
        self.count(answer)

    def count(self, answer: httpx.Response) -> None:
        """What was answered; all that is asked for here is right, so that no refusal is, either."""
        self.statuses[str(answer.status_code)] += 1
        if not answer.is_success and not _is_told(answer):
            self.undeclared.append(
                f"{answer.request.url.path} {answer.status_code} {answer.text:.200}"
            )

    def figures(self) -> dict[str, Any]:
        """Counts, and milliseconds from when a request was due to the end of its answer, by minutes."""
        minutes: dict[int, list[float]] = {}
        began = min(self.due, default=0.0)
        for due, taken in zip(self.due, self.milliseconds, strict=True):
            minutes.setdefault(int((due - began) // 60), []).append(taken)
        seen = [one for _, one in sorted(minutes.items()) if len(one) > 1]
        return {
            "sent": len(self.milliseconds),
            "statuses": dict(self.statuses),
            **_spread(self.milliseconds),
            "minutes_seen": [_spread(one) for one in seen],
        }


def _is_told(answer: httpx.Response) -> bool:
    """A 503 that says when to come back."""
    return answer.status_code == 503 and "retry-after" in answer.headers


def _spread(taken: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(taken), 1),
        "p99": round(statistics.quantiles(taken, n=100)[98], 1),
        "longest": round(max(taken), 1),
    }


class Traffic:
    """Clients of one organization whose requests come at a given rate, answered or not."""

    def __init__(self, url: str, token: str) -> None:
        # httpx's own connections take longer the more requests wait: once behind, it stays behind.
        self._http = open_client(timeout_seconds=60, connections=64)
        self._http.base_url = f"{url}/api/v1"
        self._http.headers["Authorization"] = token
        self._dice = random.Random(1)
        self._plans = 0

    def _draw(self) -> str:
        shares, paths = zip(*READS, strict=True)
        return str(self._dice.choices(paths, shares)[0])

    async def close(self) -> None:
        """End all connections."""
        await self._http.aclose()

    async def capacity(self, seconds: float, clients: int) -> float:
        """Requests a second when `clients` ask one after the other without a pause."""
        end = time.monotonic() + seconds
        counts = await asyncio.gather(*(self._ask_on(end) for _ in range(clients)))
        return sum(counts) / seconds

    async def _ask_on(self, end: float) -> int:
        count = 0
        while time.monotonic() < end:
            (await self._http.get(self._draw())).raise_for_status()
            count += 1
        return count

    async def run(self, rate: Rate, seconds: float, report: Report) -> None:
        """Send `rate` requests a second, and now and then a file, whatever the answers do."""
        await asyncio.gather(self._reads(rate, seconds, report), self.files(seconds, report))

    async def _reads(self, rate: Rate, seconds: float, report: Report) -> None:
        await _at_rate(rate, seconds, lambda due, _: self._read(due, report))

    async def files(self, seconds: float, report: Report) -> None:
        """Hand in claim files, and a résumé as every fourth, at their own rate."""

        def send(_: float, number: int) -> Coroutine[Any, Any, None]:
            return self._upload(report) if number % 4 else self._hand_in(report)

        await _at_rate(lambda: FILES_A_SECOND, seconds, send)

    async def _read(self, due: float, report: Report) -> None:
        try:
            answer: httpx.Response | Exception = await self._http.get(self._draw())
        except httpx.HTTPError as error:
            answer = error
        report.note(answer, (time.monotonic() - due) * 1_000)

    async def _upload(self, report: Report) -> None:
        self._plans += 1
        text = claim_file(self._plans)
        files = {"file": ("claims.csv", text, "text/csv")}
        answer = await self._post(
            "/claims/bulk/upload", report, files=files, data={"provider": "uhc"}
        )
        if answer is not None and answer.status_code == 201:
            report.jobs.append(answer.json()["id"])

    async def _hand_in(self, report: Report) -> None:
        self._plans += 1
        files = {"file": ("cv.txt", RESUME + str(self._plans).encode(), "text/plain")}
        answer = await self._post("/resumes", report, files=files)
        if answer is not None and answer.status_code == 201:
            report.resumes.append(answer.json()["id"])

    async def _post(self, path: str, report: Report, **what: Any) -> httpx.Response | None:
        try:
            answer = await self._http.post(path, **what)
        except httpx.HTTPError as error:
            report.statuses[type(error).__name__] += 1
            report.undeclared.append(repr(error))
            return None
        report.count(answer)
        return answer

    async def lost(self, report: Report, patience_seconds: float) -> list[str]:
        """Jobs and résumés that were taken and did not come to their end, each with its state."""
        left = [f"/claims/csv-jobs/{one}" for one in report.jobs]
        left += [f"/resumes/{one}" for one in report.resumes]
        end = time.monotonic() + patience_seconds
        while left and time.monotonic() < end:
            left = [path for path in left if not await self._is_whole(path)]
            await asyncio.sleep(0.5)
        return left

    async def _is_whole(self, path: str) -> bool:
        answer = await self._http.get(path)
        if _is_told(answer):
            return False
        found = answer.raise_for_status().json()
        if path.startswith("/resumes"):
            return bool(found["status"] == "skills_extracted")
        answered = found["success_count"] + found["failure_count"]
        return bool(found["status"] == "COMPLETED" and answered == ROWS)


async def _at_rate(
    rate: Rate, seconds: float, send: Callable[[float, int], Coroutine[Any, Any, None]]
) -> None:
    """Begin `send(due, number)` so many times a second, whether the former have ended or not."""
    began, due, number = time.monotonic(), 0.0, 0
    waiting: set[asyncio.Task[None]] = set()
    while due < seconds:
        await asyncio.sleep(max(0.0, began + due - time.monotonic()))
        number += 1
        task = asyncio.ensure_future(send(began + due, number))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
        due += 1 / rate()
    await asyncio.gather(*waiting)


@cache
def _book() -> Book:
    """The payer's claims, written once: it takes longer than a request may."""
    return Books(seed=PayerOptions().seed, today=payer_today()).write(TIN, claims=BOOK, days=600)


def claim_file(seed: int) -> str:
    """A file of `ROWS` rows over the payer's book, other ones for each seed."""
    plan = RowPlan(shape="claim_number", rows=ROWS, seed=seed)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADERS[plan.shape])
    writer.writerows(cells for cells, _ in rows(_book(), plan))
    return text.getvalue()
