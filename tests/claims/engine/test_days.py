"""Spans of days, the horizon of a job, and what windows cover: values only."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.claims.engine.coverage import Coverage, Place
from app.claims.engine.days import Span, cut, halves, merged, without
from app.claims.engine.demand import Reach, windows_for
from app.claims.engine.horizon import Horizon, horizon
from app.claims.queries.engine.planning import Demand
from app.claims.queries.engine.windows import SPLIT, WalkedWindow

EPOCH = date(2026, 1, 1)
spans = st.builds(
    lambda first, length: Span(day(first), day(first + length)),
    st.integers(0, 120),
    st.integers(0, 60),
)


def day(number: int) -> date:
    """That many days after the first one."""
    return EPOCH + timedelta(days=number)


def days_of(*some: Span) -> set[date]:
    """Every day of every span."""
    return {
        span.first + timedelta(days=n)
        for span in some
        for n in range((span.last - span.first).days + 1)
    }


@given(st.lists(spans))
def test_merged_spans_have_the_same_days_and_gaps_between(some: list[Span]) -> None:
    joined = merged(some)
    assert days_of(*joined) == days_of(*some)
    assert all(b.first - a.last > timedelta(days=1) for a, b in itertools.pairwise(joined))


@given(spans, st.integers(1, 40))
def test_pieces_are_short_enough_and_leave_no_day_out(span: Span, most: int) -> None:
    pieces = cut(span, most)
    assert all((piece.last - piece.first).days < most for piece in pieces)
    assert sum(len(days_of(piece)) for piece in pieces) == len(days_of(span))
    assert days_of(*pieces) == days_of(span)


@given(spans)
def test_halves_are_two_and_smaller(span: Span) -> None:
    two = halves(span)
    if span.first == span.last:
        assert two is None
    else:
        assert two is not None
        assert days_of(two[0]) | days_of(two[1]) == days_of(span)
        assert not days_of(two[0]) & days_of(two[1])
        assert two[0] != span != two[1]


@given(spans, st.lists(spans))
def test_what_is_left_has_none_of_the_taken_days(span: Span, taken: list[Span]) -> None:
    assert days_of(*without(span, merged(taken))) == days_of(span) - days_of(*taken)


LIMITS = Span(day(0), day(100))


@pytest.mark.parametrize(
    ("form", "own", "expected"),
    [
        (None, None, Span(day(11), day(100))),
        (Span(day(20), day(40)), None, Span(day(20), day(40))),
        (None, Span(day(50), day(50)), Span(day(43), day(57))),
        (None, Span(day(2), day(2)), Span(day(0), day(9))),
        (None, Span(day(99), day(100)), Span(day(92), day(100))),
        (Span(day(20), day(40)), Span(day(38), day(38)), Span(day(31), day(40))),
        (Span(day(20), day(40)), Span(day(50), day(50)), Span(day(43), day(57))),
    ],
)
def test_which_days_are_searched(form: Span | None, own: Span | None, expected: Span) -> None:
    start, end = form or (None, None)
    days = horizon(start, end, today=day(100), lookback_days=100)
    assert days.limits == LIMITS
    assert days.of(*(own or (None, None))) == expected


@pytest.mark.parametrize(
    ("start", "end", "base"),
    [
        (day(90), None, Span(day(90), day(100))),
        (None, day(95), Span(day(6), day(95))),
        (day(95), day(200), Span(day(95), day(100))),
        (day(150), day(200), None),
        (day(-90), day(-1), None),
    ],
)
def test_the_forms_dates_may_be_half_or_outside(
    start: date | None, end: date | None, base: Span | None
) -> None:
    assert horizon(start, end, today=day(100), lookback_days=100).base == base


def window(number: int, span: Span, code: str | None = None, *, done: bool = True) -> WalkedWindow:
    """A window of the TIN `t`."""
    return WalkedWindow(number, "t", "p", span.first, span.last, done and code is None, code)


def test_coverage_tells_gaps_holes_and_faults_apart() -> None:
    coverage = Coverage(
        [
            window(1, Span(day(0), day(9))),
            window(2, Span(day(10), day(19)), SPLIT),
            window(3, Span(day(10), day(14))),
            window(4, Span(day(15), day(19)), "payer.truncated"),
            window(5, Span(day(30), day(39)), done=False),
            window(6, Span(day(40), day(49)), "payer.rejected"),
        ]
    )
    assert coverage.look(["t"], "p", Span(day(2), day(14))).is_complete
    assert coverage.look(["t"], "p", Span(day(2), day(14))).query_ids == (1, 3)
    hole = coverage.look(["t"], "p", Span(day(12), day(17)))
    assert hole.truncated == (Place("t", Span(day(15), day(17))),)
    gap = coverage.look(["t"], "p", Span(day(18), day(32)))
    assert gap.missing == (Place("t", Span(day(20), day(29))),)
    assert gap.awaited
    assert coverage.look(["t"], "p", Span(day(40), day(41))).broken == "payer.rejected"
    assert not coverage.look(["t"], "other", Span(day(2), day(3))).is_complete
    assert coverage.look(["t", "u"], "p", Span(day(2), day(3))).missing == (
        Place("u", Span(day(2), day(3))),
    )
    # A page that was kept before its window was split is still known to be of its payer id.
    assert coverage.payer_id_of(2) == "p"


def test_windows_are_made_where_enough_rows_want_them() -> None:
    days = Horizon(LIMITS, None, Span(day(41), day(100)))
    demands = [
        Demand(None, "", None, None, 5),
        Demand("a", "", day(10), day(10), 4),
        Demand("b", "q", day(10), day(10), 3),
        Demand("b", "q", day(12), day(12), 2),
    ]
    made = windows_for(demands, days, ["a", "b"], usual_payer_id="p", reach=Reach(30, 500))
    assert [(w.tin, w.payer_id, w.from_date, w.to_date) for w in made] == [
        ("a", "p", day(41), day(70)),
        ("a", "p", day(71), day(100)),
        ("b", "p", day(41), day(70)),
        ("b", "p", day(71), day(100)),
        ("b", "q", day(3), day(19)),
    ]
