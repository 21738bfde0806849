"""Hostile tokens against both kinds of foreign issuers: nothing but 401 ever comes out."""

import json
import random
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from app.auth.clerk import instance
from app.auth.errors import TokenExpired, TokenInvalid
from app.auth.issuers import Issuers
from app.auth.jwks import KeyState
from app.auth.jwt import parse
from app.auth.key_sets import read_key_set
from app.auth.keycloak import realm
from app.auth.principal import Principal
from app.auth.rings import Ring
from app.core.http import HttpClient, open_client
from app.core.settings_identity import ClerkSettings, KeycloakSettings
from app.core.text import is_clean
from app.dev.issuers.instance import ORIGIN
from app.dev.issuers.keys import SigningKeys
from app.dev.issuers.realm import CLIENT
from tests.auth.hostile_rs256 import CLERK_ONLY, KEYCLOAK_ONLY, hostile
from tests.issuers import Rehearsal
from tests.people import API

KINDS = ("keycloak", "clerk")


class Held:
    """Keys that are there, as those of a set that was fetched."""

    def __init__(self, keys: SigningKeys) -> None:
        self._ring = read_key_set(json.dumps(keys.key_set()).encode())

    async def ring(self, kid: str) -> Ring:
        return self._ring

    def state(self) -> KeyState:
        return KeyState("held", len(self._ring), None, None)

    async def close(self) -> None:
        """Nothing is open."""


def keys_of(rehearsal: Rehearsal, kind: str) -> SigningKeys:
    return rehearsal.realm.keys if kind == "keycloak" else rehearsal.instance.keys


def claims_of(rehearsal: Rehearsal, kind: str) -> dict[str, Any]:
    return rehearsal.keycloak_claims() if kind == "keycloak" else rehearsal.clerk_claims()


def table(rehearsal: Rehearsal, kind: str, stranger: rsa.RSAPrivateKey) -> dict[str, str]:
    """Every hostile token of this kind; each is signed with the issuer's own key where it can be."""
    keys, claims = keys_of(rehearsal, kind), claims_of(rehearsal, kind)
    tokens = hostile(keys, claims, stranger)
    own = KEYCLOAK_ONLY if kind == "keycloak" else CLERK_ONLY
    for name, changes in own.items():
        told = {**claims, **changes}
        tokens[name] = keys.sign({key: value for key, value in told.items() if value is not None})
    if kind == "clerk":
        tokens["a template's token"] = keys.sign(claims, cat="cl_B7d4PD222AAA")
        tokens["a machine's token"] = keys.sign(claims, cat="cl_B7d4PD333AAA")
        tokens["a category that is none"] = keys.sign(claims, cat="")
    else:
        tokens["a header more"] = keys.sign(claims, cat="x")
    return tokens


@pytest.fixture
def http() -> HttpClient:
    """A client that nobody calls with."""
    return open_client(timeout_seconds=1, connections=1)


@pytest.fixture
def issuers(rehearsal: Rehearsal, http: HttpClient) -> Issuers:
    """Both issuers over keys that are at hand."""
    cloak = KeycloakSettings(issuer=rehearsal.keycloak_issuer, client_ids=(CLIENT,))
    clerk = ClerkSettings(issuer=rehearsal.clerk_issuer, authorized_parties=(ORIGIN,))
    return Issuers(
        [
            realm(cloak, Held(rehearsal.realm.keys)),
            instance(clerk, Held(rehearsal.instance.keys), http, ()),
        ]
    )


async def read(issuers: Issuers, token: object) -> Principal:
    return await issuers.read(parse(token))


async def refused(issuers: Issuers, token: object) -> bool:
    try:
        await read(issuers, token)
    except (TokenInvalid, TokenExpired):
        return True
    return False


@pytest.mark.parametrize("kind", KINDS)
async def test_the_table_against_the_verifier(
    rehearsal: Rehearsal,
    issuers: Issuers,
    rsa_keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey],
    kind: str,
) -> None:
    stranger = rsa_keys[1 if kind == "keycloak" else 0]
    tokens = table(rehearsal, kind, stranger)
    assert len(tokens) >= 100
    good = keys_of(rehearsal, kind).sign(claims_of(rehearsal, kind))
    assert not await refused(issuers, good)
    assert [name for name, token in tokens.items() if not await refused(issuers, token)] == []


@pytest.mark.parametrize("kind", KINDS)
async def test_the_table_through_the_api(
    portal: httpx.AsyncClient,
    rehearsal: Rehearsal,
    rsa_keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey],
    kind: str,
) -> None:
    stranger = rsa_keys[1 if kind == "keycloak" else 0]
    for name, token in table(rehearsal, kind, stranger).items():
        answer = await portal.get(f"{API}/users/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, name
        assert answer.headers["www-authenticate"] == "Bearer", name
        assert answer.headers["content-type"] == "application/problem+json", name
        assert answer.json()["code"] in {"auth.token_invalid", "auth.token_expired"}, name
    # The forged names of keys led to one look at the issuer, after the first load.
    assert sum(rehearsal.issuers.calls.values()) <= 2


async def test_hostile_tokens_are_no_better_in_a_body(
    portal: httpx.AsyncClient,
    rehearsal: Rehearsal,
    rsa_keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey],
) -> None:
    for name, token in list(table(rehearsal, "clerk", rsa_keys[0]).items())[::4]:
        answer = await portal.post(f"{API}/login/clerk-auth", json={"clerk_token": token})
        assert answer.status_code in {401, 422}, name
        assert "traceback" not in answer.text.lower(), name


@pytest.mark.parametrize("kind", KINDS)
async def test_mutations_are_refused(rehearsal: Rehearsal, issuers: Issuers, kind: str) -> None:
    good = keys_of(rehearsal, kind).sign(claims_of(rehearsal, kind))
    dice = random.Random(20261121)
    survivors = []
    for _ in range(1500):
        place = dice.randrange(len(good))
        mutants = (
            good[:place],
            good[:place] + chr(dice.randrange(1, 0x250)) + good[place:],
            good[:place] + chr(dice.randrange(33, 127)) + good[place + 1 :],
            ".".join(dice.sample(good.split("."), 3)),
        )
        survivors += [one for one in mutants if one != good and not await refused(issuers, one)]
    assert survivors == []


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
CLAIMED = st.dictionaries(
    st.sampled_from(
        [
            *("email", "email_verified", "name", "given_name", "groups", "realm_access"),
            *("organization", "o", "org_id", "org_role", "act", "sid", "jti", "sts", "v"),
        ]
    ),
    ODD,
)


@settings(max_examples=50)
@given(claims=CLAIMED)
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_an_issuer_signs_becomes_somebody_or_401(
    kind: str, claims: dict[str, Any]
) -> None:
    """Odd claims beside the needed ones are read as nothing, never as a failure."""
    keys = KEYS[kind]
    now = 1_800_000_000
    needed = {"iss": f"https://{kind}.example", "sub": "user_2ada", "iat": now, "exp": now + 60}
    if kind == "keycloak":
        needed |= {"typ": "Bearer", "azp": CLIENT}
    token = keys.sign({**claims, **needed})
    ours = Issuers(
        [
            realm(
                KeycloakSettings(issuer="https://keycloak.example", client_ids=(CLIENT,)),
                HELD[kind],
            ),
            instance(ClerkSettings(issuer="https://clerk.example"), HELD[kind], NOBODY, ()),
        ]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.core.clock.now", lambda: datetime.fromtimestamp(now, UTC))
        try:
            principal = at_once(read(ours, token))
        except TokenInvalid:
            return
    assert principal.subject == "user_2ada"
    assert len(principal.digest()) == 32
    told = (principal.email, principal.full_name, principal.session, principal.identifier)
    assert all(map(is_clean, told))


def at_once(work: Coroutine[Any, Any, Principal]) -> Principal:
    """The outcome of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        principal: Principal = done.value
        return principal
    raise AssertionError("it waited")


_KEY = SigningKeys()
KEYS = dict.fromkeys(KINDS, _KEY)
HELD = dict.fromkeys(KINDS, Held(_KEY))
NOBODY: Any = None


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("keycloak", {"typ": "at+jwt"}),
        ("clerk", {"cat": "cl_B7d4PD111AAA", "oiat": 1, "m": "x"}),
        ("clerk", {"cat": "cl_I7d4PD111III"}),
        ("clerk", {}),
    ],
)
async def test_headers_that_the_real_ones_send(
    rehearsal: Rehearsal, issuers: Issuers, kind: str, header: dict[str, Any]
) -> None:
    token = keys_of(rehearsal, kind).sign(claims_of(rehearsal, kind), **header)
    assert not await refused(issuers, token)


@pytest.mark.parametrize(
    "claims",
    [
        {"azp": None, "aud": CLIENT},
        {"azp": None, "aud": ["account", CLIENT]},
        {"azp": "other", "aud": [CLIENT]},
        {"aud": None},
    ],
)
async def test_the_client_by_azp_or_by_aud(
    rehearsal: Rehearsal, issuers: Issuers, claims: dict[str, Any]
) -> None:
    token = rehearsal.keycloak(**claims)["Authorization"].removeprefix("Bearer ")
    assert not await refused(issuers, token)


async def test_leeway_is_the_issuers_own(rehearsal: Rehearsal, issuers: Issuers) -> None:
    """Keycloak's half a minute, Clerk's five seconds."""
    now = rehearsal.keycloak_claims()["iat"]
    late = {"iat": now - 300, "nbf": now - 305, "exp": now - 15}
    token = rehearsal.keycloak(**late)["Authorization"].removeprefix("Bearer ")
    assert not await refused(issuers, token)
    with pytest.raises(TokenExpired):
        await read(issuers, rehearsal.clerk_token(**late))


async def test_the_issuers_do_not_vouch_for_each_other(
    rehearsal: Rehearsal, issuers: Issuers
) -> None:
    cloak = {**rehearsal.keycloak_claims(), "iss": rehearsal.clerk_issuer, "sub": "user_2ada"}
    clerk = {**rehearsal.clerk_claims(), "iss": rehearsal.keycloak_issuer, "typ": "Bearer"}
    for keys, claims in ((rehearsal.realm.keys, cloak), (rehearsal.instance.keys, clerk)):
        for kid in (rehearsal.realm.keys.kid, rehearsal.instance.keys.kid):
            assert await refused(issuers, keys.sign(claims, kid=kid))
