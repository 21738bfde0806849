"""Claim files whose every answer is known beforehand: for tests, benchmarks and the tour."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple

from app.dev.payer.book import Book, SyntheticClaim
from app.dev.payer.people import FIRST_NAMES, UNKNOWN_LAST_NAMES

Shape = Literal["claim_number", "patient", "practice"]

HEADERS: Final[dict[Shape, tuple[str, ...]]] = {
    "claim_number": ("claim_number", "first_name", "last_name", "date_of_birth"),
    "patient": (
        "first_name",
        "last_name",
        "date_of_birth",
        "first_service_date",
        "last_service_date",
    ),
    "practice": (
        "practice_id",
        "first_name",
        "last_name",
        "date_of_birth",
        "first_service_date",
        "last_service_date",
    ),
}


class Expected(NamedTuple):
    """The one right answer of a row: claims, or an error code."""

    row: int
    error_code: str | None
    claim_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of rows that are not hits; the rest is."""

    wrong_person: float = 0.05
    """A claim's number, or a person's name, with another birth day."""
    unknown: float = 0.05
    """A person, and a claim number, that the book does not have."""


@dataclass(frozen=True, slots=True)
class RowPlan:
    """Which rows to write; `practice_id` goes into the third shape's column."""

    shape: Shape
    rows: int
    seed: int = 1
    mix: Mix = Mix()
    practice_id: int = 1
    last_days: int | None = None
    """Ask only for claims with service in so many days before the book's end."""


def write_rows(book: Book, path: Path, plan: RowPlan) -> list[Expected]:
    """Write the CSV file and say what each of its rows must end as."""
    answers: list[Expected] = []
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS[plan.shape])
        for cells, answer in rows(book, plan):
            writer.writerow(cells)
            answers.append(answer)
    return answers


def rows(book: Book, plan: RowPlan) -> Iterator[tuple[list[str], Expected]]:
    """The rows one by one, each with its answer."""
    dice = random.Random(plan.seed)
    span = min(plan.last_days or book.days, book.days)
    lowest = book.claims - book.claims * span // book.days
    for row in range(1, plan.rows + 1):
        claim = book.claim(dice.randrange(lowest, book.claims))
        chance = dice.random()
        if chance < plan.mix.unknown:
            yield _unknown(claim, plan, row, dice)
        elif chance < plan.mix.unknown + plan.mix.wrong_person:
            yield _wrong_person(book, claim, plan, row)
        else:
            yield _hit(book, claim, plan, row, dice)


def _hit(
    book: Book, claim: SyntheticClaim, plan: RowPlan, row: int, dice: random.Random
) -> tuple[list[str], Expected]:
    number = claim.claim_number
    if plan.shape == "claim_number":
        # People write numbers in their own way; one in eight is written so.
        typed = f"{number[:6].lower()}-{number[6:]}" if dice.random() < 0.125 else number
        return _cells(plan, claim, typed, claim.date_of_birth), Expected(row, None, (number,))
    found = sorted(
        (other.service_from, other.claim_number)
        for other in book.of_person(claim.person)
        if other.service_from <= claim.service_to and claim.service_from <= other.service_to
    )
    numbers = tuple(found_number for _, found_number in found)
    return _cells(plan, claim, number, claim.date_of_birth), Expected(row, None, numbers)


def _wrong_person(
    book: Book, claim: SyntheticClaim, plan: RowPlan, row: int
) -> tuple[list[str], Expected]:
    born = claim.date_of_birth + timedelta(days=1)
    while book.knows((claim.first_name, claim.last_name, born)):
        born += timedelta(days=1)
    code = "payer.patient_mismatch" if plan.shape == "claim_number" else "payer.not_found"
    return _cells(plan, claim, claim.claim_number, born), Expected(row, code, ())


def _unknown(
    claim: SyntheticClaim, plan: RowPlan, row: int, dice: random.Random
) -> tuple[list[str], Expected]:
    name = (dice.choice(FIRST_NAMES), dice.choice(UNKNOWN_LAST_NAMES))
    cells = _cells(plan, claim, f"ZZ{dice.randrange(10**8):08d}", claim.date_of_birth, name)
    return cells, Expected(row, "payer.not_found", ())


def _cells(
    plan: RowPlan,
    claim: SyntheticClaim,
    number: str,
    born: date,
    name: tuple[str, str] | None = None,
) -> list[str]:
    first, last = name or (claim.first_name, claim.last_name)
    if plan.shape == "claim_number":
        return [number, first, last, born.isoformat()]
    days = [claim.service_from.isoformat(), claim.service_to.isoformat()]
    person = [first, last, born.isoformat(), *days]
    return [str(plan.practice_id), *person] if plan.shape == "practice" else person
