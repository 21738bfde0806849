"""CORS around everything that can answer, the answer to an unforeseen failure included."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.http_problems import OriginRefused
from app.core.problem_answers import render

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    "Last-Event-ID",
    "X-Organization",
    "X-Request-ID",
    "X-Requested-With",
)
EXPOSED = (
    "X-Request-ID",
    "X-Release",
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Content-Disposition",
    "Idempotency-Replayed",
)
PREFLIGHT_SECONDS = 7200


class Cors(CORSMiddleware):
    """Starlette's, whose refusal of a preflight is a problem like any other.

    Credentials are allowed for named origins only, never together with `*`.
    """

    def __init__(self, app: ASGIApp, *, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            allow_credentials="*" not in origins,
            expose_headers=EXPOSED,
            max_age=PREFLIGHT_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; a preflight is answered here."""
        if scope.get("method") != "OPTIONS":
            await super().__call__(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "origin" not in headers or "access-control-request-method" not in headers:
            await super().__call__(scope, receive, send)
            return
        answer = self.preflight_response(request_headers=headers)
        if answer.status_code == 400:
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name == "vary" or name.startswith("access-control-")
            }
            answer = render(OriginRefused(headers=kept), scope)
        else:
            answer.headers["Cache-Control"] = f"max-age={PREFLIGHT_SECONDS}"
        await answer(scope, receive, send)
