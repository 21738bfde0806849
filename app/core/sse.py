"""Server-Sent Events over an async generator of small snapshots.

The generator opens a read session for each look and closes it again: a stream lives for minutes
and holds no connection to the database. The first event is a full snapshot; the generator ends
with an event named done.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.core.meters import open_stream

HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 3000
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class Event:
    """One event: `id` is the row's version (Last-Event-ID resumes there), `data` becomes JSON."""

    id: str
    event: str
    data: BaseModel | Mapping[str, Any]

    def encoded(self) -> bytes:
        """The event on the wire; JSON has no line break, so data is always one line."""
        if isinstance(self.data, BaseModel):
            data = self.data.model_dump_json()
        else:
            data = json.dumps(self.data, default=str)
        return f"id: {_line(self.id)}\nevent: {_line(self.event)}\ndata: {data}\n\n".encode()


def _line(text: str) -> str:
    return text.replace("\r", "").replace("\n", "").replace("\x00", "")


class OnTheWire(Protocol):
    """Anything that can be sent as an event."""

    def encoded(self) -> bytes:
        """The event with the empty line that ends it."""
        ...


class EventStream(Response):
    """`return EventStream(events(...), closing=services(request).closing)`.

    Ends with the generator, at once when the caller goes away, or when the process is closing;
    then the caller is told to come back soon, and reaches the next process.
    """

    media_type: str | None = "text/event-stream"

    def __init__(
        self,
        events: AsyncGenerator[OnTheWire, None],
        *,
        status_code: int = 200,
        closing: asyncio.Event | None = None,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        super().__init__(status_code=status_code, headers=_HEADERS)
        del self.headers["content-length"]
        self._events = events
        self._closing = closing or asyncio.Event()
        self._heartbeat_seconds = heartbeat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI.
        """Send the stream."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        stops: set[asyncio.Future[Any]] = {
            asyncio.ensure_future(_gone(receive)),
            asyncio.ensure_future(self._closing.wait()),
        }
        with open_stream():
            await self._send_all(send, stops)

    async def _send_all(self, send: Send, stops: set[asyncio.Future[Any]]) -> None:
        try:
            await _chunk(send, f"retry: {RETRY_MILLISECONDS}\n\n".encode())
            await self._pump(send, stops)
            with suppress(OSError):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await _cancel(stops)
            await self._events.aclose()

    async def _pump(self, send: Send, stops: set[asyncio.Future[Any]]) -> None:
        """Hand on events until the generator or one of `stops` ends; a comment when it is quiet.

        The generator's step is a task of its own, so that a heartbeat does not interrupt it.
        """
        while True:
            step = asyncio.ensure_future(anext(self._events))
            try:
                while not step.done():
                    await asyncio.wait(
                        {step, *stops},
                        timeout=self._heartbeat_seconds,
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                    if any(stop.done() for stop in stops):
                        return
                    if not step.done():
                        await _chunk(send, b": still here\n\n")
                await _chunk(send, step.result().encoded())
            except StopAsyncIteration:
                return
            finally:
                await _cancel({step})


async def _chunk(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancel(tasks: set[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
