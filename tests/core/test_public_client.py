"""The client for addresses that strangers name: nothing inside is ever connected to."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from app.core.addresses import is_loopback, is_public
from app.core.http import HttpFailure
from app.core.public_http import AddressRefused, fetch_head, open_public_client

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\nX-One: 1\r\n\r\n"
INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 - judged, not bound to.
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2002:808:808::",
    "2001::1",
    "2001:db8::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "ff0e::1",
]
OUTSIDE = [
    "1.1.1.1",
    "93.184.216.34",
    "172.15.0.1",
    "172.32.0.1",
    "::ffff:8.8.8.8",
    "2606:4700::1111",
]
NO_ADDRESSES = ["127.1", "0", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "localhost"]


@pytest.mark.parametrize("address", [*INSIDE, *NO_ADDRESSES, ""])
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_public(address: str) -> None:
    assert is_public(address)


def test_this_machine() -> None:
    for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
        assert is_loopback(address)
    for address in ("10.0.0.1", "128.0.0.1", "localhost", "127.1"):
        assert not is_loopback(address)


class Listener:
    """Counts who connects to this machine."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.port = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        await writer.drain()
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener.handle, "127.0.0.1", 0)
    async with server:
        listener.port = server.sockets[0].getsockname()[1]
        yield listener


async def status_of(url: str, *addresses: str, allow_local: bool = False) -> int:
    """Ask an address whose name resolves to these."""
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        if not addresses:
            raise OSError("no such name")
        return addresses

    client = open_public_client(
        timeout_seconds=2.0, connections=2, allow_local=allow_local, resolve=resolve
    )
    try:
        answer = await fetch_head(client, client.build_request("POST", url, content=b"x"))
    finally:
        await client.aclose()
    assert len(asked) <= 1, "a name is resolved once: the second answer could be another"
    assert answer.body == b""
    return answer.status


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1"])
async def test_addresses_in_the_url(listener: Listener, host: str) -> None:
    with pytest.raises(AddressRefused):
        await status_of(f"https://{host}:{listener.port}/")
    assert listener.heads == []


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0", "0x7f000001", "0x7f.1"])
async def test_addresses_in_disguise(listener: Listener, host: str) -> None:
    with pytest.raises(HttpFailure):
        await status_of(f"https://{host}:{listener.port}/", "127.0.0.1")
    assert listener.heads == []


@pytest.mark.parametrize(
    "addresses", [("127.0.0.1",), ("93.184.216.34", "127.0.0.1"), ("::1",), ("64:ff9b::7f00:1",)]
)
async def test_names_that_lead_inside(listener: Listener, addresses: Sequence[str]) -> None:
    """One address inside is enough: the next connection could go there."""
    with pytest.raises(AddressRefused):
        await status_of(f"https://hooks.example.com:{listener.port}/", *addresses)
    assert listener.heads == []


async def test_plain_http_is_refused(listener: Listener) -> None:
    with pytest.raises(AddressRefused):
        await status_of(f"http://hooks.example.com:{listener.port}/", "93.184.216.34")


async def test_a_name_without_an_address() -> None:
    with pytest.raises(HttpFailure) as raised:
        await status_of("https://hooks.example.com/")
    assert not isinstance(raised.value, AddressRefused)


async def test_this_machine_where_it_is_allowed(listener: Listener) -> None:
    """The connection goes to the address, and Host still has the name; no body is waited for."""
    url = f"http://hooks.example.com:{listener.port}/path"
    assert await status_of(url, "127.0.0.1", allow_local=True) == 200
    assert f"host: hooks.example.com:{listener.port}".encode() in listener.heads[0].lower()
    assert await status_of(f"http://127.0.0.1:{listener.port}/", allow_local=True) == 200
    with pytest.raises(AddressRefused):
        await status_of(url, "10.0.0.1", allow_local=True)
