"""Named limits: whose bucket, what the headers say, and what happens without Redis."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
from fastapi import APIRouter, Depends, Request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from redis.asyncio import Redis

from app.core.caller import client_address, network_of
from app.core.limiter import LIMITS, Limit, WindowLimiter
from app.core.limits import address_key, is_limited, limit, take
from app.core.settings import (
    AuthSettings,
    DatabaseSettings,
    LimitSettings,
    RedisSettings,
    ServerSettings,
    Settings,
)

LOGIN = LIMITS["auth.login"]


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an answer in time a process counts for itself, and a busy machine may not give one."""
    monkeypatch.setattr("app.core.limiter.REDIS_PATIENCE_SECONDS", 10.0)


@pytest.fixture
async def limiter(servers: Any) -> AsyncIterator[WindowLimiter]:
    """A limiter over a real Valkey that starts empty."""
    redis = Redis.from_url(servers.valkey.url)
    await redis.flushdb()
    opened = WindowLimiter(servers.valkey.url, hash_key=b"k" * 32)
    yield opened
    await opened.close()
    await redis.flushdb()
    await redis.aclose()


@pytest.mark.usefixtures("patience")
async def test_looking_does_not_count(limiter: WindowLimiter) -> None:
    for _ in range(3):
        before = await limiter.look(LOGIN, "ada")
        assert before is not None
        assert (before.allowed, before.remaining) == (True, LOGIN.amount)
    for _ in range(LOGIN.amount):
        await limiter.hit(LOGIN, "ada")
    after = await limiter.look(LOGIN, "ada")
    assert after is not None
    assert (after.allowed, after.remaining) == (False, 0)


@pytest.mark.parametrize(
    ("forwarded", "proxies", "expected"),
    [
        ([], 0, "192.0.2.1"),
        (["6.6.6.6"], 0, "192.0.2.1"),
        (["6.6.6.6"], 1, "6.6.6.6"),
        (["1.1.1.1, 6.6.6.6"], 1, "6.6.6.6"),
        (["1.1.1.1", "6.6.6.6"], 1, "6.6.6.6"),
        (["9.9.9.9, 1.1.1.1, 6.6.6.6"], 2, "1.1.1.1"),
        (["6.6.6.6"], 2, "192.0.2.1"),
        ([], 1, "192.0.2.1"),
    ],
)
def test_the_address_behind_exactly_the_trusted_proxies(
    forwarded: list[str], proxies: int, expected: str
) -> None:
    """What a caller writes to the left of the proxies' own entries counts for nothing."""
    scope = {
        "client": ("192.0.2.1", 1),
        "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded],
    }
    assert client_address(scope, proxies) == expected


@given(st.text(max_size=40), st.lists(st.text(max_size=20), max_size=4), st.integers(0, 4))
def test_any_header_gives_some_short_key(peer: str, chain: list[str], proxies: int) -> None:
    """Odd addresses are buckets like others, never a failure."""
    value = ",".join(chain).encode("latin-1", errors="replace")
    scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", value)]}
    assert len(network_of(client_address(scope, proxies))) <= 64


@pytest.mark.parametrize(
    ("address", "fine", "coarse"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
    ],
)
def test_a_whole_network_is_one_caller(address: str, fine: str, coarse: str) -> None:
    """Somebody with a /64 has 2^64 addresses."""
    assert network_of(address) == fine
    assert network_of(address, coarse=True) == coarse


@pytest.mark.usefixtures("patience")
async def test_the_limit_is_kept_exactly(limiter: WindowLimiter) -> None:
    """Ten pass, also at once, and the eleventh does not; other keys have their own count."""
    verdicts = await asyncio.gather(*(limiter.hit(LOGIN, "ada") for _ in range(15)))
    assert sum(verdict.allowed for verdict in verdicts if verdict) == LOGIN.amount
    other = await limiter.hit(LOGIN, "bob")
    assert other is not None
    assert (other.allowed, other.remaining) == (True, LOGIN.amount - 1)
    assert 1 <= other.reset <= LOGIN.seconds


@pytest.mark.usefixtures("patience")
async def test_of_a_wide_limit_redis_is_told_for_many_at_once(
    limiter: WindowLimiter, servers: Any
) -> None:
    """What is left falls by one each time; another process learns of all but the last few."""
    wide = Limit("test.wide", 2000, 60, together=10)
    async with Redis.from_url(servers.valkey.url) as redis:
        before = (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"]
        verdicts = [await limiter.hit(wide, "ada") for _ in range(100)]
        asked = (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"] - before
    assert [v.remaining for v in verdicts if v] == list(range(1999, 1899, -1))
    assert asked <= 2 * 11
    other = WindowLimiter(servers.valkey.url, hash_key=b"k" * 32)
    seen = await other.look(wide, "ada")
    await other.close()
    assert seen is not None
    assert 1900 <= seen.remaining < 1910


@pytest.mark.usefixtures("patience")
async def test_a_wide_limit_near_its_end_is_exact(servers: Any, limiter: WindowLimiter) -> None:
    """Two processes let through exactly as many as the limit says when little is left of it."""
    wide = Limit("test.wide", 170, 60, together=10)
    other = WindowLimiter(servers.valkey.url, hash_key=b"k" * 32)
    allowed = 0
    for at in range(180):
        verdict = await (limiter, other)[at % 2].hit(wide, "ada")
        assert verdict is not None
        allowed += verdict.allowed
    await other.close()
    assert allowed == 170


async def test_the_window_slides(limiter: WindowLimiter) -> None:
    """The count comes down again by itself."""
    short = Limit("test.short", 2, 1)
    assert [v.allowed for _ in range(3) if (v := await limiter.hit(short, "a"))] == [
        True,
        True,
        False,
    ]
    await asyncio.sleep(2.1)
    verdict = await limiter.hit(short, "a")
    assert verdict is not None
    assert verdict.allowed


async def test_no_key_is_readable_in_redis(limiter: WindowLimiter, servers: Any) -> None:
    """An e-mail address or an IP address in Redis would be personal data there."""
    await limiter.hit(LOGIN, "ada@example.org")
    async with Redis.from_url(servers.valkey.url) as redis:
        keys = b" ".join([key async for key in redis.scan_iter()])
    assert b"intake:limits" in keys
    assert b"ada" not in keys


async def test_without_redis_reads_pass_and_logins_are_still_counted() -> None:
    """And nobody waits for it: after one failure it is left alone for a while."""
    limiter = WindowLimiter("redis://127.0.0.1:1/0", hash_key=b"k" * 32)
    assert await limiter.hit(LIMITS["api"], "ada") is None
    before = time.monotonic()
    verdicts = [await limiter.hit(LOGIN, "ada") for _ in range(15)]
    assert time.monotonic() - before < 3
    assert [bool(verdict and verdict.allowed) for verdict in verdicts] == [True] * 10 + [False] * 5
    await limiter.close()


async def test_a_frozen_redis_stalls_nobody(limiter: WindowLimiter, servers: Any) -> None:
    """A quarter of a second for those who wait, and the loop runs on meanwhile."""
    await limiter.hit(LOGIN, "warm")
    process = servers.valkey.process
    os.kill(process.pid, signal.SIGSTOP)
    try:
        turns = 0

        async def watch() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.005)
                turns += 1

        watcher = asyncio.create_task(watch())
        before = time.monotonic()
        verdicts = await asyncio.gather(*(limiter.hit(LIMITS["api"], "a") for _ in range(50)))
        first = time.monotonic() - before
        before = time.monotonic()
        watcher.cancel()
        strict = [await limiter.hit(LOGIN, "ada") for _ in range(10)]
        later = time.monotonic() - before
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert verdicts == [None] * 50
    assert None not in strict
    # One after the other, fifty would wait for 12 s and the ten that follow for 2.5 s.
    assert first < 5
    assert later < 1.5
    assert turns > 3


def limited_settings(
    servers: Any, *, proxies: int = 0, limits: Literal["on", "off"] = "on"
) -> Settings:
    """Settings with limits over the test's Valkey."""
    return Settings(
        server=ServerSettings(
            environment="test", trusted_proxies=proxies, cors_origins=("https://front.example",)
        ),
        database=DatabaseSettings(url=SecretStr("postgresql://127.0.0.1:1/none")),
        redis=RedisSettings(url=SecretStr(servers.valkey.url)),
        auth=AuthSettings(secret_key=SecretStr("a-secret-of-the-tests")),
        limits=LimitSettings(rate_limits=limits),
    )


def doors() -> APIRouter:
    """Two routers' worth of routes that share a path's tail."""
    router = APIRouter()

    @router.post("/login", dependencies=[limit("auth.login")])
    async def login() -> str:
        return "in"

    @router.post("/both", dependencies=[limit("auth.refresh"), limit("auth.login_network")])
    async def both() -> str:
        return "in"

    @router.post("/account")
    async def account(request: Request) -> str:
        await take(request, "auth.login", request.headers["X-Account"])
        return "in"

    return router


@pytest.mark.usefixtures("limiter")
async def test_over_http(serve: Any, servers: Any, problem: Any) -> None:
    """429 says when to come back; the state is on every answer, and CORS headers stay."""
    async with serve(doors(), settings=limited_settings(servers)) as client:
        client.headers["Origin"] = "https://front.example"
        answers = [await client.post("/login") for _ in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]
        assert answers[0].headers["ratelimit-policy"] == '"auth.login";q=10;w=60'
        assert answers[0].headers["ratelimit"].startswith('"auth.login";r=9;t=')
        problem(answers[-1], 429, "http.too_many_requests")
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert answers[-1].headers["ratelimit"].startswith('"auth.login";r=0;t=')
        assert answers[-1].headers["access-control-allow-origin"] == "https://front.example"
        both = await client.post("/both")
        policy = '"auth.refresh";q=30;w=60, "auth.login_network";q=100;w=60'
        assert both.headers["ratelimit-policy"] == policy


@pytest.mark.usefixtures("limiter")
async def test_forged_addresses_do_not_widen_a_limit(serve: Any, servers: Any) -> None:
    """With no proxy trusted the header is air; with one, only its own entry counts."""
    for proxies, tail in ((0, ""), (1, ", 192.0.2.9")):
        settings = limited_settings(servers, proxies=proxies)
        async with serve(doors(), settings=settings, peer=f"203.0.113.{proxies}") as client:
            statuses = [
                (
                    await client.post("/login", headers={"X-Forwarded-For": f"{forged}{tail}"})
                ).status_code
                for forged in (f"198.51.100.{at}" for at in range(14))
            ]
        assert statuses == [200] * 10 + [429] * 4


@pytest.mark.usefixtures("limiter")
async def test_a_limit_by_account_follows_the_account(serve: Any, servers: Any) -> None:
    """Wherever its requests come from."""
    settings = limited_settings(servers)
    statuses = []
    for at in range(12):
        async with serve(doors(), settings=settings, peer=f"203.0.113.{at}") as client:
            answer = await client.post("/account", headers={"X-Account": "ada"})
            statuses.append(answer.status_code)
    assert statuses == [200] * 10 + [429] * 2


async def test_limits_can_be_switched_off(serve: Any, servers: Any) -> None:
    """For load tests; production refuses to start so."""
    async with serve(doors(), settings=limited_settings(servers, limits="off")) as client:
        answers = [await client.post("/login") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers


def test_a_limit_has_to_stand_in_the_table() -> None:
    """A misspelt name is a fault at import, not a route without a limit."""
    with pytest.raises(KeyError):
        limit("auth.logn")
    assert is_limited(limit("api").dependency)
    assert not is_limited(address_key)
    assert not is_limited(Depends(address_key).dependency)
    assert all(name == known.name for name, known in LIMITS.items())
