"""Asking the payer: one page, or a whole question with all its pages and halves."""

import asyncio
import math
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from app.claims.engine.bench import Bench, PutDown, Unit
from app.claims.engine.coverage import TRUNCATED
from app.claims.engine.days import Span, halves
from app.claims.engine.provider import payer_of
from app.claims.engine.tempo import LONGEST_SECONDS
from app.claims.payers.details import ClaimRef
from app.claims.payers.port import (
    Capabilities,
    FaultKind,
    NoPermit,
    Page,
    PageTokenExpired,
    PayerBadResponse,
    PayerClaim,
    PayerFault,
    PayerTimeout,
    Question,
    WindowTooLarge,
)
from app.claims.queries.engine.rows import AskedQuery

RESTARTS: Final = 3
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Walk:
    """What a question gave: claims, and the queries that prove it; `code` where it failed."""

    claims: list[PayerClaim] = field(default_factory=list)
    queries: list[AskedQuery] = field(default_factory=list)
    code: str | None = None
    refs: dict[str | None, ClaimRef] = field(default_factory=dict)
    """By claim number, how more can be asked about a claim."""

    def add(self, other: "Walk") -> None:
        """Take in the walk of another part."""
        self.claims += other.claims
        self.queries += other.queries
        self.code = self.code or other.code
        self.refs |= other.refs


async def ask(bench: Bench, unit: Unit, question: Question, token: str | None = None) -> Page:
    """One page.

    Raises:
        PayerFault: as the adapter says; PayerTimeout also where it had its full time and more.
        PutDown: the slice was over before the payer had had its time.
    """
    payer = payer_of(bench, unit)
    asker = str(unit.organization_id)
    asked = question if question.asker == asker else replace(question, asker=asker)
    return await timed(bench, unit, payer.search(asked, token), payer.capabilities)


async def timed(
    bench: Bench,
    unit: Unit,
    call: Coroutine[Any, Any, Answer],
    able: Capabilities,
    *,
    calls: int = 1,
) -> Answer:
    """What the call gives, if the slice has time for it; it may be `calls` calls in a row.

    Raises:
        PayerFault: as the adapter says; PayerTimeout also where it had its full time and more.
        PutDown: the slice was over before the payer had had its time, or would be.
    """
    provider, began = unit.job.provider, time.monotonic()
    patience = max(bench.cut_at - began, 0.0)
    if patience < bench.tempo.expected(provider):
        call.close()
        bench.end()
        raise PutDown
    limit = asyncio.timeout(patience if math.isfinite(patience) else None)
    try:
        async with limit:
            bench.limits.add(limit)
            return await call
    except TimeoutError:
        if time.monotonic() - began >= min(calls * able.timeout_seconds, LONGEST_SECONDS):
            raise PayerTimeout from None
        raise PutDown from None
    finally:
        bench.limits.discard(limit)
        bench.tempo.note(provider, time.monotonic() - began)


async def walk(bench: Bench, unit: Unit, question: Question, *, patient: bool = False) -> Walk:
    """All pages; a window that is too full is walked in halves, down to a day.

    With `patient` our own brakes are waited for, because other parts of the row are asked already.

    Raises:
        PayerFault: one that passes (transient, credentials): nothing of the walk counts.
        PutDown: the slice is over.
    """
    found = Walk()
    parts = [question]
    while parts:
        part = parts.pop()
        try:
            found.add(await _pages(bench, unit, part, patient=patient))
        except WindowTooLarge as fault:
            # A claim number has no days that could be fewer.
            smaller = None if part.claim_number else halves(Span(part.from_date, part.to_date))
            if smaller:
                parts += [replace(part, from_date=s.first, to_date=s.last) for s in smaller]
            else:
                found.add(_ended(part, fault, TRUNCATED))
        except PayerFault as fault:
            if fault.kind is not FaultKind.FINAL:
                raise
            found.add(_ended(part, fault, fault.row_code))
    return found


def _ended(question: Question, fault: PayerFault, code: str | None) -> Walk:
    query = AskedQuery(
        tin=question.tin,
        payer_id=question.payer_id,
        from_date=question.from_date,
        to_date=question.to_date,
        pages=0,
        claims=0,
        complete=False,
        error_code=code,
        payer_code=fault.facts.payer_code,
        request_id=fault.facts.request_id,
    )
    return Walk(queries=[query], code=code)


async def _pages(bench: Bench, unit: Unit, question: Question, *, patient: bool) -> Walk:
    for _ in range(RESTARTS):
        try:
            return await _once(bench, unit, question, patient=patient)
        except PageTokenExpired:
            continue
    # Tokens that never live until the next page are an answer that nobody can use.
    raise PayerBadResponse


async def _once(bench: Bench, unit: Unit, question: Question, *, patient: bool) -> Walk:
    claims: list[PayerClaim] = []
    token: str | None = None
    most = payer_of(bench, unit).capabilities.max_pages
    for number in range(1, most + 1):
        page = await _permitted(bench, unit, question, token, patient=patient or number > 1)
        claims += page.claims
        token = page.next_token
        if token is None:
            if not page.complete:
                raise WindowTooLarge
            asked = [_asked(question, number, len(claims), page)]
            return Walk(claims, asked, refs=_refs(question, claims))
    raise WindowTooLarge


def _refs(question: Question, claims: list[PayerClaim]) -> dict[str | None, ClaimRef]:
    return {
        claim.claim_number: ClaimRef(
            question.tin, question.payer_id, claim.claim_number, claim.handle
        )
        for claim in claims
    }


def _asked(question: Question, pages: int, claims: int, last: Page) -> AskedQuery:
    return AskedQuery(
        tin=question.tin,
        payer_id=question.payer_id,
        from_date=question.from_date,
        to_date=question.to_date,
        pages=pages,
        claims=claims,
        complete=True,
        error_code=None,
        payer_code=last.payer_code,
        request_id=last.request_id,
    )


async def _permitted(
    bench: Bench, unit: Unit, question: Question, token: str | None, *, patient: bool
) -> Page:
    while True:
        try:
            return await ask(bench, unit, question, token)
        except NoPermit as fault:
            if not patient:
                raise
            await bench.wait_for_permit(fault.retry_after or 1.0)


def is_sendable(able: Capabilities, names: tuple[str, str]) -> bool:
    """Whether a question can be narrowed to somebody of this name.

    Adapters send names as plain ASCII headers; any other name is found in the whole list instead.
    """
    return able.by_patient and all(
        name.strip() and name.isascii() and name.isprintable() for name in names
    )
