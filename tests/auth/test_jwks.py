"""Keys of issuers: which are taken, when they are fetched, and what an outage does."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.auth.errors import IssuerAway
from app.auth.jwks import COOLDOWN_SECONDS, FRESH_SECONDS, FixedKeys, JwksKeys
from app.auth.key_sets import read_key_set
from app.auth.rings import RingRefused
from app.core.http import HttpClient, open_client
from app.core.settings import Settings
from app.core.settings_identity import ClerkSettings
from app.dev.issuers.asgi import Faults
from app.dev.issuers.keys import public_key
from app.main import create_app
from tests.conftest import running
from tests.issuers import Rehearsal, provider_settings
from tests.people import API

Keys = tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    """A real client."""
    client = open_client(timeout_seconds=5, connections=10)
    yield client
    await client.aclose()


@pytest.fixture
def watch() -> Watch:
    """Time stands still unless the test moves it."""
    return Watch()


@pytest.fixture
def keys(rehearsal: Rehearsal, http: HttpClient, watch: Watch) -> JwksKeys:
    """The realm's keys over HTTP."""
    url = f"{rehearsal.keycloak_issuer}/protocol/openid-connect/certs"
    return JwksKeys("keycloak", url, http, monotonic=watch)


def loads(rehearsal: Rehearsal) -> int:
    return sum(rehearsal.issuers.calls.values())


async def settled(keys: JwksKeys) -> None:
    """Let a load in the background come to its end."""
    while keys._loading is not None:
        await asyncio.wait([keys._loading])
        await asyncio.sleep(0)


async def test_a_cold_herd_is_one_load(rehearsal: Rehearsal, keys: JwksKeys) -> None:
    rings = await asyncio.gather(*(keys.ring(rehearsal.realm.keys.kid) for _ in range(200)))
    assert {rehearsal.realm.keys.kid in ring for ring in rings} == {True}
    assert loads(rehearsal) == 1


async def test_a_caller_that_leaves_takes_the_load_from_nobody(
    rehearsal: Rehearsal, keys: JwksKeys
) -> None:
    first, second = (asyncio.create_task(keys.ring("x")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert len(await second) == 1


async def test_forged_names_cost_the_issuer_one_load_a_minute(
    rehearsal: Rehearsal, keys: JwksKeys, watch: Watch
) -> None:
    await keys.ring(rehearsal.realm.keys.kid)
    for _ in range(3):
        await asyncio.gather(*(keys.ring(f"forged-{number}") for number in range(200)))
    assert loads(rehearsal) == 2
    watch.now += COOLDOWN_SECONDS
    await keys.ring("forged")
    await keys.ring("forged")
    assert loads(rehearsal) == 3


async def test_a_turned_key_is_found_at_once(rehearsal: Rehearsal, keys: JwksKeys) -> None:
    old = rehearsal.realm.keys.kid
    await keys.ring(old)
    new = rehearsal.realm.keys.rotate()
    ring = await keys.ring(new)
    assert (old in ring, new in ring) == (True, True)
    rehearsal.realm.keys.forget_old()
    assert loads(rehearsal) == 2


async def test_ten_minutes_are_fresh_and_then_nobody_waits(
    rehearsal: Rehearsal, keys: JwksKeys, watch: Watch
) -> None:
    old = rehearsal.realm.keys.kid
    await keys.ring(old)
    new = rehearsal.realm.keys.rotate()
    rehearsal.realm.keys.forget_old()
    watch.now += FRESH_SECONDS - 1
    assert old in await keys.ring(old)
    assert loads(rehearsal) == 1
    watch.now += 1
    assert old in await keys.ring(old)
    await settled(keys)
    assert old not in await keys.ring(new)
    assert loads(rehearsal) == 2


FAULTS = {
    "500": Faults(status=500),
    "redirect": Faults(status=302),
    "garbage": Faults(body="garbage"),
    "deep": Faults(body="deep"),
    "endless": Faults(body="endless"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_old_keys_are_used_on_while_the_issuer_is_down(
    rehearsal: Rehearsal, keys: JwksKeys, watch: Watch, name: str
) -> None:
    kid = rehearsal.realm.keys.kid
    await keys.ring(kid)
    rehearsal.issuers.faults = FAULTS[name]
    watch.now += FRESH_SECONDS
    for _ in range(5):
        assert kid in await keys.ring(kid)
        await settled(keys)
    assert loads(rehearsal) == 2
    assert keys.state().fault
    assert (keys.state().keys, keys.state().loaded_at is None) == (1, False)
    rehearsal.issuers.faults = Faults()
    watch.now += COOLDOWN_SECONDS
    await keys.ring(kid)
    await settled(keys)
    assert keys.state().fault is None


async def test_without_any_keys_it_is_an_outage(
    rehearsal: Rehearsal, keys: JwksKeys, watch: Watch
) -> None:
    rehearsal.issuers.faults = Faults(status=503)
    outcomes = await asyncio.gather(*(keys.ring("any") for _ in range(50)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {IssuerAway}
    with pytest.raises(IssuerAway) as caught:
        await keys.ring("any")
    assert caught.value.headers == {"Retry-After": "5"}
    assert loads(rehearsal) == 1
    rehearsal.issuers.faults = Faults()
    watch.now += 5
    assert len(await keys.ring("any")) == 1


async def test_an_issuer_that_says_nothing_is_left(
    rehearsal: Rehearsal, keys: JwksKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.auth.jwks.LOAD_SECONDS", 0.05)
    rehearsal.issuers.faults = Faults(delay_seconds=0.5)
    with pytest.raises(IssuerAway):
        await keys.ring("any")
    assert keys.state().fault == "no answer in time"


async def test_an_address_where_nobody_listens(http: HttpClient) -> None:
    keys = JwksKeys("keycloak", "http://127.0.0.1:9/certs", http)
    with pytest.raises(IssuerAway):
        await keys.ring("any")
    assert keys.state().fault == "the connection was refused"
    await keys.close()


async def test_a_cold_start_in_an_outage_is_503_and_heals(
    portal: httpx.AsyncClient, rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.auth.jwks.COLD_PAUSE_SECONDS", 0.0)
    rehearsal.issuers.faults = Faults(status=500)
    for headers in (rehearsal.keycloak(), rehearsal.clerk()):
        answer = await portal.get(f"{API}/users/me", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "auth.provider_unavailable")
        assert "retry-after" in answer.headers
    health = (await portal.get("/health")).json()
    assert health["checks"]["issuers"]["status"] == "degraded"
    assert "its tokens cannot be checked" in health["checks"]["issuers"]["detail"]
    hostile = {"Authorization": "Bearer a.b.c"}
    assert (await portal.get(f"{API}/users/me", headers=hostile)).status_code == 401
    # A route without sign-in needs no issuer.
    assert (await portal.get("/livez", headers=rehearsal.keycloak())).status_code == 200
    rehearsal.issuers.faults = Faults()
    answer = await portal.get(f"{API}/users/me", headers=rehearsal.keycloak())
    assert answer.status_code == 200


async def test_health_tells_of_keys_without_asking_for_them(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    check = (await portal.get("/health")).json()["checks"]["issuers"]
    assert (check["status"], loads(rehearsal)) == ("healthy", 0)
    assert check["detail"] == "keycloak: not asked yet. clerk: not asked yet."
    await portal.get(f"{API}/users/me", headers=rehearsal.keycloak())
    asked = loads(rehearsal)
    check = (await portal.get("/health")).json()["checks"]["issuers"]
    assert check["detail"].startswith("keycloak: 1 keys of 20")
    assert loads(rehearsal) == asked


async def test_turning_the_key_in_the_middle_is_not_noticed(
    portal: httpx.AsyncClient, rehearsal: Rehearsal
) -> None:
    old = rehearsal.keycloak()
    assert (await portal.get(f"{API}/users/me", headers=old)).status_code == 200
    rehearsal.realm.keys.rotate()
    for headers in (rehearsal.keycloak(), old):
        assert (await portal.get(f"{API}/users/me", headers=headers)).status_code == 200


def entry(keys: Keys, **more: Any) -> dict[str, Any]:
    return {key: value for key, value in public_key("k", keys[0], **more).items() if value}


def read(*entries: Any) -> list[str]:
    ring = read_key_set(json.dumps({"keys": entries}).encode())
    return sorted(ring._keys)


@pytest.mark.parametrize(
    "more",
    [
        {"use": "enc"},
        {"use": ["sig"]},
        {"alg": "RSA-OAEP"},
        {"alg": "RS512"},
        {"alg": "none"},
        {"kty": "EC"},
        {"kty": None},
        {"key_ops": ["encrypt"]},
        {"key_ops": "verify"},
        {"kid": None},
        {"kid": 7},
        {"kid": "x" * 256},
        {"d": "AQAB"},
        {"e": "Aw"},
        {"e": "AQAC"},
        {"e": None},
        {"n": "AQAB"},
        {"n": "!" * 342},
        {"n": 7},
    ],
)
def test_keys_that_are_not_for_us_are_left_out(rsa_keys: Keys, more: dict[str, Any]) -> None:
    good = public_key("good", rsa_keys[1])
    assert read(good, entry(rsa_keys, **more)) == ["good"]
    with pytest.raises(RingRefused):
        read(entry(rsa_keys, **more))


def weak_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose.


def test_a_short_key_is_left_out(rsa_keys: Keys) -> None:
    short = weak_key()
    assert read(public_key("good", rsa_keys[1]), public_key("short", short)) == ["good"]


@pytest.mark.parametrize("more", [{"use": None}, {"alg": None}, {"key_ops": ["verify"]}])
def test_keys_that_leave_something_out_are_taken(rsa_keys: Keys, more: dict[str, Any]) -> None:
    assert read(entry(rsa_keys, **more)) == ["k"]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"keys": []}',
        b'{"keys": {}}',
        b'{"keys": [1, null, "x", []]}',
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps({"keys": [{}] * 101}).encode(),
    ],
)
def test_what_is_no_set_is_refused(document: bytes) -> None:
    with pytest.raises(RingRefused):
        read_key_set(document)


def test_a_set_with_a_secret_or_a_name_twice_is_refused_whole(rsa_keys: Keys) -> None:
    good = public_key("good", rsa_keys[1])
    with pytest.raises(RingRefused):
        read(good, {"kty": "oct", "kid": "secret", "k": "AAAA"})
    with pytest.raises(RingRefused):
        read(good, public_key("good", rsa_keys[0]))
    assert read(good, public_key("good", rsa_keys[0], use="enc")) == ["good"]


def pem(key: Any) -> str:
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    return str(key.public_key().public_bytes(serialization.Encoding.PEM, public).decode())


@pytest.mark.parametrize("newline", ["\n", "\\n"])
async def test_a_key_in_pem_serves_without_asking(
    settings: Settings, database: Any, rehearsal: Rehearsal, rsa_keys: Keys, newline: str
) -> None:
    text = pem(rsa_keys[1]).replace("\n", newline)
    own = provider_settings(settings, rehearsal, jwt_key=text)
    async with running(create_app(own, database=database)) as client:
        token = rehearsal.clerk_token(email="ada@northwind.example", email_verified=True)
        headers = {"Authorization": f"Bearer {token}"}
        assert (await client.get(f"{API}/users/me", headers=headers)).status_code == 200
        forged = rehearsal.keycloak_claims(iss=rehearsal.clerk_issuer, sub="user_2ada")
        headers = {"Authorization": f"Bearer {rehearsal.realm.keys.sign(forged)}"}
        assert (await client.get(f"{API}/users/me", headers=headers)).status_code == 401
    assert loads(rehearsal) == 0


def test_other_text_is_no_key() -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    for text in ("", "no key", "é", pem(curve), pem(weak_key())):
        with pytest.raises(RingRefused):
            FixedKeys("clerk", text)


@pytest.mark.parametrize("address", ["clerk.example", "ftp://x/", "https://", "http://x:99999"])
def test_an_address_must_be_one(address: str) -> None:
    with pytest.raises(ValueError, match=r"CLERK_ISSUER|[Pp]ort"):
        ClerkSettings(issuer=address)
