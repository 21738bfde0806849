"""The client for addresses that a stranger has named: public places, over TLS, and nothing else."""

import asyncio
import functools
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from app.core.addresses import is_loopback, is_public
from app.core.http import (
    Answer,
    HttpClient,
    Transport,
    bare_session,
    trusted_authorities,
    usual_options,
)

HttpUrl = httpx.URL
HttpUrlInvalid = httpx.InvalidURL


class AddressRefused(httpx.ConnectError):
    """The place lies inside, or is not spoken to over TLS; nothing was sent."""


Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host's name and port to all its addresses; raises OSError for a name that has none."""


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """All addresses of a host as the system's resolver gives them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def open_public_client(
    *,
    timeout_seconds: float,
    connections: int,
    allow_local: bool = False,
    resolve: Resolve = resolve_by_system,
) -> HttpClient:
    """A client for addresses that a stranger has named: https to public hosts and nothing else.

    A name is resolved once for a connection, each of its addresses must be public, and the
    connection is made to one of those very addresses, with the name in TLS and in Host. With
    `allow_local` plain http and this machine are allowed beside; never in production.
    """
    trusted = trusted_authorities()
    connector = functools.partial(
        aiohttp.TCPConnector,
        limit=connections,
        ssl=trusted,
        force_close=True,
        use_dns_cache=False,
        resolver=_PublicResolver(resolve, allow_local=allow_local),
        # Addresses that stand in the URL itself pass no resolver.
        socket_factory=functools.partial(_public_socket, allow_local),
    )
    transport = _PublicTransport(
        allow_local=allow_local,
        verify=trusted,
        trust_env=False,
        client=functools.partial(bare_session, connector),
    )
    # httpx's own client: `fetch` takes no short cut past the transport's look at the scheme.
    return httpx.AsyncClient(transport=transport, **usual_options(timeout_seconds))


async def fetch_head(client: HttpClient, request: httpx.Request) -> Answer:
    """Send `request` and read the answer's status and headers; its body is never read.

    Raises:
        HttpTimeout: no connection or no byte within the client's time.
        HttpFailure: the connection was refused or broke, or the other side spoke no HTTP.
        AddressRefused: the client does not go to such a place.
    """
    response = await client.send(request, stream=True)
    await response.aclose()
    return Answer(response.status_code, response.headers, b"")


class _PublicTransport(Transport):
    """Refuses what is not https; connections to this machine may be plain where they are allowed."""

    def __init__(self, *, allow_local: bool, **options: Any) -> None:
        super().__init__(**options)
        self._schemes = ("https", "http") if allow_local else ("https",)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme not in self._schemes:
            raise AddressRefused("only https is spoken here")
        return await super().handle_async_request(request)


class _PublicResolver(AbstractResolver):
    """Gives all addresses of a name, or none when one of them lies inside."""

    def __init__(self, resolve: Resolve, *, allow_local: bool) -> None:
        self._resolve = resolve
        self._allow_local = allow_local

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        addresses = list(dict.fromkeys(await self._resolve(host, port)))
        if not all(_is_allowed(address, self._allow_local) for address in addresses):
            raise AddressRefused("the host lies inside")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    @override
    async def close(self) -> None:
        """Nothing is kept open."""


def _public_socket(allow_local: bool, place: tuple[Any, ...]) -> socket.socket:
    """A socket for one place that aiohttp is about to connect to, judged a last time."""
    family, kind, protocol, _, address = place
    if not _is_allowed(str(address[0]), allow_local):
        raise AddressRefused("the address lies inside")
    return socket.socket(family, kind, protocol)


def _is_allowed(address: str, allow_local: bool) -> bool:
    return is_public(address) or (allow_local and is_loopback(address))
