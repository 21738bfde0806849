"""Counts this process's requests by route template, method and class of status."""

from typing import Final

from prometheus_client import CollectorRegistry, Histogram
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.state import facts

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED: Final = "unmatched"


class Traffic:
    """One application's requests; no label holds anything that a caller has written."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._duration = Histogram(
            "intake_http_request_duration_seconds",
            "Time from the first byte of a request to the end of its answer.",
            ("route", "method", "status"),
            buckets=_SECONDS,
            registry=self.registry,
        )

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request has ended; status 0 is one that ended without an answer."""
        known = method if method in _METHODS else "other"
        kind = f"{status // 100}xx" if status else "none"
        self._duration.labels(route or UNMATCHED, known, kind).observe(seconds)


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
