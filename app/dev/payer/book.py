"""Synthetic claims of a TIN: any number, the same for the same seed, found by day and by person.

Columns are arrays of random bytes, and a claim becomes an object only when it is looked at: a book
of a million claims takes some 10 MB and a tenth of a second.
"""

import functools
import hashlib
import random
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from app.dev.payer.people import FIRST_NAMES, LAST_NAMES

_OLDEST_BIRTH: Final = date(1935, 1, 1).toordinal()
_BIRTH_DAYS: Final = 80 * 365
_CLAIMS_PER_PERSON: Final = 3
# The payer's word, its X12 507 category, and whether the claim has been decided.
_OUTCOMES: Final = (
    *[("Finalized", "F1", True)] * 11,
    *[("Finalized", "F2", True)] * 2,
    *[("Pending", "P1", False)] * 2,
    ("Acknowledged", "A1", False),
)

Person = tuple[str, str, date]


class SyntheticClaim(NamedTuple):
    """A claim of nobody; amounts are cents, and what is not decided has no payment.

    A tuple, because a frozen dataclass takes four times as long to make.
    """

    claim_number: str
    first_name: str
    last_name: str
    date_of_birth: date
    service_from: date
    service_to: date
    charged_cents: int
    paid_cents: int | None
    status: str
    category: str
    processed: date | None
    subscriber_id: str

    @property
    def person(self) -> Person:
        """Who it is of."""
        return self.first_name, self.last_name, self.date_of_birth


@dataclass(frozen=True, slots=True)
class Window:
    """What a book holds between two days: numbers `low` to `high` - 1, and extra claims."""

    from_date: date
    to_date: date
    low: int
    high: int
    extras: tuple[SyntheticClaim, ...] = ()

    def __len__(self) -> int:
        return len(self.extras) + self.high - self.low

    def holds(self, claim: SyntheticClaim) -> bool:
        """Whether the claim's service begins in it."""
        return self.from_date <= claim.service_from <= self.to_date


class Book:
    """The claims of one TIN, spread evenly over the `days` that end yesterday."""

    def __init__(
        self,
        *,
        seed: int,
        tin: str,
        claims: int,
        days: int,
        today: date,
        extras: tuple[SyntheticClaim, ...] = (),
    ) -> None:
        self.tin = tin
        self.claims = claims
        self.days = days
        self.first_day = today - timedelta(days=days)
        self._first_ordinal = self.first_day.toordinal()
        self.last_day = today - timedelta(days=1)
        self.extras = extras
        digest = hashlib.sha256(f"{seed}|{tin}".encode()).digest()
        dice = random.Random(digest)
        self._prefix = f"SB{digest[0]:02X}{digest[1]:02X}"
        self._persons = max(1, claims // _CLAIMS_PER_PERSON)
        self._person_bits = _words(dice, self._persons * 2)
        self._claim_bits = _words(dice, claims * 2)

    def __len__(self) -> int:
        return self.claims + len(self.extras)

    def claim(self, number: int) -> SyntheticClaim:
        """The claim with that number, from 0 to `claims` - 1; later numbers have later days."""
        bits = self._claim_bits[number * 2 + 1]
        owner = self.person_number(number)
        first, last, born = self.person(owner)
        start = date.fromordinal(self._first_ordinal + number * self.days // self.claims)
        status, category, decided = _OUTCOMES[bits & 15]
        charged = 1_000 + (bits >> 4) % 900_000
        paid = charged * ((bits >> 24) % 101) // 100 if category == "F1" else 0
        return SyntheticClaim(
            claim_number=f"{self._prefix}{number:08d}",
            first_name=first,
            last_name=last,
            date_of_birth=born,
            service_from=start,
            service_to=self._later(start, max(0, (bits >> 8 & 7) - 4)),
            charged_cents=charged,
            paid_cents=paid if decided else None,
            status=status,
            category=category,
            processed=self._later(start, 14) if decided else None,
            subscriber_id=f"9{owner:08d}",
        )

    def _later(self, day: date, days: int) -> date:
        return min(date.fromordinal(day.toordinal() + days), self.last_day) if days else day

    def claims_of_book(self) -> Iterator[SyntheticClaim]:
        """All claims, the oldest first, then the extra ones."""
        yield from map(self.claim, range(self.claims))
        yield from self.extras

    def person_number(self, number: int) -> int:
        """Whose claim it is."""
        return self._claim_bits[number * 2] % self._persons

    def person(self, owner: int) -> Person:
        """First name, last name and birth day of a person of this book."""
        names, born = self._person_bits[owner * 2], self._person_bits[owner * 2 + 1]
        first = FIRST_NAMES[names % len(FIRST_NAMES)]
        last = LAST_NAMES[(names >> 8) % len(LAST_NAMES)]
        return first, last, date.fromordinal(_OLDEST_BIRTH + born % _BIRTH_DAYS)

    def window(self, from_date: date, to_date: date) -> Window:
        """Claims whose service begins between the two days, both counted."""
        low = self._first_on((from_date - self.first_day).days)
        high = self._first_on((to_date - self.first_day).days + 1)
        extras = tuple(c for c in self.extras if from_date <= c.service_from <= to_date)
        return Window(from_date, to_date, low, max(low, high), extras)

    def part(self, window: Window, start: int, end: int) -> list[SyntheticClaim]:
        """Claims `start` to `end` - 1 of a window, the extra ones first."""
        extras = len(window.extras)
        low, high = max(start - extras, 0), min(max(end - extras, 0), window.high - window.low)
        numbers = range(window.low + low, window.low + high)
        return [*window.extras[start:end], *map(self.claim, numbers)]

    def _first_on(self, day: int) -> int:
        return min(max(-(-day * self.claims // self.days), 0), self.claims)

    def of_person(self, person: Person) -> list[SyntheticClaim]:
        """All claims of a person, by exact name and birth day."""
        found: list[SyntheticClaim] = []
        for owner in self._owners.get(person, ()):
            low, high = (
                bisect_left(self._by_owner[0], owner),
                bisect_right(self._by_owner[0], owner),
            )
            found += map(self.claim, self._by_owner[1][low:high])
        return found + [claim for claim in self.extras if claim.person == person]

    def of_number(self, text: str) -> SyntheticClaim | None:
        """The claim of that number, written in any case and with or without dashes."""
        wanted = text.upper().replace("-", "").replace(" ", "")
        digits = wanted.removeprefix(self._prefix)
        if digits != wanted and digits.isdigit() and int(digits) < self.claims:
            return self.claim(int(digits))
        return next((claim for claim in self.extras if claim.claim_number == wanted), None)

    def knows(self, person: Person) -> bool:
        """Whether the book has such a person, with or without claims."""
        return person in self._owners or any(claim.person == person for claim in self.extras)

    @functools.cached_property
    def _owners(self) -> dict[Person, list[int]]:
        owners: dict[Person, list[int]] = {}
        for owner in range(self._persons):
            owners.setdefault(self.person(owner), []).append(owner)
        return owners

    @functools.cached_property
    def _by_owner(self) -> tuple["array[int]", "array[int]"]:
        """Owners in order, and beside each the number of one of their claims."""
        numbers = array("I", sorted(range(self.claims), key=self.person_number))
        return array("I", map(self.person_number, numbers)), numbers


class Books:
    """The books of all TINs, each made when first asked for."""

    def __init__(
        self,
        *,
        seed: int = 1,
        claims: int = 10_000,
        days: int = 600,
        today: date,
        extras: dict[str, tuple[SyntheticClaim, ...]] | None = None,
    ) -> None:
        self.today = today
        self._seed = seed
        self._claims = claims
        self._days = days
        self._extras = extras or {}
        self._books: dict[str, Book] = {}

    def book(self, tin: str) -> Book:
        """The TIN's book; every TIN has one."""
        if tin not in self._books:
            self.write(tin, claims=self._claims, days=self._days)
        return self._books[tin]

    def write(self, tin: str, *, claims: int, days: int, seed: int | None = None) -> Book:
        """Put a book of another size in the TIN's place."""
        self._books[tin] = Book(
            seed=self._seed if seed is None else seed,
            tin=tin,
            claims=claims,
            days=days,
            today=self.today,
            extras=self._extras.get(tin, ()),
        )
        return self._books[tin]

    def forget(self) -> None:
        """Put every TIN's usual book back."""
        self._books.clear()

    def claims_of(self, tin: str) -> list[SyntheticClaim]:
        """All claims of the TIN."""
        return list(self.book(tin).claims_of_book())


def _words(dice: random.Random, count: int) -> "array[int]":
    words = array("I")
    words.frombytes(dice.randbytes(count * words.itemsize))
    return words
