"""What a process opens once and every request may use."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, cast

from redis.asyncio import Redis
from starlette.requests import HTTPConnection
from starlette.types import Scope

from app.core import meters
from app.core.db import Database
from app.core.http import HttpClient, open_client
from app.core.limiter import Limiter, NoLimits, WindowLimiter
from app.core.redis_client import open_redis
from app.core.settings import Settings
from app.core.signing import derive_key

_OUTGOING_SECONDS = 10.0
_OUTGOING_CONNECTIONS = 100
FACTS = "intake.facts"


@dataclass(frozen=True, slots=True)
class Services:
    """The open ends of one process: made at start, closed at shutdown.

    `http` is for calls to identity and calendar providers. `closing` is set when the process is
    about to stop, so that event streams can say goodbye.
    """

    settings: Settings
    database: Database
    redis: Redis
    limiter: Limiter
    http: HttpClient
    closing: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def open_services(
    settings: Settings, *, database: Database | None = None
) -> AsyncIterator[Services]:
    """Open everything for one event loop; nothing is connected to before it is used.

    A `database` that is handed in stays open afterwards: it belongs to whoever opened it.
    """
    redis_url = settings.redis.url.get_secret_value()
    secret = settings.auth.secret_key.get_secret_value()
    async with AsyncExitStack() as stack:
        if database is None:
            database = Database(settings.database)
            stack.push_async_callback(database.close)
        redis = open_redis(settings.redis)
        stack.push_async_callback(redis.aclose)
        limiter: Limiter = NoLimits()
        if settings.limits.rate_limits == "on":
            limiter = WindowLimiter(redis_url, hash_key=derive_key(secret, "limits"))
        stack.push_async_callback(limiter.close)
        client = open_client(timeout_seconds=_OUTGOING_SECONDS, connections=_OUTGOING_CONNECTIONS)
        stack.push_async_callback(client.aclose)
        services = Services(settings, database, redis, limiter, client)
        stack.callback(services.closing.set)
        yield services


def own_gauges(services: Services) -> Callable[[], dict[str, float]]:
    """What an API process measures of itself."""
    return lambda: {
        **services.database.gauges(),
        "event_streams": float(meters.open_streams()),
    }


@dataclass(slots=True)
class RequestFacts:
    """What the middleware keeps about one request, shared by all its layers."""

    request_id: str
    started: float = field(default_factory=perf_counter)
    status: int = 0
    route: str = ""
    """The template of the route that was found; empty where there was none."""
    headers: dict[str, str] = field(default_factory=dict)

    def add_header(self, name: str, value: str) -> None:
        """A header for the answer, whatever the answer will be; equal names are joined."""
        known = self.headers.get(name)
        self.headers[name] = f"{known}, {value}" if known else value


def services(connection: HTTPConnection) -> Services:
    """The process's services, from any request."""
    return cast("Services", connection.app.state.services)


def facts(scope: Scope | dict[str, Any]) -> RequestFacts:
    """The request's facts; a fresh set where the outermost middleware did not run."""
    known = scope.get(FACTS)
    if known is None:
        known = scope[FACTS] = RequestFacts(request_id="")
    return cast("RequestFacts", known)
