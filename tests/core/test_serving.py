"""Callers who only wait are cut, others are served meanwhile, and an end is told before it comes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request

from app.core import patience
from app.core.patience import PatientProtocol, look_at
from app.core.serving import DrainingServer, Manner

HALF = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def application() -> FastAPI:
    app = FastAPI()
    app.state.services = SimpleNamespace(closing=asyncio.Event())

    @app.get("/")
    async def hello() -> str:
        return "hello"

    @app.post("/")
    async def take(request: Request) -> int:
        return len(await request.body())

    @app.get("/long")
    async def long() -> str:
        return "x" * 64_000_000

    return app


@asynccontextmanager
async def serving(manner: Manner | None = None) -> AsyncIterator[tuple[DrainingServer, int]]:
    """The server in this loop, over the small application, on a free port."""
    server = DrainingServer(configuration(), manner or Manner())
    task = asyncio.create_task(server._serve())
    await until(lambda: server.started)
    try:
        yield server, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


def configuration() -> uvicorn.Config:
    return uvicorn.Config(
        application(),
        port=0,
        http=PatientProtocol,
        lifespan="off",
        log_config=None,
        proxy_headers=False,
    )


async def connect(port: int, first: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    await writer.drain()
    return reader, writer


async def asked(port: int) -> bytes:
    reader, writer = await connect(port, WHOLE)
    answer = await reader.readuntil(b'"hello"')
    writer.close()
    return answer


def age(server: DrainingServer, seconds: float) -> None:
    """Let every connection have waited so much longer, and look at them."""
    for one in server.server_state.connections:
        assert isinstance(one, PatientProtocol)
        for name in ("_head_since", "_body_since", "_unread_since"):
            since = getattr(one, name)
            setattr(one, name, None if since is None else since - seconds)
    look_at(server.server_state.connections)


async def until(true: Any) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for tells nobody.
            await asyncio.sleep(0.005)


async def test_two_hundred_half_requests_keep_nobody_out() -> None:
    async with serving() as (server, port):
        slow = [await connect(port, HALF) for _ in range(200)]
        await until(lambda: len(server.server_state.connections) == 200)
        assert b"200 OK" in await asked(port)
        age(server, patience.HEAD_SECONDS - 5)
        assert not any(reader.at_eof() for reader, _ in slow)
        for _, writer in slow:
            writer.write(b"a")
        await asyncio.sleep(0.05)
        age(server, 5)
        answers = [await reader.read() for reader, _ in slow]
        assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
        await until(lambda: not server.server_state.connections)
        for _, writer in slow:
            writer.close()


async def test_who_says_nothing_is_cut_without_a_word() -> None:
    async with serving() as (server, port):
        reader, writer = await connect(port, b"")
        await until(lambda: server.server_state.connections)
        age(server, patience.HEAD_SECONDS + 1)
        assert await reader.read() == b""
        writer.close()


async def test_line_breaks_do_not_hold_an_open_connection() -> None:
    async with serving() as (server, port):
        reader, writer = await connect(port, WHOLE)
        await reader.readuntil(b'"hello"')
        writer.write(b"\r\n")
        await asyncio.sleep(0.05)
        age(server, patience.HEAD_SECONDS + 1)
        assert (await reader.read()).startswith(b"HTTP/1.1 408")
        writer.close()


async def test_a_body_must_come_at_half_a_kilobyte_a_second() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    async with serving() as (server, port):
        (slow, slow_out), (quick, quick_out) = [await connect(port, head) for _ in range(2)]
        slow_out.write(b"x" * 1000)
        quick_out.write(b"x" * 50_000)
        await asyncio.sleep(0.1)
        age(server, patience.BODY_SECONDS + 1)
        assert await slow.read() == b""
        quick_out.write(b"x" * 50_000)
        assert (await quick.readuntil(b"100000")).startswith(b"HTTP/1.1 200")
        slow_out.close()
        quick_out.close()


async def test_an_answer_that_nobody_reads_is_given_up() -> None:
    async with serving() as (server, port):
        _, writer = await connect(port, b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(
            lambda: any(
                isinstance(one, PatientProtocol) and one._unread_since is not None
                for one in server.server_state.connections
            )
        )
        age(server, patience.UNREAD_SECONDS + 1)
        await until(lambda: not server.server_state.connections)
        writer.close()


async def test_the_end_is_told_before_it_comes_and_open_connections_may_ask_once_more() -> None:
    manner = Manner(delay_seconds=60, linger_seconds=60)
    async with serving(manner) as (server, port):
        reader, writer = await connect(port, WHOLE)
        await reader.readuntil(b'"hello"')
        server.handle_exit(signal.SIGTERM, None)
        assert server._app.state.services.closing.is_set()
        assert b"connection: close" not in await asked(port)
        assert not server.should_exit
        server.handle_exit(signal.SIGTERM, None)
        await until(lambda: not server.servers[0].is_serving())
        writer.write(WHOLE)
        answer = await reader.read()
        assert b"200 OK" in answer
        assert b"connection: close" in answer
        writer.close()


@pytest.mark.parametrize("becomes_ready", [True, False])
async def test_a_gate_is_passed_before_anybody_is_let_in(becomes_ready: bool) -> None:
    looks: list[bool] = []

    async def gate(_: FastAPI) -> bool:
        looks.append(becomes_ready and len(looks) > 0)
        return looks[-1]

    listener, says = os.pipe()
    manner = Manner(gate=gate, gate_seconds=0.0 if not becomes_ready else 60.0, ready=says)
    if becomes_ready:
        async with serving(manner):
            assert looks == [False, True]
            assert os.read(listener, 2) == b"!"
    else:
        with pytest.raises(SystemExit):
            await DrainingServer(configuration(), manner)._serve()
        os.close(says)
    os.close(listener)
