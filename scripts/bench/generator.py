"""A load generator of one process: so many connections, each asks again as soon as it is answered.

It reads a plan as JSON from standard input and prints what it saw as JSON: a process of its own, so
that it neither shares an interpreter with what it measures nor has to be installed. Of HTTP it knows
what the servers here speak: Content-Length and connections that stay open.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Final, cast

import uvloop

_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask: each connection sends its own requests, round and round."""

    port: int
    requests: list[list[str]]
    """One list of whole requests a connection."""
    seconds: float
    warm_seconds: float = 0.7


@dataclass(slots=True)
class Seen:
    """What came back while it counted; times in milliseconds."""

    requests: int
    answered: int
    """All of them, those while it warmed up included: what processor time was spent on."""
    seconds: float
    median: float
    p99: float
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def a_second(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


class _Run:
    def __init__(self, plan: Plan) -> None:
        now = time.perf_counter()
        self.begins = now + plan.warm_seconds
        self.ends = self.begins + plan.seconds
        self.took: list[float] = []
        self.answered = 0
        self.statuses: Counter[str] = Counter()

    def note(self, status: str, began: float, ended: float) -> bool:
        """Keep one answer; False when it is time to stop."""
        self.answered += 1
        if self.begins <= began and ended <= self.ends:
            self.took.append(ended - began)
            self.statuses[status] += 1
        return ended < self.ends


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run, requests: list[bytes]) -> None:
        self._run = run
        self._requests = requests
        self._at = 0
        self._began = 0.0
        self._kept = b""
        self._missing = -1
        self._status = ""
        self._transport: asyncio.WriteTransport | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no children of asyncio's.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's shape.
        if not self.closed.done():
            self.closed.set_result(None)

    def _ask(self) -> None:
        assert self._transport is not None  # noqa: S101 - asked only while connected.
        self._began = time.perf_counter()
        self._transport.write(self._requests[self._at])
        self._at = (self._at + 1) % len(self._requests)

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            data = self._kept + data
            end = data.find(_END)
            if end < 0:
                self._kept = data
                return
            self._kept = b""
            self._status = data[9:12].decode()
            self._missing = _length(data[:end].lower())
            data = data[end + len(_END) :]
        self._missing -= len(data)
        if self._missing > 0:
            return
        self._missing = -1
        if self._run.note(self._status, self._began, time.perf_counter()):
            self._ask()
        else:
            assert self._transport is not None  # noqa: S101 - it has just given data.
            self._transport.close()


def _length(head: bytes) -> int:
    at = head.find(b"content-length:")
    if at < 0:
        return 0
    return int(head[at + 15 :].partition(b"\r\n")[0])


async def _drive(plan: Plan) -> Seen:
    run = _Run(plan)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(
            lambda requests=requests: _Connection(run, [one.encode() for one in requests]),  # type: ignore[misc]  # Bound now.
            "127.0.0.1",
            plan.port,
        )
        for requests in plan.requests
    ]
    async with asyncio.timeout(plan.seconds + plan.warm_seconds + 20):
        for _, connection in opened:
            await connection.closed
    took = sorted(run.took) or [0.0]
    return Seen(
        requests=len(run.took),
        answered=run.answered,
        seconds=plan.seconds,
        median=took[len(took) // 2] * 1000,
        p99=took[int(len(took) * 0.99)] * 1000,
        statuses=dict(run.statuses),
    )


def drive(plan: Plan) -> Seen:
    """Carry out a plan in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bench.generator"],
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return Seen(**json.loads(done.stdout))


def request(path: str, *, method: str = "GET", body: str = "", **headers: str) -> str:
    """A whole request; underscores of header names become dashes."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"content-length: {len(body.encode())}")
    return "\r\n".join(lines) + "\r\n\r\n" + body


if __name__ == "__main__":
    given = Plan(**json.load(sys.stdin))
    print(json.dumps(asdict(uvloop.run(_drive(given)))))
