"""Matching by tables of people, and by properties of the keys."""

import string
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.claims.matching import (
    DATE_MISMATCH,
    NAME_NEARER,
    NAME_SWAPPED,
    NAME_TRUNCATED,
    NOT_FOUND,
    PATIENT_MISMATCH,
    SERVICE_DATE_DIFFERS,
    KnownClaim,
    Wanted,
    claim_key,
    match,
    name_key,
    wanted,
)

BORN = date(1984, 3, 12)
DAY = date(2026, 5, 4)


def known(
    number: str = "FH1",
    first: str = "Maria",
    last: str = "Delgado",
    born: date | None = BORN,
    service: date | None = DAY,
    until: date | None = None,
    **more: Any,
) -> KnownClaim:
    line = {
        "claim_number": number,
        "status": "PAID",
        "first_service_date": service.isoformat() if service else None,
    }
    return KnownClaim(
        claim_key=claim_key(number),
        first_key=name_key(first),
        last_key=name_key(last),
        date_of_birth=born,
        service_from=service,
        service_to=until or service,
        line=line,
        **more,
    )


def row(
    first: str = "Maria",
    last: str = "Delgado",
    born: date = BORN,
    number: str | None = None,
    service: tuple[date | None, date | None] = (None, None),
) -> Wanted:
    return wanted(
        first_name=first,
        last_name=last,
        date_of_birth=born,
        claim_number=number,
        service_from=service[0],
        service_to=service[1],
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Smith", "smith"),
        ("  Smith ", "smith"),
        ("O'Brien", "obrien"),
        ("O’Brien", "obrien"),
        ("Smith-Jones", "smithjones"),
        ("Van der Berg", "vanderberg"),
        ("Smith, Jr.", "smith"),
        ("SMITH III", "smith"),
        ("Smith iv", "smith"),
        ("Sr Smith", "smith"),
        ("Srinivasan", "srinivasan"),
        ("Jr", "jr"),
        ("J.R.", "jr"),
        ("José", "jose"),
        ("Jose\u0301", "jose"),
        ("NÚÑEZ", "nunez"),
        ("Straße", "strasse"),
        ("Łukasz", "lukasz"),
        ("Søren", "soren"),
        ("ﬁona", "fiona"),
        ("Ｓｍｉｔｈ", "smith"),
        ("Smith Ⅲ", "smith"),
        ("李", "李"),
        ("'", ""),
        ("", ""),
    ],
)
def test_name_key(text: str, key: str) -> None:
    assert name_key(text) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ab 12-34", "AB1234"),
        ("AB1234", "AB1234"),
        ("\tab–12—34\u00a0", "AB1234"),
        ("ＡＢ１２", "AB12"),
        ("0012", "0012"),
        ("AB/12", "AB/12"),
        (" - ", ""),
    ],
)
def test_claim_key(text: str, key: str) -> None:
    assert claim_key(text) == key


@given(st.text())
def test_keys_of_keys_are_the_same(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)
    assert claim_key(claim_key(text)) == claim_key(text)


@given(st.text(alphabet=string.ascii_letters + string.digits + string.punctuation + " "))
def test_quick_and_thorough_way_agree(text: str) -> None:
    # A dotted capital I with its dot cut off by the key is enough to leave the quick way.
    assert name_key(text + " \u2022") == name_key(text)
    assert claim_key(text + "\u2010") == claim_key(text)


@given(st.text(alphabet=string.ascii_letters, min_size=1))
def test_case_and_marks_make_no_difference(name: str) -> None:
    marked = "".join(letter + "\u0301" for letter in name)
    assert name_key(marked.swapcase()) == name_key(name)


def test_claim_number_finds_its_claim_however_it_is_written() -> None:
    verdict = match(row(number="fh-1 "), [known("FH2"), known("FH 1")])
    assert verdict.error_code is None
    assert [line["claim_number"] for line in verdict.results] == ["FH 1"]
    assert verdict.warnings == ()


@pytest.mark.parametrize(
    "claim",
    [
        known(born=BORN + timedelta(days=1)),
        known(born=None),
        known(first="Marta"),
        known(last="Delgada"),
        known(first="", last=""),
    ],
)
def test_claim_number_of_another_person_gives_nothing_out(claim: KnownClaim) -> None:
    verdict = match(row(number="FH1"), [claim])
    assert verdict.error_code == PATIENT_MISMATCH
    assert verdict.results == ()
    assert verdict.warnings == ()


def test_claim_number_that_is_not_there_is_not_looked_for_by_patient() -> None:
    assert match(row(number="FH9"), [known("FH1")]).error_code == NOT_FOUND
    assert match(row(number="FH9"), []).error_code == NOT_FOUND


def test_claim_number_with_another_service_date_is_given_with_a_warning() -> None:
    late = (DAY + timedelta(days=90), None)
    verdict = match(row(number="FH1", service=late), [known()])
    assert verdict.error_code is None
    assert verdict.warnings == (SERVICE_DATE_DIFFERS,)


@pytest.mark.parametrize(
    ("first", "last", "their_first", "their_last", "warnings"),
    [
        ("Maria", "Delgado", "MARIA", "DELGADO", ()),
        ("Maria", "Delgado Jr.", "MARIA", "DELGADO", ()),
        ("María", "O'Dell", "MARIA", "ODELL", ()),
        ("Christopher", "Delgado", "CHRISTOPHE", "DELGADO", (NAME_TRUNCATED,)),
        ("M", "Delgado", "MARIA", "DELGADO", (NAME_TRUNCATED,)),
        ("Maria", "Delgado", "M.", "DELGADO", (NAME_TRUNCATED,)),
        ("Maria", "Delgado", "DELGADO", "MARIA", (NAME_SWAPPED,)),
        ("Christopher", "Delgado", "DELGADO", "CHRISTOPHE", (NAME_SWAPPED, NAME_TRUNCATED)),
        ("Maria", "Delgado", "MARTA", "DELGADO", None),
        ("Maria", "Delgado", "MARIA", "DELGAD", None),
        ("Maria", "Delgado", "", "DELGADO", None),
        ("'", "Delgado", "MARIA", "DELGADO", None),
    ],
)
def test_names(
    first: str, last: str, their_first: str, their_last: str, warnings: tuple[str, ...] | None
) -> None:
    verdict = match(row(first, last), [known(first=their_first, last=their_last)])
    if warnings is None:
        assert verdict.error_code == NOT_FOUND
    else:
        assert verdict.error_code is None
        assert verdict.warnings == warnings


def test_birth_day_is_never_fuzzy() -> None:
    assert match(row(), [known(born=BORN + timedelta(days=1))]).error_code == NOT_FOUND
    assert match(row(), [known(born=None)]).error_code == NOT_FOUND


@pytest.mark.parametrize(
    ("start", "end", "error_code"),
    [
        (None, None, None),
        (DAY, DAY, None),
        (DAY - timedelta(days=3), DAY, None),
        (DAY + timedelta(days=2), DAY + timedelta(days=5), None),
        (DAY, None, None),
        (None, DAY, None),
        (DAY - timedelta(days=3), DAY - timedelta(days=1), DATE_MISMATCH),
        (DAY + timedelta(days=9), DAY + timedelta(days=9), DATE_MISMATCH),
        (DAY + timedelta(days=10), DAY + timedelta(days=10), NOT_FOUND),
        (DAY - timedelta(days=8), DAY - timedelta(days=8), NOT_FOUND),
        (date.max, date.max, NOT_FOUND),
        (date.min, date.min, NOT_FOUND),
    ],
)
def test_service_dates_overlap(
    start: date | None, end: date | None, error_code: str | None
) -> None:
    claim = known(service=DAY, until=DAY + timedelta(days=2))
    assert match(row(service=(start, end)), [claim]).error_code == error_code


def test_claim_without_dates_is_not_held_against_them() -> None:
    assert match(row(service=(DAY, DAY)), [known(service=None)]).error_code is None


def test_several_claims_are_several_results_in_order_of_service() -> None:
    claims = [known("FH3", service=DAY), known("FH2", service=DAY - timedelta(days=4))]
    verdict = match(row(), claims)
    assert [line["claim_number"] for line in verdict.results] == ["FH2", "FH3"]
    assert verdict.warnings == ()


def test_the_same_claim_from_two_windows_is_one_result() -> None:
    assert len(match(row(), [known(), known()]).results) == 1


def test_twin_with_a_longer_name_does_not_come_out_beside_an_exact_match() -> None:
    claims = [known("FH1", first="Ann"), known("FH2", first="Annabel")]
    verdict = match(row("Ann"), claims)
    assert [line["claim_number"] for line in verdict.results] == ["FH1"]
    assert verdict.warnings == (NAME_NEARER,)


def test_claims_with_the_name_cut_by_the_payer_are_kept_beside_the_others() -> None:
    claims = [known("FH1", first="CHRISTOPHER"), known("FH2", first="CHRISTOPHE")]
    verdict = match(row("Christopher"), claims)
    assert len(verdict.results) == 2
    assert verdict.warnings == (NAME_TRUNCATED,)


def test_warnings_of_the_claim_go_with_the_result() -> None:
    assert match(row(), [known(warnings=("status_unknown",))]).warnings == ("status_unknown",)


NAMES = st.sampled_from(["Ann", "Anna", "Bo", "Delgado", "O'Neil", "Christopher", ""])
DAYS = st.dates(min_value=DAY, max_value=DAY + timedelta(days=20))


@given(
    st.lists(
        st.builds(known, st.sampled_from(["A1", "A2"]), NAMES, NAMES, st.just(BORN) | DAYS, DAYS)
    ),
    st.builds(row, NAMES, NAMES, number=st.sampled_from(["a-1", None])),
)
def test_whatever_comes_out_is_of_that_person(claims: list[KnownClaim], asked: Wanted) -> None:
    verdict = match(asked, claims)
    assert bool(verdict.results) == (verdict.error_code is None)
    given_out = {(line["claim_number"], line["first_service_date"]) for line in verdict.results}
    for claim in claims:
        same = {claim.first_key, claim.last_key} & {asked.last_key}
        if claim.date_of_birth != asked.date_of_birth or not same or not asked.first_key:
            keep = (claim.line["claim_number"], claim.line["first_service_date"])
            others = [c for c in claims if c is not claim and c.line == claim.line]
            assert others or keep not in given_out
