"""The dependency that puts a named limit on a route, and whose bucket a request belongs to."""

from collections.abc import Awaitable, Callable
from inspect import signature
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency

from app.core.caller import client_address, network_of
from app.core.http_problems import TooManyRequests
from app.core.limiter import LIMITS, Verdict
from app.core.log import logger
from app.core.state import facts, services


def coarse_network(request: Request) -> str:
    """The neighbourhood that the caller's address lies in: a /24, or a /48 of IPv6."""
    proxies = services(request).settings.server.trusted_proxies
    return network_of(client_address(request.scope, proxies), coarse=True)


async def address_key(request: Request) -> str:
    """The caller's address as a key: for routes that nobody has signed in to."""
    proxies = services(request).settings.server.trusted_proxies
    return network_of(client_address(request.scope, proxies))


async def take(request: Request, name: str, key: str) -> None:
    """Count this request against a named limit, and put the limit's state on the answer.

    For keys that only the body tells (the account of a login); routes use `limit`. The key may
    hold an e-mail address: only its keyed hash leaves the process.

    Raises:
        TooManyRequests: the limit is used up; Retry-After says for how long.
        KeyError: no such limit in the table; that is a fault of the code.
    """
    verdict = await services(request).limiter.hit(LIMITS[name], key)
    if verdict is None:
        return
    _show(request, verdict)
    if not verdict.allowed:
        raise refused(verdict)


async def look(request: Request, name: str, key: str) -> Verdict | None:
    """What a named limit says of this key, without counting; None when nobody counts now.

    For limits that only failures count against: what is used up is shown on the answer. Requests
    that are under way at once all see the same; the rooms bound how many those can be.
    """
    verdict = await services(request).limiter.look(LIMITS[name], key)
    if verdict is not None and not verdict.allowed:
        _show(request, verdict)
    return verdict


async def count(request: Request, name: str, key: str) -> None:
    """Count this request against a named limit although it has been let through."""
    await services(request).limiter.hit(LIMITS[name], key)


def _show(request: Request, verdict: Verdict) -> None:
    known = facts(request.scope)
    known.add_header("RateLimit-Policy", verdict.limit.policy)
    known.add_header("RateLimit", verdict.state)


def refused(verdict: Verdict) -> TooManyRequests:
    """The refusal of a request by a limit that is used up."""
    logger.info("limits.refused", limit=verdict.limit.name)
    return TooManyRequests(
        f"Too many requests; try again in {verdict.reset} s.",
        headers={"Retry-After": str(verdict.reset)},
    )


def limit(name: str, *, key: Callable[..., Any] = address_key) -> Any:
    """`dependencies=[limit("claims.upload", key=account_key)]`.

    `key` is an async dependency that returns the bucket's key: who is asking, else from where. One
    that takes the request alone is called here, which spares FastAPI a dependency for every request.
    """
    if name not in LIMITS:
        raise KeyError(f"{name} is not in the table of limits")
    limited: Callable[..., Awaitable[None]]
    if list(signature(key).parameters) == ["request"]:

        async def limited(request: Request) -> None:
            await take(request, name, await key(request))

    else:

        async def limited(request: Request, bucket: Annotated[str, Depends(key)]) -> None:
            await take(request, name, bucket)

    limited.__name__ = f"limit_{name}"
    dependency: Dependency = Depends(limited)
    return dependency


def is_limited(call: Callable[..., Any] | None) -> bool:
    """Whether a dependency is a rate limit: for the test that walks every route."""
    return getattr(call, "__qualname__", "").startswith("limit.<locals>")
