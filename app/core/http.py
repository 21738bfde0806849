"""The one outgoing HTTP client. Rooms take their types from here and never import httpx.

httpx's own pool collapses when some dozen calls are in flight, so aiohttp's connections carry them.
"""

import contextlib
import functools
import io
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from typing_extensions import override

from app.core import telemetry

HttpClient = httpx.AsyncClient
HttpRequest = httpx.Request
HttpResponse = httpx.Response
HttpTimeout = httpx.TimeoutException
HttpFailure = httpx.TransportError
# Nothing was sent, so that asking again repeats nothing.
HttpUnconnected = (httpx.ConnectTimeout, httpx.ConnectError, httpx.PoolTimeout)

CONNECT_SECONDS: Final = 5.0
# A megabyte holds several hundred claims; what is far larger is no answer to anything we ask.
MAX_BODY_BYTES: Final = 16 * 1024 * 1024
_STATUS: Final = "http.response.status_code"
_SENT_WHOLE: Final = 64 * 1024


class BodyTooLarge(httpx.TransportError):
    """The answer is larger than the caller wanted to hold in memory."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def open_client(*, timeout_seconds: float, connections: int) -> HttpClient:
    """A client for one event loop, to be closed by whoever opened it.

    `timeout_seconds` bounds each silence of the other side, not the call as a whole (`fetch` takes
    a bound for that). Redirects are not followed, cookies not kept, and neither proxies nor
    passwords are taken from the environment.
    """
    trusted = trusted_authorities()
    connector = functools.partial(
        aiohttp.TCPConnector, limit=connections, ssl=trusted, keepalive_timeout=15
    )
    transport = Transport(
        verify=trusted, trust_env=False, client=functools.partial(bare_session, connector)
    )
    return _Client(transport=transport, **usual_options(timeout_seconds))


def usual_options(timeout_seconds: float) -> dict[str, Any]:
    """What every client of ours has in common."""
    return {
        "timeout": httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds)),
        "headers": {"User-Agent": "intake"},
        "cookies": CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
        "follow_redirects": False,
        "trust_env": False,
    }


def open_rehearsal(answer: Callable[[HttpRequest], HttpResponse]) -> HttpClient:
    """A client that sends nothing: `answer` is asked in place of the other side.

    It lets the code that speaks to a service be looked at while it does so.
    """
    return httpx.AsyncClient(transport=httpx.MockTransport(answer), trust_env=False)


@functools.cache
def trusted_authorities() -> ssl.SSLContext:
    """The process's one context: to read all authorities takes 20 ms, and clients change nothing."""
    return httpx.create_ssl_context(trust_env=False)


def bare_session(connector: Callable[[], aiohttp.TCPConnector]) -> aiohttp.ClientSession:
    """aiohttp's session over a connector of its own, without a memory for cookies."""
    return aiohttp.ClientSession(connector=connector(), cookie_jar=aiohttp.DummyCookieJar())


async def fetch(
    client: HttpClient,
    request: httpx.Request,
    *,
    max_bytes: int = MAX_BODY_BYTES,
) -> Answer:
    """Send `request` (made by `client.build_request`) and read the answer whole.

    Raises:
        HttpTimeout: no connection or no byte within the client's time.
        HttpFailure: the connection was refused or broke, or the other side spoke no HTTP.
        BodyTooLarge: the body, unpacked, is larger than `max_bytes`.
    """
    if isinstance(client, _Client):
        return await client.lean.fetch(request, max_bytes)
    response = await client.send(request, stream=True)
    try:
        body = bytearray()
        async for part in response.aiter_bytes():
            body += part
            if len(body) > max_bytes:
                raise BodyTooLarge("the answer is too large")
        return Answer(response.status_code, response.headers, bytes(body))
    except httpx.DecodingError as broken:
        raise httpx.RemoteProtocolError("the answer is not packed as it says") from broken
    finally:
        await response.aclose()


async def get(client: HttpClient, url: str, headers: Mapping[str, str]) -> Answer:
    """GET an absolute address and read the answer whole; for calls by the hundred.

    Raises:
        HttpFailure: as `fetch` does.
    """
    if not isinstance(client, _Client):
        return await fetch(client, client.build_request("GET", url, headers=dict(headers)))
    # Lower case as the client's own, so that none is sent twice.
    own = {name.lower(): value for name, value in headers.items()}
    options = {"headers": {**client.usual_headers, **own}, "timeout": client.patience}
    return await client.lean.exchange("GET", url, options, MAX_BODY_BYTES)


class _Client(httpx.AsyncClient):
    """Keeps its transport at hand: `fetch` needs nothing of what httpx does on the way to it."""

    def __init__(self, *, transport: "Transport", **options: Any) -> None:
        super().__init__(transport=transport, **options)
        self.lean = transport
        self.usual_headers = {name.lower(): value for name, value in self.headers.items()}
        self.patience = _patience(self.timeout.as_dict())


class Transport(AiohttpTransport):
    """httpx-aiohttp with its faults named rightly: it calls a refused connection a timeout."""

    async def fetch(self, request: httpx.Request, max_bytes: int) -> Answer:
        """One exchange over aiohttp itself: a fifth of the work of the way through httpx."""
        limits = request.extensions["timeout"]
        headers = [(name.decode(), value.decode("latin-1")) for name, value in request.headers.raw]
        # A form with a file is written only when it is read; a long one is sent in pieces.
        content = await request.aread()
        data = io.BytesIO(content) if len(content) > _SENT_WHOLE else content or None
        return await self.exchange(
            request.method,
            str(request.url),
            {"headers": headers, "data": data, "timeout": _patience(limits)},
            max_bytes,
        )

    async def exchange(
        self, method: str, url: str, options: Mapping[str, Any], max_bytes: int
    ) -> Answer:
        """Send and read the answer whole; `options` are aiohttp's."""
        body = bytearray()
        with _traced(method, urlsplit(url).hostname) as told, _named_faults():
            async with self._opened().request(
                method, url, allow_redirects=False, **options
            ) as response:
                told[_STATUS] = response.status
                async for part in response.content.iter_any():
                    body += part
                    if len(body) > max_bytes:
                        raise BodyTooLarge("the answer is too large")
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, headers, bytes(body))

    def _opened(self) -> aiohttp.ClientSession:
        if not isinstance(self.client, aiohttp.ClientSession):
            self.client = self.get_client()
        return self.client

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with _traced(request.method, None) as told, _named_faults():
            response = await super().handle_async_request(request)
            told[_STATUS] = response.status_code
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _Stream(response.stream)
        return response


def _traced(
    method: str, host: str | None
) -> contextlib.AbstractContextManager[dict[str, str | int]]:
    """A span of one exchange, without the path: it may hold what callers wrote, as a host may."""
    place = {"server__address": host} if host else {}
    return telemetry.call_span(method, http__request__method=method, **place)


def _patience(limits: Mapping[str, float | None]) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        connect=limits["pool"], sock_connect=limits["connect"], sock_read=limits["read"]
    )


class _Stream(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _named_faults():
            async for part in self._inner:
                yield part

    @override
    async def aclose(self) -> None:
        with _named_faults():
            await self._inner.aclose()


@contextlib.contextmanager
def _named_faults() -> Iterator[None]:
    # No text of the fault below is passed on: it may quote what was sent.
    try:
        yield
    except httpx.ConnectTimeout as fault:
        raise _named(fault.__cause__) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as fault:
        raise _named(fault) from None


def _named(fault: BaseException | None) -> httpx.TransportError:
    for kind, name, text in _NAMES:
        if isinstance(fault, kind):
            return name(text)
    return httpx.ReadError("the connection broke")


# The first that fits counts: aiohttp's own timeouts are broken connections, too.
_NAMES: Final[tuple[tuple[type[Exception], type[httpx.TransportError], str], ...]] = (
    (aiohttp.SocketTimeoutError, httpx.ReadTimeout, "no answer in time"),
    (aiohttp.ServerTimeoutError, httpx.ConnectTimeout, "no connection in time"),
    (aiohttp.ClientConnectorError, httpx.ConnectError, "the connection was refused"),
    (aiohttp.ServerConnectionError, httpx.ReadError, "the connection broke"),
    (aiohttp.ClientOSError, httpx.ReadError, "the connection broke"),
    (aiohttp.ClientError, httpx.RemoteProtocolError, "the answer is not HTTP"),
    (TimeoutError, httpx.ReadTimeout, "no answer in time"),
)
