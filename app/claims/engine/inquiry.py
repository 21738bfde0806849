"""What one row asks the payer, and what the payer's answers make of it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.claims.engine.answer import LeftRow
from app.claims.engine.bench import Bench, PutDown, Unit
from app.claims.engine.closer import Closer
from app.claims.engine.coverage import TRUNCATED
from app.claims.engine.days import Span, cut, merged
from app.claims.engine.search import Walk, is_sendable, walk
from app.claims.engine.verdicts import failed, ids_of, succeeded, verdict_of
from app.claims.matching import NOT_FOUND, PATIENT_MISMATCH, Verdict
from app.claims.payers.details import ClaimRef
from app.claims.payers.port import Capabilities, PayerFault, Question
from app.claims.queries.engine.rows import Answered, array_literal

BATCH_ROWS: Final = 20
# A row of more questions than this (many practices, many weeks) is cheaper by the whole list, and
# a step stays short enough to be finished before the slice is over.
MOST_QUESTIONS: Final = 8


@dataclass(slots=True)
class Inquiry:
    """A row, the questions that would settle it, and what came of them."""

    left: LeftRow
    questions: list[Question]
    walk: Walk = field(default_factory=Walk)
    fault: PayerFault | None = None
    is_put_down: bool = False
    is_spent: bool = False
    """The fault is the answer: the time for asking again is up."""

    @property
    def verdict(self) -> Verdict:
        """What all that is known of the row comes to."""
        return verdict_of(self.left.row, [*self.left.candidates, *self.walk.claims])

    @property
    def refs(self) -> dict[str | None, ClaimRef]:
        """How more can be asked about the claims that are known."""
        return {**self.left.refs, **self.walk.refs}

    @property
    def is_good(self) -> bool:
        """Whether the payer answered all that was asked."""
        return self.fault is None and not self.is_put_down


def inquiry_of(left: LeftRow, names: tuple[str, str], able: Capabilities, *, asker: str) -> Inquiry:
    """Questions about the row's person for the days that no window has settled, newest first.

    Without any where the whole list is the better way, or the only one.
    """
    spans: dict[str, list[Span]] = {}
    for place in (*left.look.missing, *left.look.truncated):
        spans.setdefault(place.tin, []).append(place.span)
    if able.by_claim_number and left.row.claim_key:
        return Inquiry(left, _by_number(left, spans, asker))
    first_name, last_name = names
    questions = [
        Question(
            tin=tin,
            payer_id=left.payer_id,
            from_date=part.first,
            to_date=part.last,
            first_name=first_name,
            last_name=last_name,
            date_of_birth=left.row.date_of_birth,
            asker=asker,
        )
        for tin, days in spans.items()
        for span in merged(days)
        for part in cut(span, able.max_window_days)
    ]
    if len(questions) > MOST_QUESTIONS or not is_sendable(able, names):
        return Inquiry(left, [])
    questions.sort(key=lambda question: question.from_date, reverse=True)
    return Inquiry(left, questions)


def _by_number(left: LeftRow, spans: Mapping[str, Sequence[Span]], asker: str) -> list[Question]:
    """The claim at each practice; none where that is more than the whole lists would cost."""
    questions = [
        Question(
            tin=tin,
            payer_id=left.payer_id,
            from_date=min(span.first for span in days),
            to_date=max(span.last for span in days),
            claim_number=left.row.claim_key,
            asker=asker,
        )
        for tin, days in spans.items()
    ]
    return questions if len(questions) <= MOST_QUESTIONS else []


def batches(inquiries: Sequence[Inquiry], able: Capabilities) -> Iterator[list[Inquiry]]:
    """So many rows together that the payer's places are full, and no more than are written at once.

    Where the payer wants a pace, about as many as it lets through in one go.
    """
    pace = able.requests_per_minute
    room = min(able.concurrency, max(1, pace // 12)) if pace else able.concurrency
    batch: list[Inquiry] = []
    asked = 0
    for inquiry in inquiries:
        if batch and (len(batch) == BATCH_ROWS or asked >= room):
            yield batch
            batch, asked = [], 0
        batch.append(inquiry)
        asked += len(inquiry.questions)
    if batch:
        yield batch


async def ask_row(bench: Bench, unit: Unit, inquiry: Inquiry) -> None:
    """Ask the row's questions: one first, which may be enough, and then the others together."""
    first, *others = inquiry.questions
    try:
        inquiry.walk.add(await walk(bench, unit, first))
        if others and not _is_enough(inquiry):
            await _ask_others(bench, unit, inquiry, others)
    except (PayerFault, PutDown) as fault:
        if _is_enough(inquiry):
            return
        if isinstance(fault, PutDown):
            inquiry.is_put_down = True
        else:
            inquiry.fault = fault


async def _ask_others(
    bench: Bench, unit: Unit, inquiry: Inquiry, others: Sequence[Question]
) -> None:
    results = await asyncio.gather(
        *(walk(bench, unit, question, patient=True) for question in others),
        return_exceptions=True,
    )
    fault: BaseException | None = None
    for result in results:
        if isinstance(result, BaseException):
            fault = fault or result
        else:
            inquiry.walk.add(result)
    if fault is not None:
        raise fault


def _is_enough(inquiry: Inquiry) -> bool:
    """Whether the row's claim number has been found with its person: other days hold no other."""
    row = inquiry.left.row
    return bool(row.claim_key and verdict_of(row, inquiry.walk.claims).results)


def conclude_row(inquiry: Inquiry, own: Sequence[int], closer: Closer) -> Answered | None:
    """The answer of a row whose questions were all asked, or None where only the whole list can say.

    A question about a person that finds nothing proves little: payers cut and exchange names. So
    `payer.not_found` is left to the windows, which hold everybody's claims.
    """
    left, asked = inquiry.left, inquiry.walk
    verdict = closer.completed(inquiry.verdict, inquiry.refs)
    proof = array_literal([*left.look.query_ids, *own])
    if verdict.results and (left.row.claim_key or asked.code is None):
        return succeeded(left.row, verdict, own or ids_of(verdict, left.evidence))
    if asked.code not in (None, TRUNCATED):
        return failed(left.row, asked.code, proof)
    if verdict.error_code == PATIENT_MISMATCH:
        return failed(left.row, verdict.error_code, proof)
    if asked.code == TRUNCATED or (verdict.error_code == NOT_FOUND and not left.look.missing):
        return failed(left.row, TRUNCATED, proof)
    if verdict.error_code == NOT_FOUND:
        return None
    return failed(left.row, verdict.error_code or NOT_FOUND, proof)
