"""Limits of signing in: guessing is stopped, and nobody is locked out by a stranger."""

from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from app.core import limiter
from app.core.db import Database
from app.core.limiter import LIMITS, Limit
from app.core.settings import LimitSettings, ServerSettings, Settings
from app.main import create_app
from tests.conftest import Servers, running
from tests.people import API, log_in, register

ACCOUNT, NETWORK, LOGIN = "auth.login_account", "auth.login_network", "auth.login"


@pytest.fixture
async def limited(
    settings: Settings, database: Database, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """A client behind one proxy, with small limits, so that a test says who it calls from."""
    for name, amount in ((LOGIN, 3), (ACCOUNT, 5), (NETWORK, 6)):
        usual = LIMITS[name]
        monkeypatch.setitem(LIMITS, name, Limit(name, amount, usual.seconds, is_strict=True))
    # A busy machine must not look like a lost Redis: each process would then count by itself.
    monkeypatch.setattr(limiter, "REDIS_PATIENCE_SECONDS", 10.0)
    redis = Redis.from_url(servers.valkey.url)
    await redis.flushdb()
    chosen = settings.model_copy(
        update={
            "limits": LimitSettings(rate_limits="on"),
            "server": ServerSettings(environment="test", trusted_proxies=1),
        }
    )
    async with running(create_app(chosen, database=database)) as client:
        yield client
    await redis.flushdb()
    await redis.aclose()


async def guess(client: httpx.AsyncClient, address: str, email: str = "ada@example.com") -> int:
    client.headers["X-Forwarded-For"] = address
    return (await log_in(client, email, "not the password")).status_code


async def test_a_stranger_locks_nobody_out_elsewhere(limited: httpx.AsyncClient) -> None:
    limited.headers["X-Forwarded-For"] = "192.0.2.7"
    await register(limited)
    assert [await guess(limited, "198.51.100.9") for _ in range(4)] == [401, 401, 401, 429]
    # A neighbour of the stranger shares the bucket; the owner elsewhere does not.
    assert await guess(limited, "198.51.100.77") == 429
    limited.headers["X-Forwarded-For"] = "192.0.2.7"
    assert (await log_in(limited)).status_code == 200


async def test_guessing_from_many_places_stops_but_not_for_the_owner(
    limited: httpx.AsyncClient,
) -> None:
    limited.headers["X-Forwarded-For"] = "192.0.2.7"
    await register(limited)
    places = [f"198.51.{number}.9" for number in range(6)]
    assert [await guess(limited, place) for place in places] == [401] * 5 + [429]
    limited.headers["X-Forwarded-For"] = "203.0.113.5"
    refused = await log_in(limited)
    assert (refused.status_code, refused.json()["code"]) == (429, "http.too_many_requests")
    assert ACCOUNT in refused.headers["ratelimit-policy"]
    limited.headers["X-Forwarded-For"] = "192.0.2.99"
    assert (await log_in(limited)).status_code == 200, "the account was signed in from there"


async def test_one_address_may_sign_in_everybody_but_not_guess_at_everybody(
    limited: httpx.AsyncClient,
) -> None:
    limited.headers["X-Forwarded-For"] = "192.0.2.7"
    people = [f"person{number}@example.com" for number in range(8)]
    for email in people:
        await register(limited, email)
    for email in people:
        assert (await log_in(limited, email)).status_code == 200
    for number in range(6):
        assert await guess(limited, "192.0.2.7", f"nobody{number}@example.com") == 401
    assert await guess(limited, "192.0.2.7", "nobody6@example.com") == 429
    assert await guess(limited, "192.0.2.8", "nobody6@example.com") == 401


async def test_asking_for_a_new_password_is_limited_alike_for_all(
    limited: httpx.AsyncClient,
) -> None:
    await register(limited)
    for email in ("ada@example.com", "nobody@example.com"):
        limited.headers["X-Forwarded-For"] = "198.51.100.9"
        body = {"email": email}
        url = f"{API}/login/password-reset-request"
        answers = [(await limited.post(url, json=body)).status_code for _ in range(6)]
        assert answers == [202] * 5 + [429]
        limited.headers["X-Forwarded-For"] = "192.0.2.7"
        assert (await limited.post(url, json=body)).status_code == 202
