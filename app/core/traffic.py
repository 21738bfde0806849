"""Counts requests by route template, method and class of status."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core import meters
from app.core.state import facts

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED: Final = "unmatched"


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """One request has ended; status 0 is one that ended without an answer.

    No label holds anything that a caller has written.
    """
    known = method if method in _METHODS else "other"
    kind = f"{status // 100}xx" if status else "none"
    meters.observe(meters.REQUESTS, seconds, route or UNMATCHED, known, kind)


class RouteNames:
    """The innermost layer: keeps the template of the route that was found, for the outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; the layers outside may have copied the scope, but share its facts."""
        # FastAPI keeps a route with its whole prefix in a part of the scope of its own.
        try:
            await self.app(scope, receive, send)
        finally:
            if scope["type"] == "http":
                found = scope.get("fastapi", {}).get("effective_route_context") or scope.get(
                    "route"
                )
                facts(scope).route = getattr(found, "path_format", "")
