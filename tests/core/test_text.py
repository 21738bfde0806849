"""What text may hold, over everything that Unicode has."""

import math
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.core.schema import Email, Finite, In, Int32, Int64, Line, Moment, Out, Prose
from app.core.text import faults, is_clean, pointer_part

ANY_TEXT = st.text(st.characters(codec=None), max_size=50)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(ANY_TEXT)
def test_clean_text_can_be_stored_and_sent(text: str) -> None:
    """No NUL, no surrogate, no control character but tab and newlines; else it is refused."""
    forbidden = any(
        unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r"
        for character in text
    ) or "\r" in text.replace("\r\n", "")
    assert is_clean(text) == (not forbidden)


@given(ANY_TEXT)
def test_prose_round_trips_in_composed_form(text: str) -> None:
    """What is accepted encodes to UTF-8 and comes back the same."""
    adapter = TypeAdapter(Prose)
    try:
        kept = adapter.validate_python(text)
    except ValidationError:
        assert not is_clean(text)
        return
    assert kept == unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    assert adapter.validate_python(kept.encode().decode()) == kept


@given(ANY_JSON)
def test_a_value_without_faults_fits_the_database(value: Any) -> None:
    """`faults` finds every bad leaf, however deep, keys included."""

    def bad(part: Any) -> bool:
        match part:
            case dict():
                return any(bad(key) or bad(item) for key, item in part.items())
            case list():
                return any(map(bad, part))
            case str():
                return not is_clean(part)
            case float():
                return not math.isfinite(part)
            case int():
                return not -(2**63) <= part < 2**63
        return False

    assert bool(list(faults(value))) == bad(value)


@given(ANY_TEXT)
def test_pointer_parts_hold_nothing_dangerous(text: str) -> None:
    """A caller's key in a pointer is short, printable and escaped."""
    part = pointer_part(text)
    assert part.isprintable()
    assert "/" not in part
    assert len(part) <= 128


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Line, ["a", "Zoë", "x" * 200, "a b"], ["", " ", "a\nb", "a\tb", "x" * 201, "a\u2066b", 5]),
        (Email, ["ada@example.org", "a+b@EXAMPLE.org"], ["a", "a@b", "a@\x00.org", "x" * 255]),
        (Int32, [0, -(2**31), 2**31 - 1, "7"], [True, 2**31, 1.5, "x", None]),
        (Int64, [2**63 - 1], [2**63, False]),
        (Finite, [1, 1.5], [math.inf, math.nan, True]),
        (Moment, ["2026-11-21T09:30:00+01:00"], ["2026-11-21T09:30:00", "x"]),
    ],
)
def test_types(kind: Any, good: list[Any], bad: list[Any]) -> None:
    """Each type's door."""
    adapter = TypeAdapter(kind)
    for value in good:
        adapter.validate_python(value)
    for value in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_an_address_is_not_repeated_in_its_error() -> None:
    """The library's sentence would hold the caller's words."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Email).validate_python("canary canary@example.org")
    assert "canary" not in caught.value.errors()[0]["msg"]


class _Thing(In):
    name: str
    parts: tuple[dict[str, Any], ...] = ()


class _Shown(Out):
    at: Moment
    note: str | None = None


@pytest.mark.parametrize(
    "data",
    [{"name": "a\x00"}, {"name": "a", "parts": [{"x": ["\ud800"]}]}, {"name": "a", "more": 1}],
)
def test_in_refuses_what_no_column_takes(data: dict[str, Any]) -> None:
    """Also in fields that are plain str, and in forms that no JSON parser read."""
    with pytest.raises(ValidationError):
        _Thing.model_validate(data)


def test_out_shows_utc_with_z_and_names_all_fields() -> None:
    """Generated clients must know which fields are always there."""
    shown = _Shown.model_validate({"at": "2026-11-21T10:30:00+01:00"})
    assert '"at":"2026-11-21T09:30:00Z"' in shown.model_dump_json()
    schema = _Shown.model_json_schema(mode="serialization")
    assert schema["required"] == ["at", "note"]
