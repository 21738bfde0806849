"""Is this payer's claim the one a row asks about? Values in, values out: no session, no clock."""

import functools
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, NamedTuple, Protocol

NOT_FOUND: Final = "payer.not_found"
PATIENT_MISMATCH: Final = "payer.patient_mismatch"
DATE_MISMATCH: Final = "payer.date_mismatch"

NAME_TRUNCATED: Final = "name_truncated"
NAME_SWAPPED: Final = "name_swapped"
NAME_NEARER: Final = "nearer_name_preferred"
SERVICE_DATE_DIFFERS: Final = "service_date_differs"

# How far from a row's service dates both ways of asking are sure to have looked: a claim of the
# same person inside it is a date mismatch, whatever other rows the file holds.
SERVICE_SLACK: Final = timedelta(days=7)

_SUFFIXES: Final = frozenset({"jr", "sr", "ii", "iii", "iv"})
_ASCII_WORDS: Final = "".join(chr(c).lower() if chr(c).isalnum() else " " for c in range(128))
# Letters that have no decomposition although payers write them in ASCII.
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
_DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad"
_CLAIM_NOISE: Final = dict.fromkeys(map(ord, _DASHES))
# Payers cut first names at ten characters: what still agrees that far is the same name, cut.
_PAYER_CUT: Final = 10


@functools.lru_cache(maxsize=131_072)
def name_key(text: str) -> str:
    """The form in which names are compared: letters and digits alone, without case, marks or JR.

    A name that consists of nothing but suffix words keeps them, so that only a name without any
    letter or digit has an empty key; an empty key matches nobody.
    """
    if text.isascii():
        if text.isalpha():
            return text.lower()
        words = text.translate(_ASCII_WORDS).split()
    else:
        words = _unicode_words(text)
    kept = [word for word in words if word not in _SUFFIXES]
    return "".join(kept or words)


def _unicode_words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = (c for c in folded.translate(_LETTERS) if not unicodedata.category(c).startswith("M"))
    return "".join(c if c.isalnum() else " " for c in letters).split()


@functools.lru_cache(maxsize=131_072)
def claim_key(text: str) -> str:
    """The form in which claim numbers are compared: upper case, no white space, no dashes."""
    if text.isascii():
        upper = text.upper()
        return upper if upper.isalnum() else "".join(upper.replace("-", "").split())
    plain = unicodedata.normalize("NFKC", text).upper().translate(_CLAIM_NOISE)
    # Once more: what stood behind a removed space may now belong to the letter before it.
    return unicodedata.normalize("NFKC", "".join(plain.split()))


class Candidate(Protocol):
    """What matching reads of a payer's claim; `PayerClaim` and `KnownClaim` are such."""

    @property
    def claim_key(self) -> str: ...
    @property
    def first_key(self) -> str: ...
    @property
    def last_key(self) -> str: ...
    @property
    def date_of_birth(self) -> date | None: ...
    @property
    def service_from(self) -> date | None: ...
    @property
    def service_to(self) -> date | None: ...
    @property
    def line(self) -> Mapping[str, str | None]: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...


class KnownClaim(NamedTuple):
    """A claim as it was kept: the compared columns, and what a result line shows."""

    claim_key: str
    first_key: str
    last_key: str
    date_of_birth: date | None
    service_from: date | None
    service_to: date | None
    line: Mapping[str, str | None]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row asks for, in compared form; no `claim_key` means: by patient."""

    first_key: str
    last_key: str
    date_of_birth: date
    claim_key: str | None = None
    service_from: date | None = None
    service_to: date | None = None


def wanted(
    *,
    first_name: str,
    last_name: str,
    date_of_birth: date,
    claim_number: str | None = None,
    service_from: date | None = None,
    service_to: date | None = None,
) -> Wanted:
    """A row's columns as they came in, made comparable; one service date counts as both."""
    return Wanted(
        first_key=name_key(first_name),
        last_key=name_key(last_name),
        date_of_birth=date_of_birth,
        claim_key=claim_key(claim_number) if claim_number else None,
        service_from=service_from or service_to,
        service_to=service_to or service_from,
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Either results (one per claim) or an error code, never both; warnings go with results."""

    results: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    error_code: str | None = None


_NOT_FOUND: Final = Verdict(error_code=NOT_FOUND)
_PATIENT_MISMATCH: Final = Verdict(error_code=PATIENT_MISMATCH)
_DATE_MISMATCH: Final = Verdict(error_code=DATE_MISMATCH)


def match(row: Wanted, candidates: Iterable[Candidate]) -> Verdict:
    """The answer of a row, given all claims that the payer returned for its TIN and windows.

    `payer.not_found` says only that none of these fits: whether the walk was complete, and so
    whether the code may be given out, is for the caller to know.
    """
    if row.claim_key:
        return _by_claim_number(row, candidates)
    graded = _graded(row, candidates)
    fitting = [entry for entry in graded if _overlaps(row, entry[1], timedelta())]
    if fitting:
        return _verdict(fitting)
    near = any(_overlaps(row, claim, SERVICE_SLACK) for _, claim, _ in graded)
    return _DATE_MISMATCH if near else _NOT_FOUND


def _by_claim_number(row: Wanted, candidates: Iterable[Candidate]) -> Verdict:
    numbered = [claim for claim in candidates if claim.claim_key == row.claim_key]
    if not numbered:
        return _NOT_FOUND
    graded = _graded(row, numbered)
    if not graded:
        return _PATIENT_MISMATCH
    # Number and person agree, so the claim is the right one even where the row's date is not.
    differs = not any(_overlaps(row, claim, timedelta()) for _, claim, _ in graded)
    return _verdict(graded, (SERVICE_DATE_DIFFERS,) if differs else ())


_Graded = tuple[int, Candidate, tuple[str, ...]]


def _graded(row: Wanted, candidates: Iterable[Candidate]) -> list[_Graded]:
    """The claims of this person: how far each name is off (0 is none), and what to warn of."""
    found: list[_Graded] = []
    for claim in candidates:
        if claim.date_of_birth != row.date_of_birth:
            continue
        grade = _name_grade(row.first_key, row.last_key, claim.first_key, claim.last_key)
        if grade is not None:
            found.append((grade[0], claim, grade[1]))
    return found


def _name_grade(
    first: str, last: str, their_first: str, their_last: str
) -> tuple[int, tuple[str, ...]] | None:
    if not (first and last and their_first and their_last):
        return None
    if last == their_last:
        if first == their_first:
            return 0, ()
        if _is_cut(first, their_first):
            long = min(len(first), len(their_first)) >= _PAYER_CUT
            return (0 if long else 1), (NAME_TRUNCATED,)
    if last == their_first:
        if first == their_last:
            return 2, (NAME_SWAPPED,)
        if _is_cut(first, their_last):
            return 3, (NAME_SWAPPED, NAME_TRUNCATED)
    return None


def _is_cut(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _overlaps(row: Wanted, claim: Candidate, slack: timedelta) -> bool:
    """True also where the row gives no dates, or the payer none to hold against them."""
    if row.service_from is None or row.service_to is None:
        return True
    start = claim.service_from or claim.service_to
    end = claim.service_to or claim.service_from
    if start is None or end is None:
        return True
    if slack:
        # Added to the difference and not to a date, which could run past the calendar's end.
        return start - row.service_to <= slack and row.service_from - end <= slack
    return start <= row.service_to and row.service_from <= end


def _verdict(graded: list[_Graded], warnings: tuple[str, ...] = ()) -> Verdict:
    best = min(grade for grade, _, _ in graded)
    notes = dict.fromkeys(warnings)
    results: list[dict[str, Any]] = []
    for grade, claim, names in graded:
        if grade > best:
            # A twin with a longer or swapped name must not come out beside an exact match.
            notes[NAME_NEARER] = None
            continue
        notes.update(dict.fromkeys((*names, *claim.warnings)))
        line = dict(claim.line)
        # Windows overlap in the claims that they give, so the same line may come twice.
        if line not in results:
            results.append(line)
    return Verdict(results=tuple(sorted(results, key=_order)), warnings=tuple(notes))


def _order(line: Mapping[str, str | None]) -> tuple[str, str]:
    return line.get("first_service_date") or "", line.get("claim_number") or ""
