"""Reading rows with their answers."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select, true
from sqlalchemy.engine import RowMapping

from app.claims.models import ClaimAnswer, ClaimAnswerHistory, ClaimRow
from app.claims.models_payer import ClaimEvidence, PayerQuery
from app.core.db import ReadSession

_ATTEMPTS: Final = (
    select(func.count())
    .where(
        ClaimAnswerHistory.job_id == ClaimRow.job_id, ClaimAnswerHistory.row_no == ClaimRow.row_no
    )
    .correlate(ClaimRow)
    .scalar_subquery()
)
# OFFSET 0 keeps PostgreSQL from joining the two tables as a whole: of a file that has just come in
# it has no statistics and would choose nested loops over all of its rows.
_ANSWER: Final = (
    select(ClaimAnswer)
    .where(ClaimAnswer.job_id == ClaimRow.job_id, ClaimAnswer.row_no == ClaimRow.row_no)
    .correlate(ClaimRow)
    .offset(0)
    .lateral("answer")
)


def _columns(answer: Any) -> tuple[Any, ...]:
    shared = (
        select(ClaimEvidence.query_ids)
        .where(ClaimEvidence.id == answer.evidence_id)
        .scalar_subquery()
    )
    return (
        *(answer.outcome, answer.error_code, answer.error, answer.results, answer.warnings),
        func.coalesce(answer.query_ids, shared).label("query_ids"),
    )


def rows_statement(job_id: UUID, *, status: str | None = None) -> Select[Any]:
    """A job's rows, each with its answer where it has one; `status` may be any or pending."""
    statement = (
        select(
            ClaimRow.row_no,
            ClaimRow.cells,
            ClaimRow.warnings.label("row_warnings"),
            *_columns(_ANSWER.c),
            _ATTEMPTS.label("earlier_attempts"),
        )
        .select_from(ClaimRow)
        .outerjoin(_ANSWER, true())
        .where(ClaimRow.job_id == job_id)
    )
    if status == "pending":
        return statement.where(_ANSWER.c.row_no.is_(None))
    return statement if status is None else statement.where(_ANSWER.c.outcome == status)


def answered_statement(job_id: UUID, *, outcome: str, error_code: str | None) -> Select[Any]:
    """A job's answers of this outcome; `cells_of` gives the rows of a page.

    Joined here, PostgreSQL would fetch the rows of all answers before it sorts out the page.
    """
    attempts = (
        select(func.count())
        .where(
            ClaimAnswerHistory.job_id == ClaimAnswer.job_id,
            ClaimAnswerHistory.row_no == ClaimAnswer.row_no,
        )
        .correlate(ClaimAnswer)
        .scalar_subquery()
    )
    statement = (
        select(ClaimAnswer.row_no, *_columns(ClaimAnswer), attempts.label("earlier_attempts"))
        .select_from(ClaimAnswer)
        .where(ClaimAnswer.job_id == job_id, ClaimAnswer.outcome == outcome)
    )
    return (
        statement if error_code is None else statement.where(ClaimAnswer.error_code == error_code)
    )


async def cells_of(
    session: ReadSession, job_id: UUID, row_numbers: Sequence[int]
) -> dict[int, RowMapping]:
    """Cells and warnings of some rows of a job, as `rows_statement` names them."""
    found = await session.execute(
        select(ClaimRow.row_no, ClaimRow.cells, ClaimRow.warnings.label("row_warnings")).where(
            ClaimRow.job_id == job_id, ClaimRow.row_no.in_(row_numbers)
        )
    )
    return {row["row_no"]: row for row in found.mappings()}


async def queries_of(session: ReadSession, query_ids: set[int]) -> dict[int, RowMapping]:
    """What was asked of the payer, by the ids that answers name."""
    if not query_ids:
        return {}
    columns = (
        *(PayerQuery.id, PayerQuery.tin, PayerQuery.payer_id, PayerQuery.from_date),
        *(PayerQuery.to_date, PayerQuery.pages, PayerQuery.claims, PayerQuery.complete),
        PayerQuery.at,
    )
    found = await session.execute(select(*columns).where(PayerQuery.id.in_(query_ids)))
    return {row["id"]: row for row in found.mappings()}
