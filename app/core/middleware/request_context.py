"""The outermost layer: request id, release, security headers, the access line.

It is outside of CORS, because CORS answers preflights by itself and those carry the id too.
"""

import re
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.caller import connection
from app.core.ids import new_id
from app.core.log import logger, request_id
from app.core.middleware.headers import header
from app.core.state import FACTS, RequestFacts
from app.core.traffic import count_request

_SANE = re.compile(r"[A-Za-z0-9._-]{1,128}")
_NOTHING_BUT_DATA = b"default-src 'none'; frame-ancestors 'none'"
_FRAMES_ONLY = b"frame-ancestors 'none'"
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
# Pages for people bring their own policy; these paths get no policy made for data.
_PAGES = ("/docs", "/console")
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})


class RequestContext:
    """Gives each request its id and each answer the headers that all of them carry."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        release: str,
        is_https_only: bool,
        trusted_proxies: int = 0,
    ) -> None:
        self.app = app
        self.trusted_proxies = trusted_proxies
        self.release = release.encode()
        self.always = (*_ALWAYS, _HTTPS_ONLY) if is_https_only else _ALWAYS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; websockets and the lifespan pass untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = header(scope, b"x-request-id")
        known = RequestFacts(asked if _SANE.fullmatch(asked) else new_id().hex)
        scope[FACTS] = known

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                known.status = message["status"]
                self._add_headers(message, scope["path"], known)
            await send(message)

        token = request_id.set(known.request_id)
        came_from = connection.set((scope, self.trusted_proxies))
        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            seconds = perf_counter() - known.started
            count_request(known.route, scope["method"], known.status, seconds)
            _write_line(scope, known, seconds)
            connection.reset(came_from)
            request_id.reset(token)

    def _add_headers(self, message: Message, path: str, known: RequestFacts) -> None:
        headers: list[tuple[bytes, bytes]] = message.setdefault("headers", [])
        own = [(b"x-request-id", known.request_id.encode()), (b"x-release", self.release)]
        own += [
            (name.lower().encode(), value.encode("latin-1"))
            for name, value in known.headers.items()
        ]
        present = {name for name, _ in headers}
        policy = _FRAMES_ONLY if path.startswith(_PAGES) else _NOTHING_BUT_DATA
        # Whoever gives an ETag wants it asked for; all else stays out of every cache unless said.
        cache = b"private, no-cache" if b"etag" in present else b"no-store"
        chosen = ((b"content-security-policy", policy), (b"cache-control", cache))
        own += [pair for pair in (*self.always, *chosen) if pair[0] not in present]
        headers.extend(own)


def _write_line(scope: Scope, known: RequestFacts, seconds: float) -> None:
    """One line a request. The query is left out: a search may hold a person's name."""
    if scope["path"].rstrip("/") in _QUIET:
        return
    logger.request(
        method=scope["method"],
        path=scope["path"],
        status=known.status,
        duration_ms=round(seconds * 1000, 2),
    )
