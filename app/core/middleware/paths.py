"""One spelling for each address, and HEAD wherever there is GET."""

from urllib.parse import unquote_to_bytes

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.http_problems import InvalidRequest
from app.core.problems import FieldError, NotFound
from app.core.text import is_clean


class Paths:
    """Routes are registered without a trailing slash; both forms reach them, without a redirect.

    A redirect would lose Authorization behind a TLS proxy. Paths and queries that hold NUL or
    other control characters go no further: no room could store or compare them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if not is_clean(path):
            raise NotFound
        _check_query(scope["query_string"])
        if len(path) > 1 and path.endswith("/"):
            raw = scope.get("raw_path")
            scope = {**scope, "path": path[:-1]}
            if raw is not None:
                scope["raw_path"] = raw.removesuffix(b"/")
        if scope["method"] == "HEAD":
            await _answer_head(self.app, {**scope, "method": "GET"}, receive, send)
        else:
            await self.app(scope, receive, send)


def _check_query(query: bytes) -> None:
    if not query:
        return
    for part in query.replace(b"+", b" ").split(b"&"):
        name, _, value = part.partition(b"=")
        try:
            texts = [unquote_to_bytes(name).decode(), unquote_to_bytes(value).decode()]
        except UnicodeDecodeError:
            texts = ["\x00"]
        if not all(map(is_clean, texts)):
            place = f"/query/{texts[0]}" if is_clean(texts[0]) else "/query"
            message = "Control characters and bytes that are not UTF-8 are refused"
            raise InvalidRequest(
                f"query: {message}",
                errors=[FieldError(place[:80], "text.control_character", message)],
            )


async def _answer_head(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run GET for its headers and stop it before it streams a body that nobody will see."""
    with anyio.CancelScope() as running:

        async def send_headers(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
            elif not running.cancel_called:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                if message.get("more_body", False):
                    running.cancel()

        await app(scope, receive, send_headers)
