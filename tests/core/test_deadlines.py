"""Callers who send slowly lose their connection; those who are answered slowly do not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from app.core import deadlines
from app.core.deadlines import PunctualProtocol

HALF = b"GET / HTTP/1.1\r\nHost: x\r\nX-Odd: "
BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
WHOLE = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"
SPAN = 0.05


async def answer_late(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, and takes longer over its answer than any caller may over a request."""
    message = await receive()
    while message.get("more_body"):
        message = await receive()
    if message["type"] == "http.disconnect":
        return
    await asyncio.sleep(6 * SPAN)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A server whose deadlines are short."""
    monkeypatch.setattr(deadlines, "HEAD_SECONDS", SPAN)
    monkeypatch.setattr(deadlines, "BODY_SECONDS", SPAN)
    config = uvicorn.Config(answer_late, http=PunctualProtocol, log_config=None, lifespan="off")
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: PunctualProtocol(config, state, {}), host="127.0.0.1", port=0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def called(port: int, words: bytes) -> AsyncIterator[Any]:
    """A connection on which `words` were said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(words)
    await writer.drain()
    try:
        yield reader, writer
    finally:
        writer.close()


@pytest.mark.parametrize("words", [HALF, BODY, BODY + b"a little"])
async def test_whoever_stops_sending_is_left(port: int, words: bytes) -> None:
    async with called(port, words) as (reader, _):
        assert await asyncio.wait_for(reader.read(), 10) == b""


async def test_drops_in_the_bucket_do_not_help(port: int) -> None:
    async with called(port, HALF) as (reader, writer):
        ended = asyncio.ensure_future(reader.read())
        while not ended.done():
            writer.write(b"x")
            await asyncio.sleep(SPAN / 5)
        assert await ended == b""


async def test_an_answer_may_take_its_time_and_the_next_request_too(port: int) -> None:
    async with called(port, WHOLE) as (reader, writer):
        for _ in range(2):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert head.startswith(b"HTTP/1.1 204")
            # Silence between two requests is keeping alive.
            await asyncio.sleep(3 * SPAN)
            writer.write(WHOLE)


async def test_a_body_that_comes_in_pieces_is_read(port: int) -> None:
    async with called(port, BODY) as (reader, writer):
        for _ in range(100):
            writer.write(b"x" * 1_000)
            await writer.drain()
            await asyncio.sleep(0)
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).startswith(
            b"HTTP/1.1 204"
        )
