"""Refuses requests whose end two readers could see in different places (request smuggling)."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.http_problems import BadFraming


class Framing:
    """Content-Length beside Transfer-Encoding, or more than one of either, is a 400."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            names = [name for name, _ in scope["headers"]]
            lengths = names.count(b"content-length")
            encodings = names.count(b"transfer-encoding")
            if lengths + encodings > 1:
                raise BadFraming(headers={"Connection": "close"})
            if lengths and not all(
                value.isdigit() for name, value in scope["headers"] if name == b"content-length"
            ):
                raise BadFraming(headers={"Connection": "close"})
        await self.app(scope, receive, send)
