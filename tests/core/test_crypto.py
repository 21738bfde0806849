"""Sealed columns: what opens, where, and with which keys."""

import base64
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from app.core.crypto import KeyRing, SealBroken, SealedColumn
from app.core.settings import AuthSettings
from app.core.signing import KeysRefused, parse_keys

RING = KeyRing({"new": b"n" * 32, "old": b"o" * 32})
OLD = KeyRing({"old": b"o" * 32})
PLACE = ("tenant", "row", "field")


def auth(secret: str, *previous: str, keys: str = "") -> AuthSettings:
    return AuthSettings(
        secret_key=SecretStr(secret),
        secret_key_previous=SecretStr(" , ".join(previous)),
        encryption_keys=SecretStr(keys),
    )


@settings(max_examples=50)
@given(st.binary(max_size=200), st.text(max_size=20), st.lists(st.text(max_size=20), max_size=4))
def test_what_was_sealed_opens_in_its_place(plain: bytes, purpose: str, place: list[str]) -> None:
    sealed = RING.seal(plain, purpose=purpose, bound_to=place)
    assert sealed.startswith("v1.new.")
    assert RING.open(sealed, purpose=purpose, bound_to=place) == plain
    assert sealed != RING.seal(plain, purpose=purpose, bound_to=place)
    for other in ([*place, ""], ["", *place], [*place, "x"]):
        with pytest.raises(SealBroken):
            RING.open(sealed, purpose=purpose, bound_to=other)


def test_parts_do_not_run_together() -> None:
    sealed = RING.seal(b"x", purpose="a", bound_to=("bc", "d"))
    for purpose, place in (
        ("ab", ("c", "d")),
        ("a", ("b", "cd")),
        ("a", ("bcd",)),
        ("", ("abcd",)),
    ):
        with pytest.raises(SealBroken):
            RING.open(sealed, purpose=purpose, bound_to=place)


def test_no_changed_value_opens() -> None:
    sealed = RING.seal(b"secret", purpose="p", bound_to=PLACE)
    head, body = sealed.rsplit(".", 1)
    changed = [
        *(sealed[:cut] for cut in range(len(sealed))),
        f"{head}.{'A' if body[0] != 'A' else 'B'}{body[1:]}",
        f"{head}.{body}!",
        f"{head}. {body}",
        f"{head}.{body}=",
        *(
            f"{head}.{body[:-1]}{letter}"
            for letter in "ABCDEFGHabcdefgh01234567-_"
            if letter != body[-1]
        ),
        sealed.replace("v1.", "v2."),
        sealed.replace(".new.", ".old."),
        sealed.replace(".new.", ".none."),
        "v1.new.",
        "",
        "é",
    ]
    for text in changed:
        with pytest.raises(SealBroken):
            RING.open(text, purpose="p", bound_to=PLACE)


def test_an_older_key_opens_and_wants_rotation() -> None:
    sealed = OLD.seal(b"x", purpose="p", bound_to=PLACE)
    assert RING.open(sealed, purpose="p", bound_to=PLACE) == b"x"
    assert RING.needs_rotation(sealed)
    assert not OLD.needs_rotation(sealed)
    assert not RING.needs_rotation(RING.seal(b"x", purpose="p", bound_to=PLACE))
    with pytest.raises(SealBroken):
        OLD.open(RING.seal(b"x", purpose="p", bound_to=PLACE), purpose="p", bound_to=PLACE)


def test_rings_from_settings() -> None:
    first = KeyRing.from_settings(auth("first secret of the house"))
    sealed = first.seal(b"x", purpose="p", bound_to=PLACE)
    second = KeyRing.from_settings(
        auth("second secret of the house", "older", "first secret of the house")
    )
    assert second.open(sealed, purpose="p", bound_to=PLACE) == b"x"
    assert second.needs_rotation(sealed)
    key = base64.b64encode(os.urandom(32)).decode()
    named = KeyRing.from_settings(auth("first secret of the house", keys=f" 2026:{key} ,"))
    assert named.open(sealed, purpose="p", bound_to=PLACE) == b"x"
    assert named.seal(b"x", purpose="p", bound_to=PLACE).startswith("v1.2026.")
    with pytest.raises(SealBroken):
        KeyRing.from_settings(auth("other")).open(sealed, purpose="p", bound_to=PLACE)


@pytest.mark.parametrize(
    "text", ["x", "x:", "x:!!", "x:AAAA", f"a b:{'A' * 43}=", f"{'x' * 33}:{'A' * 43}="]
)
def test_keys_that_are_refused(text: str) -> None:
    with pytest.raises(KeysRefused) as refused:
        KeyRing(parse_keys(text))
    assert "AAAA" not in str(refused.value)


def test_a_ring_needs_a_key_and_each_id_once() -> None:
    with pytest.raises(KeysRefused):
        KeyRing({})
    key = base64.b64encode(b"k" * 32).decode()
    with pytest.raises(KeysRefused):
        parse_keys(f"a:{key},a:{key}")


def test_a_column_says_how_it_is_sealed() -> None:
    column = SealedColumn("webhooks.secret", ("organization_id", "id"))
    assert SealedColumn.of(column.info) == column
    assert SealedColumn.of({"is_view": True}) is None
