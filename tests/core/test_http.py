"""The outgoing client against a server on loopback that misbehaves byte by byte."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from app.core.http import (
    Answer,
    BodyTooLarge,
    HttpClient,
    HttpFailure,
    HttpTimeout,
    HttpUnconnected,
    fetch,
    open_client,
)
from app.core.http import (
    get as get_whole,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%s\r\nhi"


@asynccontextmanager
async def answering(*answers: bytes, hold: float = 0.0) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that reads a request's head and writes the next of `answers`, then hangs up."""
    heads: list[bytes] = []
    waiting = list(answers)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(waiting.pop(0))
        await writer.drain()
        await asyncio.sleep(hold)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", heads


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    client = open_client(timeout_seconds=0.3, connections=2)
    yield client
    await client.aclose()


async def get(client: HttpClient, url: str, **more: int) -> Answer:
    return await fetch(client, client.build_request("GET", url), **more)


async def test_a_plain_answer(client: HttpClient) -> None:
    async with answering(OK % b"X-One: 1\r\n") as (url, heads):
        answer = await get(client, url)
    assert (answer.status, answer.body, answer.headers["x-one"]) == (200, b"hi", "1")
    assert b"user-agent: intake\r\n" in heads[0].lower()


async def test_a_header_of_ours_takes_the_clients_place(client: HttpClient) -> None:
    async with answering(OK % b"X-One: 1\r\n") as (url, heads):
        answer = await get_whole(client, url, {"Accept": "application/json", "tin": "1"})
    assert (answer.status, answer.body, answer.headers["x-one"]) == (200, b"hi", "1")
    head = heads[0].lower()
    assert head.count(b"\r\naccept: ") == 1
    assert b"\r\naccept: application/json\r\n" in head
    assert b"user-agent: intake\r\n" in head


async def test_redirects_are_not_followed(client: HttpClient) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with answering(moved) as (url, _):
        assert (await get(client, url)).status == 302


async def test_cookies_are_not_kept(client: HttpClient) -> None:
    cookie = OK % b"Set-Cookie: a=b; Path=/\r\nConnection: close\r\n"
    async with answering(cookie, cookie) as (url, heads):
        await get(client, url)
        await get(client, url)
    assert not [head for head in heads if b"cookie" in head.lower()]


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    client = open_client(timeout_seconds=0.3, connections=2)
    async with answering(OK % b"") as (url, _):
        assert (await get(client, url)).status == 200
    await client.aclose()


async def test_packed_bodies_are_unpacked_and_bounded(client: HttpClient) -> None:
    packed = gzip.compress(b"\0" * 5_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    whole = head % len(packed) + packed
    async with answering(whole, whole) as (url, _):
        assert len((await get(client, url)).body) == 5_000_000
        with pytest.raises(BodyTooLarge):
            await get(client, url, max_bytes=1_000_000)


async def refused(client: HttpClient) -> None:
    await get(client, "http://127.0.0.1:1/")


async def silent(client: HttpClient) -> None:
    async with answering(b"", hold=0.6) as (url, _):
        await get(client, url)


async def stalls_in_the_body(client: HttpClient) -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", hold=0.6) as (url, _):
        await get(client, url)


async def hangs_up(client: HttpClient) -> None:
    async with answering(b"", b"") as (url, _):
        await get(client, url)


async def hangs_up_in_the_body(client: HttpClient) -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi") as (url, _):
        await get(client, url)


async def speaks_no_http(client: HttpClient) -> None:
    async with answering(b"220 smtp ready\r\n\r\n") as (url, _):
        await get(client, url)


async def packs_badly(client: HttpClient) -> None:
    bad = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhihi"
    async with answering(bad) as (url, _):
        await get(client, url)


@pytest.mark.parametrize(
    ("act", "is_timeout", "is_unconnected"),
    [
        (refused, False, True),
        (silent, True, False),
        (stalls_in_the_body, True, False),
        (hangs_up, False, False),
        (hangs_up_in_the_body, False, False),
        (speaks_no_http, False, False),
        (packs_badly, False, False),
    ],
)
async def test_faults_have_their_right_names(
    client: HttpClient,
    act: Callable[[HttpClient], Awaitable[None]],
    is_timeout: bool,
    is_unconnected: bool,
) -> None:
    with pytest.raises(HttpFailure) as raised:
        await act(client)
    assert isinstance(raised.value, HttpTimeout) is is_timeout
    assert isinstance(raised.value, HttpUnconnected) is is_unconnected


async def test_many_calls_at_once_share_the_connections(client: HttpClient) -> None:
    peers = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.add(writer.get_extra_info("peername"))
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(OK % b"")
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        answers = await asyncio.gather(*(get(client, url) for _ in range(50)))
        await client.aclose()
    assert {answer.status for answer in answers} == {200}
    assert len(peers) == 2
