"""Synthetic books and the claim files that go with them."""

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.claims.matching import KnownClaim, claim_key, match, name_key, wanted
from app.dev.payer.book import Book, Books, SyntheticClaim
from app.dev.payer.example import DEMO_TIN, EXAMPLE_CSV, example_claims
from app.dev.payer.people import FIRST_NAMES, LAST_NAMES, UNKNOWN_LAST_NAMES
from app.dev.payer.rows import HEADERS, Mix, RowPlan, Shape, rows, write_rows

TODAY = date(2026, 11, 21)


def make(claims: int = 3_000, days: int = 600, seed: int = 1, tin: str = "471000001") -> Book:
    return Book(seed=seed, tin=tin, claims=claims, days=days, today=TODAY)


def test_no_name_can_be_taken_for_another() -> None:
    keys = [name_key(name) for name in FIRST_NAMES]
    assert not [(a, b) for a in keys for b in keys if a != b and a.startswith(b)]
    assert len({key[:10] for key in keys}) == len(keys)
    others = {name_key(name) for name in LAST_NAMES + UNKNOWN_LAST_NAMES}
    assert len(others) == len(LAST_NAMES) + len(UNKNOWN_LAST_NAMES)
    assert not others & set(keys)


def test_a_book_is_the_same_for_the_same_seed_and_tin() -> None:
    assert list(make().claims_of_book()) == list(make().claims_of_book())
    assert list(make().claims_of_book()) != list(make(seed=2).claims_of_book())
    ours = {claim.claim_number for claim in make().claims_of_book()}
    theirs = {claim.claim_number for claim in make(tin="471000002").claims_of_book()}
    assert len(ours) == 3_000
    assert not ours & theirs


def test_only_the_days_move_with_the_day_of_the_run() -> None:
    later = Book(seed=1, tin="471000001", claims=50, days=600, today=TODAY + timedelta(days=9))
    sooner = Book(seed=1, tin="471000001", claims=50, days=600, today=TODAY)
    for new, old in zip(later.claims_of_book(), sooner.claims_of_book(), strict=True):
        assert new.service_from - old.service_from == timedelta(days=9)
        assert new._replace(service_from=old.service_from, service_to=old.service_to,
                            processed=old.processed) == old  # fmt: skip


def test_days_lie_in_the_past_and_in_order() -> None:
    claims = list(make().claims_of_book())
    starts = [claim.service_from for claim in claims]
    assert starts == sorted(starts)
    assert starts[0] == TODAY - timedelta(days=600)
    assert max(claim.service_to for claim in claims) < TODAY
    assert all(claim.service_from <= claim.service_to for claim in claims)
    assert all(claim.processed is None or claim.processed < TODAY for claim in claims)


@given(st.integers(1, 400), st.integers(1, 60), st.integers(-70, 5), st.integers(0, 80))
def test_a_window_is_found_as_by_looking_at_each_claim(
    claims: int, days: int, start: int, length: int
) -> None:
    extra = example_claims(TODAY)
    book = Book(seed=3, tin="471000001", claims=claims, days=days, today=TODAY, extras=extra)
    first = TODAY + timedelta(days=start)
    last = first + timedelta(days=length)
    window = book.window(first, last)
    expected = {c.claim_number for c in book.claims_of_book() if first <= c.service_from <= last}
    assert len(window) == len(expected)
    pages = [book.part(window, at, min(at + 7, len(window))) for at in range(0, len(window), 7)]
    assert {c.claim_number for page in pages for c in page} == expected
    assert sum(map(len, pages)) == len(expected)


def test_a_person_is_found_with_all_claims() -> None:
    book = make(claims=300)
    everybody = list(book.claims_of_book())
    for claim in everybody:
        true = [c for c in everybody if c.person == claim.person]
        assert sorted(book.of_person(claim.person)) == sorted(true)
    assert book.of_person(("Nobody", "Absentia", TODAY)) == []


def known(claim: SyntheticClaim) -> KnownClaim:
    return KnownClaim(
        claim_key(claim.claim_number), name_key(claim.first_name), name_key(claim.last_name),
        claim.date_of_birth, claim.service_from, claim.service_to,
        {
            "claim_number": claim.claim_number,
            "first_service_date": claim.service_from.isoformat(),
        },
    )  # fmt: skip


@pytest.mark.parametrize("shape", get_args(Shape))
def test_every_expected_answer_is_what_matching_says(shape: Shape, tmp_path: Path) -> None:
    book = make(claims=900)
    path = tmp_path / "claims.csv"
    answers = write_rows(book, path, RowPlan(shape, 400, mix=Mix(0.2, 0.2)))
    claims = list(map(known, book.claims_of_book()))
    with path.open(newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == len(answers) == 400
    assert tuple(table[0]) == HEADERS[shape]
    for cells, expected in zip(table, answers, strict=True):
        verdict = match(
            wanted(
                first_name=cells["first_name"],
                last_name=cells["last_name"],
                date_of_birth=date.fromisoformat(cells["date_of_birth"]),
                claim_number=cells.get("claim_number"),
                service_from=_day(cells, "first_service_date"),
                service_to=_day(cells, "last_service_date"),
            ),
            claims,
        )
        assert verdict.error_code == expected.error_code
        found = tuple(str(line["claim_number"]) for line in verdict.results)
        assert found == expected.claim_numbers
        assert verdict.warnings == ()
    codes = Counter(answer.error_code for answer in answers)
    assert 180 < codes[None] < 300


def _day(cells: dict[str, str], name: str) -> date | None:
    return date.fromisoformat(cells[name]) if name in cells else None


def test_rows_can_be_kept_to_the_last_days() -> None:
    book = make()
    asked = RowPlan("claim_number", 200, last_days=60, mix=Mix(0, 0))
    numbers = {answer.claim_numbers[0] for _, answer in rows(book, asked)}
    days = {c.service_from for c in book.claims_of_book() if c.claim_number in numbers}
    assert min(days) >= TODAY - timedelta(days=60)


def test_books_are_made_when_asked_for() -> None:
    books = Books(claims=100, days=50, today=TODAY, extras={DEMO_TIN: example_claims(TODAY)})
    assert len(books.claims_of("471000009")) == 100
    assert len(books.claims_of(DEMO_TIN)) == 104
    books.write("471000009", claims=7, days=1)
    assert len(books.claims_of("471000009")) == 7
    books.forget()
    assert len(books.claims_of("471000009")) == 100


def test_the_example_ends_in_five_ways() -> None:
    path = Path(__file__).parents[3] / "examples" / "claims-5-rows.csv"
    assert path.read_text(encoding="utf-8") == EXAMPLE_CSV
    table = list(csv.DictReader(EXAMPLE_CSV.splitlines()))
    claims = list(map(known, example_claims(TODAY)))
    assert all(
        TODAY - timedelta(days=90) < claim.service_from < TODAY for claim in example_claims(TODAY)
    )
    outcomes: list[tuple[object, tuple[str, ...]]] = []
    for cells in table[:4]:
        verdict = match(
            wanted(
                first_name=cells["first_name"],
                last_name=cells["last_name"],
                date_of_birth=date.fromisoformat(cells["date_of_birth"]),
                claim_number=cells["claim_number"],
            ),
            claims,
        )
        outcomes.append((verdict.error_code or len(verdict.results), verdict.warnings))
    assert outcomes == [
        (1, ()),
        (1, ("name_truncated",)),
        ("payer.patient_mismatch", ()),
        ("payer.not_found", ()),
    ]
    with pytest.raises(ValueError, match=r"month|day"):
        date.fromisoformat(table[4]["date_of_birth"])
