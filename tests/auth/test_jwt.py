"""Hostile tokens against the strict wrapper: nothing but two kinds of 401 ever comes out."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jose import jwk
from jose.backends import HMACKey, RSAKey

from app.auth.errors import TokenExpired, TokenInvalid
from app.auth.jwt import Rules, Verifier, sign
from app.auth.rings import Ring, RingKey, RingRefused
from tests.auth.hostile import (
    CLAIMS,
    GOOD,
    HEADER,
    HOSTILE,
    KID,
    NOW,
    OTHER,
    PRIVATE_PEM,
    PUBLIC_DER,
    PUBLIC_PEM,
    RING,
    RULES,
    SECRET,
    VERIFIER,
    raw,
    token,
)


def test_the_good_token_holds() -> None:
    verified = VERIFIER.verify(GOOD, now=NOW)
    assert verified.provider == "local"
    assert verified.claims == CLAIMS


def test_the_table_is_long_enough() -> None:
    assert len(HOSTILE) >= 45


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_tokens_are_invalid(name: str) -> None:
    with pytest.raises(TokenInvalid):
        VERIFIER.verify(HOSTILE[name], now=NOW)


@pytest.mark.parametrize("name", ["header deep", "exp 1e400", "exp 5000 digits"])
def test_what_blows_up_inside_is_still_invalid(name: str) -> None:
    assert len(str(HOSTILE[name])) < 8192, "it must not be refused for its size alone"


@pytest.mark.parametrize(
    ("change", "is_good"),
    [
        ({"exp": NOW - 29, "iat": NOW - 900}, True),
        ({"iat": NOW + 30}, True),
        ({"nbf": NOW + 30}, True),
        ({"exp": NOW - 10 + 86_400}, True),
    ],
)
def test_the_edges_of_time(change: dict[str, int], is_good: bool) -> None:
    assert VERIFIER.verify(token(**change), now=NOW).claims["sub"] == "ada"


def test_a_token_past_its_leeway_is_expired_and_not_invalid() -> None:
    with pytest.raises(TokenExpired):
        VERIFIER.verify(token(exp=NOW - 30, iat=NOW - 900), now=NOW)


def test_a_forged_token_is_invalid_even_when_it_is_expired() -> None:
    with pytest.raises(TokenInvalid):
        VERIFIER.verify(token(None, OTHER, exp=NOW - 500, iat=NOW - 900), now=NOW)


def test_who_leaves_may_show_an_expired_token_but_no_forged_one() -> None:
    late = token(exp=NOW - 500, iat=NOW - 900)
    assert VERIFIER.verify(late, now=NOW, expired_too=True).claims["sub"] == "ada"
    with pytest.raises(TokenInvalid):
        VERIFIER.verify(token(None, OTHER), now=NOW, expired_too=True)


def _inserted(text: str, dice: random.Random) -> str:
    place = dice.randrange(len(text))
    return text[:place] + chr(dice.randrange(1, 0x3000)) + text[place:]


MUTATIONS: tuple[Callable[[str, random.Random], str], ...] = (
    lambda text, dice: text[: dice.randrange(len(text))],
    lambda text, dice: text.replace(dice.choice(text), chr(dice.randrange(1, 0x250)), 1),
    _inserted,
    lambda text, dice: ".".join(dice.sample(text.split("."), 3)),
    lambda text, dice: text + text[dice.randrange(len(text)) :],
)


def test_ten_thousand_mutations_are_refused() -> None:
    dice = random.Random(20261121)
    survivors = []
    for _ in range(10_000):
        mutant = dice.choice(MUTATIONS)(GOOD, dice)
        if mutant == GOOD:
            continue
        try:
            VERIFIER.verify(mutant, now=NOW)
        except (TokenInvalid, TokenExpired):
            continue
        survivors.append(mutant)
    assert survivors == []


@given(st.text(max_size=300))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(TokenInvalid):
        VERIFIER.verify(text, now=NOW)


@given(
    st.dictionaries(
        st.sampled_from(["iss", "sub", "use", "iat", "exp", "nbf", "aud", "x"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
    )
)
def test_any_signed_claims_are_refused_or_whole(claims: dict[str, Any]) -> None:
    hostile = raw(json.dumps(HEADER), json.dumps({"iss": "intake", **claims}))
    try:
        verified = VERIFIER.verify(hostile, now=NOW)
    except (TokenInvalid, TokenExpired):
        return
    assert {"iss", "sub", "use", "iat", "exp"} <= verified.claims.keys()


def rsa_rules(ring: Ring) -> Verifier:
    return Verifier([Rules("cloak", "intake", ring, lambda _: True, 86_400)])


def test_a_second_issuer_is_a_second_rule_set() -> None:
    """What Keycloak and Clerk will be: RS256 beside our own, chosen by the issuer."""
    public = RingKey("r1", "RS256", jwk.construct(PUBLIC_PEM.decode(), "RS256"))
    theirs = Rules("cloak", "https://cloak.example", Ring([public]), lambda _: True, 3600)
    both = Verifier([RULES, theirs])
    private = Ring([RingKey("r1", "RS256", jwk.construct(PRIVATE_PEM.decode(), "RS256"))])
    claims = {**CLAIMS, "iss": "https://cloak.example"}
    assert both.verify(sign(claims, private), now=NOW).provider == "cloak"
    assert both.verify(GOOD, now=NOW).provider == "local"
    with pytest.raises(TokenInvalid):
        both.verify(sign(CLAIMS, private), now=NOW)


@pytest.mark.parametrize("secret", [PUBLIC_PEM, PUBLIC_DER, b""], ids=["pem", "der", "empty"])
@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_a_public_key_is_no_secret(secret: bytes, algorithm: str) -> None:
    """The confusion attack: HS256 signed with what everybody can read."""
    public = RingKey(KID, "RS256", jwk.construct(PUBLIC_PEM.decode(), "RS256"))
    with pytest.raises(TokenInvalid):
        rsa_rules(Ring([public])).verify(token({"alg": algorithm}, secret), now=NOW)


def test_rings_refuse_weak_and_mixed_keys() -> None:
    public = RingKey("r1", "RS256", jwk.construct(PUBLIC_PEM.decode(), "RS256"))
    with pytest.raises(RingRefused):
        RingKey.hmac("k", b"31 bytes are too few for a key!")
    with pytest.raises(RingRefused):
        Ring([])
    with pytest.raises(RingRefused):
        Ring([RingKey.hmac("k", SECRET), RingKey.hmac("k", OTHER)])
    with pytest.raises(RingRefused):
        Ring([RingKey.hmac("k", SECRET), public])
    with pytest.raises(RingRefused):
        Ring([RingKey.hmac("", SECRET)])


def test_the_ring_turns() -> None:
    """A new key signs while the old one still verifies."""
    old = RingKey.hmac("old", SECRET)
    turned = Ring([RingKey.hmac("new", OTHER), old])
    both = Verifier([Rules("local", "intake", turned, lambda _: True, 86_400)])
    assert both.verify(sign(CLAIMS, Ring([old])), now=NOW).claims == CLAIMS
    assert both.verify(sign(CLAIMS, turned), now=NOW).claims == CLAIMS


def test_signing_is_deterministic() -> None:
    assert sign(CLAIMS, RING) == sign(dict(CLAIMS), RING)


def test_jose_signs_with_openssl_and_not_with_its_own_python() -> None:
    assert {HMACKey.__module__, RSAKey.__module__} == {"jose.backends.cryptography_backend"}
