"""What it costs to know who is asking: verifications a second, their share of a request, a password.

    .venv/bin/python -m scripts.bench.auth             a minute on a quiet machine
    .venv/bin/python -m scripts.bench.auth --write     puts the figures into docs/benchmarks.md

Everything runs in one process on one core, in turns, so that a slow second of the machine touches
all alike: compare the ratios of one run.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jose import jwk, jws
from pydantic import SecretStr

from app.accounts.identity import Identity
from app.auth.issuers import Issuers
from app.auth.jwt import parse
from app.auth.passwords import Passwords
from app.core import log
from app.core.migrations import migrate
from app.core.settings import AuthSettings, DatabaseSettings, LimitSettings, RedisSettings, Settings
from app.core.settings_identity import ClerkSettings, KeycloakSettings
from app.dev.issuers.asgi import LocalIssuers
from app.dev.issuers.instance import INSTANCE_PATH, ORIGIN
from app.dev.issuers.realm import CLIENT, REALM_PATH
from app.dev.local_server import serving
from app.dev.postgres import PostgresServer
from app.dev.valkey import ValkeyServer
from app.main import create_app

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- auth.py -->\n", "<!-- end of auth.py -->"
Figures = dict[str, list[float]]


async def microseconds(work: Callable[[], Awaitable[object]], times: int) -> float:
    """The mean of so many in a row."""
    started = time.perf_counter()
    for _ in range(times):
        await work()
    return (time.perf_counter() - started) / times * 1e6


def settings_for(database: str, redis: str, address: str) -> Settings:
    """Settings that believe the local issuers, as in production but for the addresses."""
    return Settings(
        database=DatabaseSettings(url=SecretStr(database)),
        redis=RedisSettings(url=SecretStr(redis)),
        auth=AuthSettings(secret_key=SecretStr("a secret of this benchmark, long enough")),
        limits=LimitSettings(rate_limits="off"),
        keycloak=KeycloakSettings(issuer=address + REALM_PATH, client_ids=(CLIENT,)),
        clerk=ClerkSettings(issuer=address + INSTANCE_PATH, authorized_parties=(ORIGIN,)),
    )


async def measure(rounds: int) -> Figures:
    """A figure a round for everything, in microseconds."""
    figures: Figures = {}
    log.configure(as_json=True, level="ERROR")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(PostgresServer(folder / "postgres")).url
        redis = stack.enter_context(ValkeyServer(folder / "valkey")).url
        await migrate(database)
        issuers = LocalIssuers()
        address = await stack.enter_async_context(serving(issuers))
        app = create_app(settings_for(database, redis, address))
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app=app)
        client = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://bench")
        )
        works = await prepare(issuers, address, client, app.state.issuers)
        for _ in range(rounds):
            for name, (work, times) in works.items():
                figures.setdefault(name, []).append(await microseconds(work, times))
    return figures


Works = dict[str, tuple[Callable[[], Awaitable[object]], int]]


async def prepare(
    issuers: LocalIssuers, address: str, client: httpx.AsyncClient, known: Issuers
) -> Works:
    """Everything that is timed, each warmed up once."""
    person = issuers.realm.people["ada"]
    realm, instance = address + REALM_PATH, address + INSTANCE_PATH
    keycloak = issuers.realm.keys.sign(
        issuers.realm.access_claims(person, realm, "openid organization")
    )
    clerk = issuers.instance.keys.sign(
        issuers.instance.session_claims(person, instance) | {"exp": int(time.time()) + 3600}
    )
    body = {"email": "bench@example.com", "password": "long enough 4 all", "full_name": "B"}
    registered = await client.post("/api/v1/users", json=body)
    local = registered.raise_for_status().json()["access_token"]
    identity: Identity = client._transport.app.state.identity  # type: ignore[attr-defined]  # noqa: SLF001 - the app under test.
    bare = jwk.construct(_pem(issuers), "RS256")
    passwords = Passwords()
    form = {"username": body["email"], "password": body["password"]}

    async def plain() -> None:
        jws.verify(keycloak, bare, ["RS256"])

    async def verify_own() -> None:
        # Not through `read_bearer`, which remembers our own tokens.
        identity.tokens.read_access(parse(local))

    works: Works = {
        "hs256": (verify_own, 2000),
        "keycloak": (lambda: identity.read_bearer(keycloak), 2000),
        "clerk": (lambda: identity.read_bearer(clerk), 2000),
        "bare": (plain, 2000),
        "hash": (lambda: passwords.hash("long enough 4 all"), 10),
        "login": (lambda: client.post("/api/v1/login/access-token", data=form), 10),
    }
    for name, token in (("local", local), ("keycloak", keycloak), ("clerk", clerk)):
        headers = {"Authorization": f"Bearer {token}"}
        works[f"request {name}"] = (partial(client.get, "/api/v1/users/me", headers=headers), 200)
    for work, _ in works.values():
        await work()
    assert len(known.states()) == 2  # noqa: S101 - a benchmark checks itself.
    return works


def _pem(issuers: LocalIssuers) -> str:
    public = issuers.realm.keys.signer.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def report(figures: Figures) -> str:
    """The table, from the medians of the rounds."""
    middle = {name: statistics.median(values) for name, values in figures.items()}

    def line(what: str, name: str, request: str) -> str:
        cost, whole = middle[name], middle[request]
        times = cost / middle["bare"]
        return (
            f"| {what} | {cost:.0f} | {1e6 / cost:,.0f} | {times:.2f} | {whole:.0f} |"
            f" {cost / whole:.0%} |"
        )

    return "\n".join(
        [
            f"Measured on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, one of them used;"
            " medians of the rounds.",
            "",
            "| token | µs a verification | a second | ÷ bare python-jose, RS256 |"
            " µs a request (GET /users/me) | share of the request |",
            "| --- | --- | --- | --- | --- | --- |",
            line("ours, HS256", "hs256", "request local"),
            line("Keycloak's, RS256, keys at hand", "keycloak", "request keycloak"),
            line("Clerk's, RS256, keys at hand", "clerk", "request clerk"),
            "",
            f"Bare python-jose checks one RS256 signature in {middle['bare']:.0f} µs. A password"
            f" takes {middle['hash'] / 1000:.0f} ms of one core (argon2id, 19 MiB, in a thread), a"
            f" whole sign-in {middle['login'] / 1000:.0f} ms:"
            f" {middle['login'] / middle['request local']:.0f} requests with a token.",
        ]
    )


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    given = parser.parse_args()
    text = report(asyncio.run(measure(given.rounds)))
    print(text)
    if given.write:
        head, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        _, end, tail = rest.partition(END)
        PAGE.write_text(f"{head}{begin}{text}\n{end}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
