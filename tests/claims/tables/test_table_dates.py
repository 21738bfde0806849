"""Dates: what each order reads, what proves an order, and what is refused."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.claims.tables.dates import ColumnOrder, DateEvidence, DateRule
from app.claims.tables.options import DateOrder

TODAY = date(2026, 11, 21)


def rule(order: ColumnOrder = "mdy", field: str = "date_of_birth") -> DateRule:
    return DateRule(field, order, TODAY)


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("1980-03-15", "mdy", "1980-03-15"),
        ("1980-03-15", "dmy", "1980-03-15"),
        ("1980-03-15", "mixed", "1980-03-15"),
        ("1980-3-5", "ymd", "1980-03-05"),
        ("1980/03/15", "dmy", "1980-03-15"),
        ("19800315", "mdy", "1980-03-15"),
        ("03/15/1980", "mdy", "1980-03-15"),
        ("3/5/1980", "mdy", "1980-03-05"),
        ("3/5/1980", "dmy", "1980-05-03"),
        ("15.03.1980", "dmy", "1980-03-15"),
        ("03-15-1980", "mdy", "1980-03-15"),
        ("15/03/1980", "mixed", "1980-03-15"),
        ("03/15/1980", "mixed", "1980-03-15"),
        ("05/05/1980", "mixed", "1980-05-05"),
        ("02/29/1980", "mdy", "1980-02-29"),
        ("1980-03-15T00:00:00", "mdy", "1980-03-15"),
        ("1980-03-15 00:00:00.000", "mdy", "1980-03-15"),
        ("1980-03-15T00:00:00Z", "mdy", "1980-03-15"),
        ("3/15/1980 12:00:00 AM", "mdy", "1980-03-15"),
        ("3/15/1980 0:00", "mdy", "1980-03-15"),
    ],
)
def test_a_birth_date_is_read(text: str, order: ColumnOrder, expected: str) -> None:
    assert rule(order).read(text) == expected


@pytest.mark.parametrize(
    ("text", "order", "code"),
    [
        ("tomorrow", "mdy", "row.bad_date"),
        ("1980-02-30", "mdy", "row.bad_date"),
        ("02/29/1981", "mdy", "row.bad_date"),
        ("13/13/1980", "mdy", "row.bad_date"),
        ("12/25/1980", "dmy", "row.bad_date"),
        ("03/15/1980", "ymd", "row.bad_date"),
        ("03/15/80", "mdy", "row.bad_date"),
        ("80-03-15", "mdy", "row.bad_date"),
        ("1980-03/15", "mdy", "row.bad_date"),
        ("03151980", "mdy", "row.bad_date"),
        ("29295", "mdy", "row.bad_date"),
        ("1980-03-15T23:00:00Z", "mdy", "row.bad_date"),
        ("3/15/1980 12:00:00 PM", "mdy", "row.bad_date"),
        ("0000-00-00", "mdy", "row.bad_date"),
        ("١٩٨٠-٠٣-١٥", "mdy", "row.bad_date"),
        ("9" * 5_000, "mdy", "row.bad_date"),
        ("03/05/1980", "mixed", "row.ambiguous_date"),
        ("2026-11-22", "mdy", "row.date_range"),
        ("2062-03-15", "mdy", "row.date_range"),
        ("1895-03-15", "mdy", "row.date_range"),
    ],
)
def test_a_birth_date_is_refused(text: str, order: ColumnOrder, code: str) -> None:
    assert rule(order).read(text) == ""
    found, message = rule(order).fault(text)
    assert found == code
    assert text not in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/5/26", "2026-01-05"),
        ("2026-01-05T14:30:00", "2026-01-05"),
        ("1/5/2026 2:30 PM", "2026-01-05"),
        ("2026-11-21", "2026-11-21"),
        ("2026-11-22", ""),
        ("1/5/98", ""),
        ("1960-01-01", ""),
    ],
)
def test_a_first_service_date(text: str, expected: str) -> None:
    assert rule(field="first_service_date").read(text) == expected


def test_a_last_service_date_may_lie_ahead_for_a_year() -> None:
    ahead = rule(field="last_service_date")
    assert ahead.read("2026-12-31") == "2026-12-31"
    assert ahead.read("2028-12-31") == ""


@pytest.mark.parametrize(
    ("texts", "order", "decided"),
    [
        (["1980-03-15", "19800315", ""], "ymd", True),
        (["03/04/1980", "12/12/1980"], "mdy", False),
        (["03/04/1980", "03/15/1980"], "mdy", True),
        (["03/04/1980", "15/03/1980"], "dmy", True),
        (["13/04/1980", "04/13/1980"], "mixed", True),
        (["1980-03-15", "15.03.1980"], "dmy", True),
        (["n/a", "unknown"], "ymd", True),
        (["13/13/1980", "99/01/1980", "1/2/1980"], "mdy", False),
    ],
)
def test_the_order_is_proved_by_the_column(
    texts: list[str], order: ColumnOrder, decided: bool
) -> None:
    evidence = DateEvidence()
    evidence.observe(texts[:1])
    evidence.observe(texts[1:])
    assert evidence.order("auto") == order
    assert evidence.decided is decided


@pytest.mark.parametrize("wanted", ["mdy", "dmy", "ymd"])
def test_the_callers_order_beats_the_proof(wanted: DateOrder) -> None:
    evidence = DateEvidence()
    evidence.observe(["13/04/1980", "04/13/1980"])
    assert evidence.order(wanted) == wanted


@given(
    st.lists(st.dates(min_value=date(1897, 1, 1), max_value=TODAY), min_size=1, max_size=30),
    st.sampled_from(["%m/%d/%Y", "%d/%m/%Y", "%Y-%m-%d", "%Y%m%d", "%m-%d-%Y", "%d.%m.%Y"]),
)
def test_a_column_written_in_one_order_is_never_read_in_another(
    days: list[date], form: str
) -> None:
    texts = [day.strftime(form) for day in days]
    evidence = DateEvidence()
    evidence.observe(texts)
    order = evidence.order("auto")
    assert order != "mixed"
    if not evidence.decided:
        order = "dmy" if form.startswith("%d") else "mdy"
    assert [rule(order).read(text) for text in texts] == [day.isoformat() for day in days]


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    value = rule().read(text)
    if value:
        assert date.fromisoformat(value) <= TODAY
    else:
        assert rule().fault(text)[0] in {"row.bad_date", "row.date_range"}


def test_many_distinct_texts_do_not_pile_up() -> None:
    evidence = DateEvidence()
    for start in range(0, 200_000, 20_000):
        evidence.observe(str(n) for n in range(start, start + 20_000))
    assert len(evidence._seen) < 100_000
    evidence.observe([(TODAY - timedelta(days=3)).strftime("%d/%m/%Y")])
    assert evidence.order("auto") == "dmy"
