"""Reading jobs: every figure of a job comes from one statement, so that the sums always agree."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.engine import RowMapping

from app.accounts.models import User
from app.claims.models import (
    ENDED,
    ClaimAnswer,
    ClaimJob,
    ClaimUnit,
)
from app.claims.queries.engine import sweeps
from app.core.db import ReadSession, WriteSession, driver
from app.organizations.models import Organization

_HAS_ENDED: Final = ClaimJob.status.in_(ENDED)


def _counter(final: Any, running: Any) -> Any:
    """The job's own figure once it has ended, before that the sum over its units."""
    total = (
        select(func.coalesce(func.sum(running), 0))
        .where(ClaimUnit.job_id == ClaimJob.id)
        .scalar_subquery()
    )
    return case((_HAS_ENDED, final), else_=cast(total, Integer))


_BY_REASON: Final = (
    select(ClaimAnswer.error_code, func.count().label("rows"))
    .where(ClaimAnswer.job_id == ClaimJob.id, ClaimAnswer.outcome == "failed")
    .group_by(ClaimAnswer.error_code)
    .correlate(ClaimJob)
    .subquery("by_reason")
)
_REASONS: Final = case(
    (_HAS_ENDED, ClaimJob.failures_by_reason),
    else_=func.coalesce(
        select(func.jsonb_object_agg(_BY_REASON.c.error_code, _BY_REASON.c.rows))
        .correlate(ClaimJob)
        .scalar_subquery(),
        cast(literal_column("'{}'"), JSONB),
    ),
)
_SUCCEEDED: Final = _counter(ClaimJob.success_count, ClaimUnit.succeeded)
_FAILED: Final = _counter(ClaimJob.failure_count, ClaimUnit.failed)

# When the last lease on the job's work runs, or ran, out, or when the newest of it became due.
_IDLE_SINCE: Final = case(
    (_HAS_ENDED, null()),
    else_=func.greatest(
        ClaimJob.parked_until,
        select(func.max(func.coalesce(ClaimUnit.lease_until, ClaimUnit.run_after)))
        .where(ClaimUnit.job_id == ClaimJob.id, ClaimUnit.state.in_(("READY", "LEASED")))
        .correlate(ClaimJob)
        .scalar_subquery(),
    ),
)

FIGURES: Final = (
    ClaimJob.id,
    ClaimJob.status,
    ClaimJob.status_reason,
    ClaimJob.status_reason_code,
    ClaimJob.status_reason_at,
    ClaimJob.total_rows,
    ClaimJob.attempt,
    ClaimJob.version,
    ClaimJob.processing_started_at,
    ClaimJob.processing_completed_at,
    _IDLE_SINCE.label("idle_since"),
    _SUCCEEDED.label("success_count"),
    _FAILED.label("failure_count"),
    _REASONS.label("failures_by_reason"),
    func.clock_timestamp().label("read_at"),
)
_OWN: Final = tuple(
    column
    for column in ClaimJob.__table__.columns
    if column.name
    not in {
        *(figure.key for figure in FIGURES),
        *("success_count", "failure_count", "failures_by_reason", "request_id", "mapping"),
        *("outage_since", "parked_until", "alike_found"),
    }
)


def jobs_statement(organization_id: UUID) -> Select[Any]:
    """Jobs of the organization with all that an answer shows, in no order."""
    return (
        select(
            *FIGURES,
            *_OWN,
            User.email.label("user_email"),
            Organization.name.label("organization_name"),
        )
        .select_from(ClaimJob)
        .join(Organization, Organization.id == ClaimJob.organization_id)
        .outerjoin(User, User.id == ClaimJob.user_id)
        .where(ClaimJob.organization_id == organization_id)
    )


def conditions(
    *,
    status: str | None,
    provider: str | None,
    filename: str | None,
    has_errors: bool | None,
    created_after: datetime | None,
) -> list[ColumnElement[bool]]:
    """The filters of a list of jobs; None and "" do not filter."""
    found: list[ColumnElement[bool]] = []
    if status:
        found.append(ClaimJob.status == status)
    if provider:
        found.append(ClaimJob.provider == provider)
    if filename:
        found.append(_name_holds(filename))
    if created_after is not None:
        found.append(ClaimJob.created_at > created_after)
    if has_errors is not None:
        found.append(_FAILED > 0 if has_errors else _FAILED == 0)
    return found


async def get_job(session: ReadSession, organization_id: UUID, job_id: UUID) -> RowMapping | None:
    """One job with all that an answer shows."""
    found = await session.execute(jobs_statement(organization_id).where(ClaimJob.id == job_id))
    row: RowMapping | None = found.mappings().one_or_none()
    return row


async def get_figures(
    session: ReadSession, organization_id: UUID, job_id: UUID
) -> RowMapping | None:
    """One job's counters only."""
    wanted = and_(ClaimJob.organization_id == organization_id, ClaimJob.id == job_id)
    found = await session.execute(select(*FIGURES).where(wanted))
    return found.mappings().one_or_none()


async def get_mapping(
    session: ReadSession, organization_id: UUID, job_id: UUID
) -> dict[str, int] | None:
    """Where a job's file has which field."""
    wanted = and_(ClaimJob.organization_id == organization_id, ClaimJob.id == job_id)
    return (await session.execute(select(ClaimJob.mapping).where(wanted))).scalar_one_or_none()


async def delete_job(session: WriteSession, job_id: UUID) -> None:
    """The job; its bulk rows, which nobody sees without it, are left to the sweeper."""
    await sweeps.leave(await driver(session), job_id)


async def totals(
    session: ReadSession, organization_id: UUID
) -> tuple[list[RowMapping], dict[str, int]]:
    """Jobs and rows by the day of upload (UTC), newest first, and failed rows by reason."""
    day = func.date_trunc("day", ClaimJob.created_at, "UTC").label("day")
    by_day = await session.execute(
        select(
            day,
            func.count().label("jobs"),
            func.sum(ClaimJob.total_rows).label("rows"),
            func.sum(_SUCCEEDED).label("succeeded"),
            func.sum(_FAILED).label("failed"),
        )
        .where(ClaimJob.organization_id == organization_id)
        .group_by(day)
        .order_by(day.desc())
        .limit(366)
    )
    jobs = (
        select(_REASONS.label("reasons"))
        .where(ClaimJob.organization_id == organization_id)
        .subquery("jobs")
    )
    reason = func.jsonb_each_text(jobs.c.reasons).table_valued("key", "value").lateral("reason")
    by_reason = await session.execute(
        select(reason.c.key, func.sum(cast(reason.c.value, Integer)))
        .select_from(jobs)
        .join(reason, true())
        .group_by(reason.c.key)
        .order_by(reason.c.key)
    )
    return list(by_day.mappings()), {str(code): int(rows) for code, rows in by_reason}


async def waiting_for(session: ReadSession, organization_id: UUID) -> dict[str, RowMapping]:
    """By provider, the organization's running job that has waited longest for it."""
    found = await session.execute(
        select(ClaimJob.provider, ClaimJob.status_reason, ClaimJob.outage_since)
        .where(ClaimJob.organization_id == organization_id, ClaimJob.status == "PROCESSING")
        .where(ClaimJob.status_reason.is_not(None))
        .order_by(ClaimJob.provider, ClaimJob.outage_since.nulls_last(), ClaimJob.id)
        .ext(distinct_on(ClaimJob.provider))
    )
    return {row["provider"]: row for row in found.mappings()}


def _name_holds(fragment: str) -> ColumnElement[bool]:
    """Jobs whose file name holds the fragment, whatever its case."""
    escaped = fragment.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{escaped}%"
    return or_(ClaimJob.original_filename.ilike(pattern), ClaimJob.filename.ilike(pattern))
