"""A window unit: all pages of one practice's claims in some days, kept as they come."""

import time
from dataclasses import dataclass, field
from typing import Final

from app.claims.engine.bench import Bench, PutDown, Unit
from app.claims.engine.coverage import TRUNCATED
from app.claims.engine.days import Span, halves
from app.claims.engine.finish import complete, fence, obey
from app.claims.engine.provider import payer_of
from app.claims.engine.search import RESTARTS, ask
from app.claims.engine.trouble import cheer, is_spent, put_off
from app.claims.payers.port import (
    FaultKind,
    Page,
    PageTokenExpired,
    PayerBadResponse,
    PayerFault,
    Question,
    WindowTooLarge,
)
from app.claims.queries.engine import windows
from app.claims.queries.engine.windows import Keeper, WantedWindow, WindowQuery
from app.core.log import logger

_INTERNAL: Final = "internal"


# Pages are kept together where they come fast, and one by one where each takes this long: so much
# walking, and the page that was under way, is all that a crash repeats.
KEEP_SECONDS: Final = 1.0


@dataclass(slots=True)
class _Stack:
    """Pages of a window that have come and are not kept yet."""

    began: float
    pages: list[Page] = field(default_factory=list)

    def take(self) -> list[Page]:
        """The pages; the stack is empty afterwards."""
        taken, self.pages = self.pages, []
        self.began = time.monotonic()
        return taken


async def walk_window(bench: Bench, unit: Unit) -> None:
    """Walk the unit's window from the page where it stands.

    Raises:
        Fenced: the lease is lost.
        PutDown: the slice is over; the pages so far are kept.
    """
    async with bench.reading(unit) as connection:
        query = await windows.of_unit(connection, unit.id)
    if query is None:
        async with bench.writing(unit) as connection:
            await complete(connection, bench, unit)
        return
    stack = _Stack(time.monotonic())
    try:
        await _walk(bench, unit, query, stack)
    except WindowTooLarge as fault:
        # What was read of it comes again with its halves.
        await _narrow(bench, unit, query, fault)
    except PutDown:
        await _keep(bench, unit, query, stack.take())
        raise
    except PayerFault as fault:
        await _keep(bench, unit, query, stack.take())
        if fault.kind is FaultKind.FINAL or is_spent(bench, unit, fault):
            await give_up(bench, unit, query, fault.row_code or _INTERNAL, fault)
        else:
            await put_off(bench, unit, fault)


async def _walk(bench: Bench, unit: Unit, query: WindowQuery, stack: _Stack) -> None:
    days = query.from_date, query.to_date
    question = Question(query.tin, query.payer_id, *days, asker=str(unit.organization_id))
    most = payer_of(bench, unit).capabilities.max_pages
    token, number, restarts = query.page_token, query.pages, 0
    while True:
        bench.check(unit)
        try:
            page = await ask(bench, unit, question, token)
        except PageTokenExpired:
            restarts += 1
            stack.take()
            await _restart(bench, unit, query, restarts)
            token, number = None, 0
            continue
        await cheer(bench, unit)
        number += 1
        stack.pages.append(page)
        if page.next_token is None:
            await _keep_last(bench, unit, query, stack.take())
            return
        if number >= most:
            raise WindowTooLarge
        # Whose last worker died keeps each page: three deaths without one would end the window.
        if unit.attempts > 1 or time.monotonic() - stack.began >= KEEP_SECONDS:
            await _keep(bench, unit, query, stack.take())
        token = page.next_token


async def _restart(bench: Bench, unit: Unit, query: WindowQuery, restarts: int) -> None:
    if restarts > RESTARTS:
        # Tokens that never live until the next page are an answer that nobody can use.
        raise PayerBadResponse
    async with bench.writing(unit) as connection:
        await fence(connection, bench, unit, progress=False)
        await windows.restart(connection, query.id)


async def _keep(bench: Bench, unit: Unit, query: WindowQuery, pages: list[Page]) -> None:
    if pages:
        async with bench.writing(unit) as connection:
            obey(unit, await windows.keep_pages(connection, _keeper(bench, unit), query, pages))


async def _keep_last(bench: Bench, unit: Unit, query: WindowQuery, pages: list[Page]) -> None:
    if not pages[-1].complete:
        # No token, and yet more behind it: what was not given cannot be said to be absent.
        raise WindowTooLarge
    async with bench.writing(unit) as connection:
        obey(unit, await windows.keep_pages(connection, _keeper(bench, unit), query, pages))
        await complete(connection, bench, unit)


def _keeper(bench: Bench, unit: Unit) -> Keeper:
    return Keeper(
        unit.id,
        unit.token,
        bench.lease_seconds,
        with_handles=bool(unit.job.include),
        by_person="claim_number" not in unit.job.mapping,
    )


async def _narrow(bench: Bench, unit: Unit, query: WindowQuery, fault: PayerFault) -> None:
    smaller = halves(Span(query.from_date, query.to_date))
    if smaller is None:
        await give_up(bench, unit, query, TRUNCATED, fault)
        return
    wanted = [WantedWindow(query.tin, query.payer_id, s.first, s.last) for s in smaller]
    async with bench.writing(unit) as connection:
        await fence(connection, bench, unit)
        await windows.give_up(
            connection, query.id, windows.SPLIT, payer_code=fault.facts.payer_code
        )
        await windows.add(connection, unit.job_id, unit.organization_id, wanted)
        await complete(connection, bench, unit)


async def give_up(
    bench: Bench, unit: Unit, query: WindowQuery, code: str, fault: PayerFault | None = None
) -> None:
    """End the window as incomplete: rows that rest on it are told `code`.

    Raises:
        Fenced: the lease is lost.
    """
    async with bench.writing(unit) as connection:
        await fence(connection, bench, unit)
        await windows.give_up(
            connection,
            query.id,
            code,
            payer_code=fault.facts.payer_code if fault else None,
            request_id=fault.facts.request_id if fault else None,
        )
        await complete(connection, bench, unit)
    logger.warning("claims.window_incomplete", job_id=unit.job_id, query_id=query.id, code=code)
