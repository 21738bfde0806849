"""The local payer's clerk: finds what is asked for in the books, and gives it out by pages."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from app.dev.payer.book import Book, Books, SyntheticClaim, Window
from app.dev.payer.faults import Faults
from app.dev.payer.questions import Refusal, asked_page, payer_today
from app.dev.payer.tally import Tally

_MOST_WALKS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; `code` is the refusal's."""

    status: int
    body: bytes
    code: str | None = None


class Sought(NamedTuple):
    """A new question: claims in some days, of a person, or by their number."""

    first: date
    last: date
    patient: tuple[str, str, date | None] = ("", "", None)
    claim_number: str = ""


class Part(NamedTuple):
    """A page, and the token of the next one."""

    claims: Sequence[SyntheticClaim]
    token: str | None
    is_last: bool = True


@dataclass(frozen=True, slots=True)
class Walk:
    """A question whose pages are being given out."""

    tin: str
    name: str
    days: int
    question: int
    found: Window | tuple[SyntheticClaim, ...]


class Desk:
    """Finds claims for whoever has been let in, page by page, in whichever wire format."""

    def __init__(self, books: Books, tally: Tally, today: Callable[[], date] = payer_today) -> None:
        self.books = books
        self.tally = tally
        self.today = today
        self._walks: dict[str, Walk] = {}
        self._expired: set[int] = set()

    def forget(self) -> None:
        """Let every page token expire."""
        self._walks.clear()
        self._expired.clear()

    def knows_walk(self, token: str) -> bool:
        """Whether a page token still lives."""
        return token.partition("-")[0] in self._walks

    def page(self, tin: str, token: str, sought: Callable[[], Sought], faults: Faults) -> Part:
        """The page behind `token`, or with "" the first one of what is sought.

        Raises:
            Refusal: the payer's word for why not.
        """
        walk_id, page = asked_page(token)
        if walk_id:
            walk = self._walks.get(walk_id)
            if walk is None or walk.tin != tin:
                raise Refusal("LCLM_PS_203")
        else:
            walk_id, walk = self._opened(tin, sought(), faults)
        before = self.tally.asked(walk.name, hash((walk.question, page)))
        self._play(walk_id, walk, page, faults)
        if faults.flicker and before % 2:
            return Part((), None)
        return self._served(walk_id, walk, page, faults)

    def refused(self, refusal: Refusal) -> str:
        """Count a refusal; gives its code."""
        self.tally.codes[refusal.code] += 1
        return refusal.code

    def _opened(self, tin: str, sought: Sought, faults: Faults) -> tuple[str, Walk]:
        book = self.books.book(tin)
        if sought.claim_number:
            claim = book.of_number(sought.claim_number)
            found: Window | tuple[SyntheticClaim, ...] = (claim,) if claim else ()
        else:
            found = _found(book, book.window(sought.first, sought.last), sought.patient, faults)
        days = (sought.last - sought.first).days + 1
        name = f"{tin} {sought.first} {sought.last}"
        walk = Walk(tin, name, days, hash((tin, *sought)), found)
        walk_id = secrets.token_hex(12)
        if len(found) > faults.page_size or faults.token_on_last_page:
            self._walks[walk_id] = walk
            if len(self._walks) > _MOST_WALKS:
                del self._walks[next(iter(self._walks))]
        return walk_id, walk

    def _play(self, walk_id: str, walk: Walk, page: int, faults: Faults) -> None:
        """The refusals that have been ordered for this page of this walk."""
        on_page = faults.error_on_page in (None, page)
        if faults.error_code and walk.days > faults.error_over_days and on_page:
            raise Refusal(faults.error_code)
        if page == faults.page_token_expires_on and walk.question not in self._expired:
            self._expired.add(walk.question)
            self._walks.pop(walk_id, None)
            raise Refusal("LCLM_PS_203")

    def _served(self, walk_id: str, walk: Walk, page: int, faults: Faults) -> Part:
        total, start = len(walk.found), (page - 1) * faults.page_size
        end = min(start + faults.page_size, total)
        over = total > faults.max_results
        if over and (faults.cap_on_page == "first" or end >= faults.max_results):
            raise Refusal("LCLM_PS_306")
        if not total or (start >= total and faults.token_on_last_page):
            raise Refusal("LCLM_PS_201")
        if start >= total:
            raise Refusal("LCLM_PS_203")
        claims: Sequence[SyntheticClaim]
        if isinstance(walk.found, Window):
            claims = self.books.book(walk.tin).part(walk.found, start, end)
        else:
            claims = walk.found[start:end]
        self.tally.claims += len(claims)
        is_last = end >= total
        token = f"{walk_id}-{page + 1}" if faults.token_on_last_page or not is_last else None
        return Part(claims, token, is_last)


def _found(
    book: Book, window: Window, patient: tuple[str, str, date | None], faults: Faults
) -> Window | tuple[SyntheticClaim, ...]:
    first, last, born = patient
    if not (first or last or born):
        return window
    # A payer compares with what it has written down, cut or exchanged as that may be.
    if faults.names == "swapped" or (faults.names == "truncated" and len(first) > 10):
        return ()
    if first and last and born:
        claims = book.of_person((first.title(), last.title(), born))
        return tuple(claim for claim in claims if window.holds(claim))
    return tuple(claim for claim in book.part(window, 0, len(window)) if _fits(claim, patient))


def _fits(claim: SyntheticClaim, patient: tuple[str, str, date | None]) -> bool:
    first, last, born = patient
    return (
        first.upper() in ("", claim.first_name.upper())
        and last.upper() in ("", claim.last_name.upper())
        and born in (None, claim.date_of_birth)
    )
