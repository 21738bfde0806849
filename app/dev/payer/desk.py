"""The local payer's clerk: reads a question out of headers, and answers it from the books."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.dev.payer.book import Book, Books, SyntheticClaim, Window
from app.dev.payer.faults import Faults
from app.dev.payer.questions import (
    Headers,
    Refusal,
    asked_page,
    asked_patient,
    asked_tin,
    asked_window,
    payer_today,
)
from app.dev.payer.tally import Tally
from app.dev.payer.wire import error, summary, usual_status

_MOST_WALKS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; `code` is the refusal's."""

    status: int
    body: bytes
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """A question whose pages are being given out."""

    tin: str
    name: str
    days: int
    question: int
    found: Window | tuple[SyntheticClaim, ...]


class Desk:
    """Answers summary questions whose bearer has been let in."""

    def __init__(self, books: Books, tally: Tally, today: Callable[[], date] = payer_today) -> None:
        self.books = books
        self.tally = tally
        self._today = today
        self._walks: dict[str, Walk] = {}
        self._expired: set[int] = set()

    def forget(self) -> None:
        """Let every page token expire."""
        self._walks.clear()
        self._expired.clear()

    def answer(self, headers: Headers, faults: Faults, key: str | None = "claims") -> Reply:
        """The page that the headers ask for, or the payer's refusal of it."""
        try:
            return self._page(headers, faults, key)
        except Refusal as refusal:
            self.tally.codes[refusal.code] += 1
            status = faults.error_status or usual_status(refusal.code)
            return Reply(status, error(refusal.code), refusal.code)

    def _page(self, headers: Headers, faults: Faults, key: str | None) -> Reply:
        tin = asked_tin(headers)
        walk_id, page = asked_page(headers)
        walk = self._resumed(headers, tin, walk_id, faults) if walk_id else None
        if walk is None:
            walk_id, walk = self._opened(headers, tin, faults)
        before = self.tally.asked(walk.name, hash((walk.question, page)))
        self._play(walk_id, walk, page, faults)
        if faults.flicker and before % 2:
            return Reply(200, summary((), tin, None, faults, key=key))
        return self._served(walk_id, walk, page, faults, key)

    def _resumed(self, headers: Headers, tin: str, walk_id: str, faults: Faults) -> Walk:
        if faults.refuse_dates_with_page_token and headers.get(b"firstservicedt"):
            raise Refusal("LCLM_PS_106")
        walk = self._walks.get(walk_id)
        if walk is None or walk.tin != tin:
            raise Refusal("LCLM_PS_203")
        return walk

    def _opened(self, headers: Headers, tin: str, faults: Faults) -> tuple[str, Walk]:
        first, last = asked_window(headers, self._today(), faults.window_days)
        patient = asked_patient(headers)
        book = self.books.book(tin)
        found = _found(book, book.window(first, last), patient, faults)
        question = hash((tin, first, last, patient))
        walk = Walk(tin, f"{tin} {first} {last}", (last - first).days + 1, question, found)
        walk_id = secrets.token_hex(12)
        if len(found) > faults.page_size:
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

    def _served(
        self, walk_id: str, walk: Walk, page: int, faults: Faults, key: str | None
    ) -> Reply:
        total, start = len(walk.found), (page - 1) * faults.page_size
        end = min(start + faults.page_size, total)
        over = total > faults.max_results
        if over and (faults.cap_on_page == "first" or end >= faults.max_results):
            raise Refusal("LCLM_PS_306")
        if not total:
            raise Refusal("LCLM_PS_201")
        if start >= total:
            raise Refusal("LCLM_PS_203")
        claims: Sequence[SyntheticClaim]
        if isinstance(walk.found, Window):
            claims = self.books.book(walk.tin).part(walk.found, start, end)
        else:
            claims = walk.found[start:end]
        self.tally.claims += len(claims)
        token = f"{walk_id}-{page + 1}" if end < total else None
        return Reply(200, summary(claims, walk.tin, token, faults, key=key))


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
