"""Asking for more about claims that answer rows: lines, reasons, payments, when the job wants them.

Only for claims that matched, and before their row is written, so that an answer is written once. A
claim whose particulars cannot be had is still the answer; the row then carries a warning.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from app.claims.engine.bench import Bench, Unit
from app.claims.engine.provider import payer_of
from app.claims.engine.search import timed
from app.claims.engine.trouble import is_spent
from app.claims.matching import Verdict
from app.claims.payers.details import ClaimRef, Extra, Particulars
from app.claims.payers.port import FaultKind, NoPermit, PayerFault
from app.core.log import logger

MORE_UNAVAILABLE: Final = "details_unavailable"
# A patient with more claims than this gets the particulars of the first ones.
MOST_CLAIMS: Final = 20
Refs = Mapping[str | None, ClaimRef]


class Closer:
    """What is found out in one unit; a claim of several rows is asked for once."""

    def __init__(self, bench: Bench, unit: Unit) -> None:
        self._bench = bench
        self._unit = unit
        self._payer = payer_of(bench, unit)
        able = self._payer.capabilities
        self._wanted = frozenset(extra for extra in unit.job.include if able.gives(extra))
        self._known: dict[ClaimRef, Particulars | None] = {}

    @property
    def is_wanted(self) -> bool:
        """Whether the job wants anything that its payer gives."""
        return bool(self._wanted)

    @property
    def room(self) -> int:
        """Rows whose claims are asked for together: about what the payer takes at once."""
        able = self._payer.capabilities
        pace = able.requests_per_minute
        calls = min(able.concurrency, max(1, pace // 12)) if pace else able.concurrency
        return max(1, calls // max(1, len(self._wanted)))

    async def ask(self, verdicts: Iterable[tuple[Verdict, Refs]]) -> None:
        """Find out what is wanted of all claims of the verdicts.

        Raises:
            PayerFault: one that passes; what was found out is kept for the next time.
            PutDown: the slice is over.
        """
        refs = list(dict.fromkeys(ref for pair in verdicts for ref in _refs_of(*pair)))
        new = [ref for ref in refs if ref not in self._known]
        if not new:
            return
        # Our own brakes may put the unit off here; once something was asked they are waited for.
        await self._ask(new[0], patient=False)
        results = await asyncio.gather(
            *(self._ask(ref, patient=True) for ref in new[1:]), return_exceptions=True
        )
        for result in results:
            if result is not None:
                raise result

    def knows(self, verdict: Verdict, refs: Refs) -> bool:
        """Whether all that is wanted of the verdict's claims has been asked for."""
        return all(ref in self._known for ref in _refs_of(verdict, refs))

    def completed(self, verdict: Verdict, refs: Refs) -> Verdict:
        """The verdict with what was found out of its claims, and a warning where that is less."""
        if not self._wanted or not verdict.results:
            return verdict
        lines: list[dict[str, Any]] = []
        is_whole = True
        for number, line in enumerate(verdict.results):
            ref = refs.get(line["claim_number"])
            known = self._known.get(ref) if ref is not None and number < MOST_CLAIMS else None
            is_whole = is_whole and known is not None
            lines.append({**line, **known.line} if known is not None else line)
        warnings = verdict.warnings if is_whole else (*verdict.warnings, MORE_UNAVAILABLE)
        return replace(verdict, results=tuple(lines), warnings=warnings)

    async def _ask(self, ref: ClaimRef, *, patient: bool) -> None:
        if ref.handle is None:
            self._known[ref] = None
            return
        asked = replace(ref, asker=str(self._unit.organization_id))
        try:
            self._known[ref] = await self._permitted(asked, patient=patient)
        except PayerFault as fault:
            passes = fault.kind in (FaultKind.TRANSIENT, FaultKind.CREDENTIALS)
            if passes and not is_spent(self._bench, self._unit, fault):
                raise
            logger.warning(
                "claims.details_unavailable",
                job_id=self._unit.job_id,
                fault=type(fault).__name__,
                payer_code=fault.facts.payer_code,
            )
            self._known[ref] = None

    async def _permitted(self, ref: ClaimRef, *, patient: bool) -> Particulars:
        able = self._payer.capabilities
        while True:
            try:
                call = self._payer.look_closer(ref, self._wanted)
                return await timed(self._bench, self._unit, call, able, calls=len(self._wanted))
            except NoPermit as fault:
                if not patient:
                    raise
                await self._bench.wait_for_permit(fault.retry_after or 1.0)


def _refs_of(verdict: Verdict, refs: Refs) -> list[ClaimRef]:
    lines: Sequence[Mapping[str, Any]] = verdict.results[:MOST_CLAIMS]
    return [refs[line["claim_number"]] for line in lines if line["claim_number"] in refs]


def extras_not_given(include: Collection[Extra], given: Collection[Extra]) -> list[str]:
    """What a job wants and its payer does not have."""
    return sorted(extra.value for extra in include if extra not in given)
