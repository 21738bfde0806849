"""Event streams: what is on the wire, and every way in which one ends."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from app.core.schema import Out
from app.core.sse import Event, EventStream


class Progress(Out):
    """A snapshot."""

    done: int


class Source:
    """A generator of events that tells when it was closed."""

    def __init__(self, *events: Event, pause: float = 0.0) -> None:
        self.given = events
        self.pause = pause
        self.is_closed = False

    async def events(self) -> AsyncGenerator[Event, None]:
        try:
            for event in self.given:
                yield event
                await asyncio.sleep(self.pause)
        finally:
            self.is_closed = True


async def run(stream: EventStream, *, gone_after: float = 60.0) -> list[dict[str, Any]]:
    """The messages of a stream whose caller hangs up after a while."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(gone_after)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await stream({"type": "http"}, receive, send)
    return sent


async def test_over_http(web: httpx.AsyncClient) -> None:
    """Ids, names, JSON on one line, and the headers that keep proxies from holding it back."""
    answer = await web.get("/things/events")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["x-request-id"]
    assert "content-length" not in answer.headers
    assert answer.text == (
        'retry: 3000\n\nid: 1\nevent: progress\ndata: {"done": 1}\n\n'
        'id: 2\nevent: done\ndata: {"done": 2}\n\n'
    )


def test_no_field_can_start_another_line() -> None:
    """A value with a line break would forge an event."""
    wire = Event("1\n2", "a\r\nevent: b", {"text": "x\ny"}).encoded()
    assert wire == b'id: 12\nevent: aevent: b\ndata: {"text": "x\\ny"}\n\n'
    assert Event("1", "p", Progress(done=3)).encoded().endswith(b'data: {"done":3}\n\n')


async def test_a_quiet_stream_has_a_heartbeat_and_loses_nothing() -> None:
    """The generator's step is not interrupted by it."""
    source = Source(Event("1", "p", {}), Event("2", "done", {}), pause=0.12)
    sent = await run(EventStream(source.events(), heartbeat_seconds=0.03))
    bodies = [message.get("body") for message in sent]
    assert bodies.count(b": still here\n\n") >= 2
    assert [body for body in bodies if body and body.startswith(b"id:")] == [
        event.encoded() for event in source.given
    ]
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_it_ends_at_once_when_the_caller_goes() -> None:
    """And the generator is closed, so that it stops asking the database."""
    source = Source(Event("1", "p", {}), Event("2", "p", {}), pause=60)
    async with asyncio.timeout(30):
        await run(EventStream(source.events()), gone_after=0.05)
    assert source.is_closed


async def test_it_ends_when_the_process_closes() -> None:
    """Callers come back after `retry` and reach the next process."""
    closing = asyncio.Event()
    source = Source(Event("1", "p", {}), Event("2", "p", {}), pause=60)
    asyncio.get_running_loop().call_later(0.05, closing.set)
    async with asyncio.timeout(30):
        sent = await run(EventStream(source.events(), closing=closing))
    assert sent[-1]["more_body"] is False
    assert source.is_closed


async def test_a_failing_generator_breaks_the_stream_off() -> None:
    """It must not look like a proper end; no task stays behind."""

    async def failing() -> AsyncGenerator[Event, None]:
        yield Event("1", "p", {})
        raise RuntimeError("broken")

    before = asyncio.all_tasks()
    with pytest.raises(RuntimeError, match="broken"):
        await run(EventStream(failing()))
    # Those of other tests, whose servers share the loop, may end meanwhile.
    assert asyncio.all_tasks() <= before
