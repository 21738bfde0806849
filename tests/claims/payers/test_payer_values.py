"""Amounts, days, times, statuses and waits, by tables."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.claims.payers.amounts import amount, clock_time, day, us_day
from app.claims.payers.status import STATUS_UNKNOWN, claim_status
from app.core.retries import backoff, retry_after


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.34", "12.34"),
        ("1,234.50", "1234.50"),
        ("1,234,567.89", "1234567.89"),
        ("12", "12.00"),
        ("12.5", "12.50"),
        (".5", "0.50"),
        ("0", "0.00"),
        ("-12.34", "-12.34"),
        ("12.345", "12.345"),
        (" 12.34 ", "12.34"),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_amounts(text: str | None, value: str | None) -> None:
    assert amount(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1,23.00",
        "12,34",
        "1e5",
        "NaN",
        "Infinity",
        "-",
        ".",
        "$12.00",
        "(12.00)",
        "1.2.3",
        "١٢",
        "1 234.50",
        "1234567890123456",
        "12.",
        "+1",
    ],
)
def test_nonsense_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        amount(text)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_amounts_come_back_as_they_went(value: Any) -> None:
    assert amount(f"{value:,.2f}") == f"{value:.2f}"


@given(st.dates())
def test_days_come_back_as_they_went(value: date) -> None:
    assert day(us_day(value)) == value


@pytest.mark.parametrize(
    "text", ["2026-01-02", "13/01/2026", "02/30/2026", "1/2/2026", "00/00/0000"]
)
def test_other_days_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a day|month|day|year"):
        day(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("07:45:00", "07:45:00"), ("23.59.59", "23:59:59"), ("", None), (None, None)],
)
def test_times(text: str | None, value: str | None) -> None:
    assert clock_time(text) == value


@pytest.mark.parametrize("text", ["24:00:00", "07:45.00", "7:45:00", "07:45", "noon"])
def test_other_times_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        clock_time(text)


@pytest.mark.parametrize(
    ("word", "categories", "status", "unknown"),
    [
        ("Finalized", ["F1"], "PAID", False),
        ("Finalized", ["F2"], "DENIED", False),
        ("Finalized", [], "FINALIZED", False),
        ("Finalized", ["F0"], "FINALIZED", False),
        ("Finalized", ["F3"], "REVISED", False),
        ("Finalized", ["F3F"], "FORWARDED", False),
        ("Finalized", ["F3N"], "NOT_FORWARDED", False),
        ("Finalized", ["F4"], "ADJUDICATED_NO_PAYMENT", False),
        ("Multiple Status", ["F1", "P2", "F2"], "DENIED", False),
        ("Multiple Status", ["F1", "P3"], "PENDING", False),
        ("Multiple Status", [], "Multiple Status", True),
        ("Pending", ["P1"], "PENDING", False),
        ("Pending", ["R4"], "INFO_REQUESTED", False),
        ("Acknowledged", ["a2"], "ACKNOWLEDGED", False),
        ("x", ["A3"], "REJECTED", False),
        ("x", ["A4"], "NOT_FOUND", False),
        ("x", ["D0"], "NOT_FOUND", False),
        ("in  review", [], "PENDING", False),
        ("DENIED", [], "DENIED", False),
        ("Misdirected", [], "Misdirected", True),
        ("Finalized", ["E1"], "FINALIZED", True),
        ("Odd", ["Z9"], "Odd", True),
        ("Odd", ["Z9", "F1"], "PAID", True),
        ("Odd", ["PX"], "Odd", True),
    ],
)
def test_status(word: str, categories: list[str], status: str, unknown: bool) -> None:
    warnings = (STATUS_UNKNOWN,) if unknown else ()
    assert claim_status(word, categories) == (status, warnings)


AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5.0),
        ("0", 0.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("999999999999999999", 86_400.0),
        ("soon", None),
        ("-5", None),
        ("٥", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, AT) == seconds


def test_backoff_is_jittered_and_bounded() -> None:
    waits = [backoff(3, 0.5) for _ in range(200)]
    assert len(set(waits)) > 100
    assert 0 <= min(waits) < 0.5
    assert 1.5 < max(waits) <= 2.0
    assert max(backoff(60, 0.5) for _ in range(50)) <= 8.0
