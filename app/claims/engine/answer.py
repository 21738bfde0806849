"""A unit of rows: what the walked windows answer is written at once, the rest is asked singly."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from app.claims.engine.bench import Bench, Unit
from app.claims.engine.coverage import Coverage, Look
from app.claims.engine.days import Span
from app.claims.engine.finish import complete, fence, obey
from app.claims.engine.horizon import Horizon
from app.claims.engine.plan import horizon_of
from app.claims.engine.provider import payer_of, usual_payer_id
from app.claims.engine.verdicts import (
    failed,
    ids_of,
    known_claim,
    ref_of,
    settle,
    verdict_of,
)
from app.claims.matching import KnownClaim, Verdict
from app.claims.payers.details import ClaimRef
from app.claims.queries.engine import planning, rows, settling, windows
from app.claims.queries.engine.connection import Connection
from app.claims.queries.engine.rows import Answered, Found, OpenRow, Writer
from app.core.meters import ROWS, count

Refs = Mapping[str | None, ClaimRef]


@dataclass(frozen=True, slots=True)
class LeftRow:
    """A row that the windows did not settle, with what is known of it."""

    row: OpenRow
    payer_id: str
    span: Span
    look: Look
    candidates: tuple[KnownClaim, ...]
    evidence: dict[str | None, int]
    """From the number of a kept claim, as its result line has it, to the query that gave it."""
    refs: Refs = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RipeRow:
    """A row that the windows answer with claims of which the job wants to know more."""

    row: OpenRow
    verdict: Verdict
    query_ids: Sequence[int]
    refs: Refs


@dataclass(frozen=True, slots=True)
class Settled:
    """What is left of a unit once its windows have answered what they can."""

    left: list[LeftRow] = field(default_factory=list)
    ripe: list[RipeRow] = field(default_factory=list)


@dataclass(slots=True)
class Kept:
    """The claims that are kept of the job, as far as the unit's rows could mean them."""

    by_number: dict[str, list[Found]] = field(default_factory=dict)
    by_person: dict[tuple[date | None, str], list[Found]] = field(default_factory=dict)

    def of(self, row: OpenRow) -> Iterable[Found]:
        """Those that could answer the row, of whichever practice."""
        if row.claim_key:
            return self.by_number.get(row.claim_key, ())
        return self.by_person.get((row.date_of_birth, row.last_key), ())


# Rows that are judged in a row before other lanes get their turn.
_AT_ONCE: Final = 500


class Desk:
    """What all rows of a unit are settled by: days, practices and windows."""

    def __init__(
        self,
        horizon: Horizon,
        practices: Sequence[tuple[int, str]],
        payer_id: str,
        *,
        wants_more: bool,
    ) -> None:
        self._horizon = horizon
        self._wants_more = wants_more
        self._tins = {key: (tin,) for key, tin in practices}
        self.all_tins = tuple(dict.fromkeys(tin for _, tin in practices))
        self.payer_id = payer_id
        self._spans: dict[tuple[date | None, date | None], Span] = {}

    def tins_of(self, row: OpenRow) -> tuple[str, ...]:
        """The practices that the row is asked for."""
        if row.practice_id is not None:
            return self._tins.get(row.practice_id, ())
        return (row.tin,) if row.tin else self.all_tins

    def _span_of(self, row: OpenRow) -> Span:
        """The days to search; rows of a file share few dates, so each pair is worked out once."""
        dates = row.service_from, row.service_to
        if dates not in self._spans:
            self._spans[dates] = self._horizon.of(*dates) or self._horizon.limits
        return self._spans[dates]

    def sort(self, row: OpenRow, coverage: Coverage, kept: Kept) -> Answered | LeftRow | RipeRow:
        """The row's answer by the windows, or what is needed to ask for it or for more of it."""
        tins = self.tins_of(row)
        if not tins:
            # The practice was there when the plan was made: nothing searched proves nothing.
            return failed(row, "row.practice_unknown")
        payer_id = row.payer_id or self.payer_id
        span = self._span_of(row)
        look = coverage.look(tins, payer_id, span)
        found = [
            claim
            for claim in kept.of(row)
            if claim.tin in tins and coverage.payer_id_of(claim.query_id) == payer_id
        ]
        candidates = tuple(map(known_claim, found))
        evidence = {
            known.line["claim_number"]: claim.query_id
            for known, claim in zip(candidates, found, strict=True)
        }
        verdict = verdict_of(row, candidates)
        answer = settle(row, look, verdict, evidence, span)
        refs: Refs = {}
        if self._wants_more and verdict.results:
            known = [ref_of(claim, payer_id) for claim in found]
            refs = {ref.claim_number: ref for ref in known}
        if answer is None:
            return LeftRow(row, payer_id, span, look, candidates, evidence, refs)
        if refs and answer.error_code is None:
            return RipeRow(row, verdict, ids_of(verdict, evidence), refs)
        return answer


async def settle_locally(bench: Bench, unit: Unit, *, wants_more: bool = False) -> Settled:
    """Write what the windows answer; gives the other rows, or ends the unit where there is none.

    Raises:
        Fenced: the lease is lost.
    """
    able = payer_of(bench, unit).capabilities
    own_turn = bench.settling if unit.job.use_batch_query else nullcontext()
    async with own_turn, bench.writing(unit) as connection:
        coverage = await _coverage(bench, unit, connection)
        desk = Desk(
            horizon_of(unit, able),
            await planning.practices(connection),
            usual_payer_id(bench.settings, unit.job.provider),
            wants_more=wants_more,
        )
        if coverage.is_known and not wants_more and "claim_number" in unit.job.mapping:
            await _settle_plain(connection, bench, unit, desk)
        open_rows = await rows.open_rows(connection, unit.job_id, unit.lo, unit.hi)
        kept = await _kept(connection, unit, open_rows) if coverage.is_known else Kept()
        answers, settled = await _sorted(desk, open_rows, coverage, kept)
        await write(connection, bench, unit, answers)
        if not (settled.left or settled.ripe):
            await complete(connection, bench, unit)
    return settled


async def _settle_plain(connection: Connection, bench: Bench, unit: Unit, desk: Desk) -> None:
    within = settling.Range(unit.lo, unit.hi, desk.all_tins, desk.payer_id)
    known = unit.job.alike_found
    done = await settling.settle(connection, writer_of(bench, unit), within, alike_found=known)
    obey(unit, done.status if done else None)
    if done:
        count(ROWS, times=done.rows)
    if done and done.alike_found:
        unit.job = replace(unit.job, alike_found=True)


async def _sorted(
    desk: Desk, open_rows: Sequence[OpenRow], coverage: Coverage, kept: Kept
) -> tuple[list[Answered], Settled]:
    answers: list[Answered] = []
    settled = Settled()
    for place, row in enumerate(open_rows, start=1):
        judged = desk.sort(row, coverage, kept)
        if isinstance(judged, LeftRow):
            settled.left.append(judged)
        elif isinstance(judged, RipeRow):
            settled.ripe.append(judged)
        else:
            answers.append(judged)
        if place % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return answers, settled


async def find_alike(bench: Bench, unit: Unit) -> None:
    """Find out which rows of the job ask the same, if nobody has yet.

    Raises:
        Fenced: the lease is lost.
    """
    async with bench.writing(unit) as connection:
        await planning.be_patient(connection)
        await fence(connection, bench, unit, progress=False)
        await planning.find_alike(connection, unit.job_id)
    unit.job = replace(unit.job, alike_found=True)


async def write(
    connection: Connection, bench: Bench, unit: Unit, answers: Sequence[Answered]
) -> None:
    """Write answers, or with none only prolong the lease.

    Raises:
        Fenced: the lease is lost; the transaction has to be rolled back.
    """
    if answers:
        known = unit.job.alike_found
        writer = writer_of(bench, unit)
        obey(unit, await rows.answer(connection, writer, answers, alike_found=known))
        count(ROWS, times=len(answers))
    else:
        await fence(connection, bench, unit, progress=False)


def writer_of(bench: Bench, unit: Unit) -> Writer:
    """The unit as the one who writes."""
    return Writer(
        job_id=unit.job_id,
        organization_id=unit.organization_id,
        attempt=unit.job.attempt,
        unit_id=unit.id,
        token=unit.token,
        lease_seconds=bench.lease_seconds,
    )


async def _coverage(bench: Bench, unit: Unit, connection: Connection) -> Coverage:
    """The job's windows, read again only when one of them has been finished or added."""
    version = f"{unit.epoch} {await windows.version(connection, unit.job_id)}"
    known = bench.coverages.get(unit.job_id)
    if known is None or known[0] != version:
        known = version, Coverage(await windows.walked(connection, unit.job_id))
        bench.coverages[unit.job_id] = known
    return known[1]


async def _kept(connection: Connection, unit: Unit, open_rows: Sequence[OpenRow]) -> Kept:
    kept = Kept()
    keys = {row.claim_key for row in open_rows if row.claim_key}
    persons = {(row.date_of_birth, row.last_key) for row in open_rows if not row.claim_key}
    if keys:
        for found in await rows.by_number(connection, unit.job_id, keys):
            kept.by_number.setdefault(found.claim_key, []).append(found)
    if persons:
        claims = await rows.by_person(connection, unit.job_id, persons)
        for found in {(claim.claim_key, claim.tin): claim for claim in claims}.values():
            for name in {found.last_key, found.first_key}:
                if (found.date_of_birth, name) in persons:
                    kept.by_person.setdefault((found.date_of_birth, name), []).append(found)
    return kept
