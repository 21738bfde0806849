"""The bench in SQL: what was asked, who works on it, what came out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, case, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from app.analysis.models import Analysis
from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.jobs.models import Job, OpenJob
from app.resumes.models import ENDED, Resume

# Longer than an analysis may take, so that no second worker begins while the first is alive.
LEASE_SECONDS: Final = 60
Values = Mapping[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leased:
    """An analysis in this process's hands; what it writes names the token."""

    id: UUID
    token: UUID
    owner_id: UUID
    resume_id: UUID
    job_id: UUID | None
    asked_at: datetime | None
    attempts: int


def shown() -> Select[Any]:
    """Analyses with the names that go with them and how far their résumé is, in no order."""
    columns: list[Any] = [
        Analysis,
        Job.title.label("job_title"),
        Job.company,
        Resume.status.label("reading"),
        Resume.revision,
        Job.wording,
    ]
    statement: Select[Any] = select(*columns)
    return statement.join(Resume, Resume.id == Analysis.resume_id).outerjoin(
        Job, Job.id == Analysis.job_id
    )


def asked_by(owner_id: UUID) -> Select[Any]:
    """A person's analyses of single jobs that they asked for, in no order."""
    return shown().where(
        Analysis.owner_id == owner_id, Analysis.asked_at.is_not(None), Analysis.job_id.is_not(None)
    )


def _seen_again() -> dict[str, Any]:
    """The numbers of the inputs of an answer that is there already: they may have come back to it."""
    given: Any = insert(Analysis).excluded
    return {
        name: func.greatest(getattr(Analysis, name), getattr(given, name))
        for name in ("resume_revision", "job_wording")
    }


async def ask(session: WriteSession, values: Values) -> Analysis:
    """The analysis for these inputs: a new one, or the one that there is, asked for once more."""
    row = {"id": new_id(), **values, "asked_at": func.now()}
    made = await session.execute(
        insert(Analysis)
        .values(row)
        .on_conflict_do_update(
            index_elements=["resume_id", "key"],
            set_={"asked_at": func.clock_timestamp(), **_seen_again()},
        )
        .returning(Analysis)
        .execution_options(populate_existing=True)
    )
    return made.scalar_one()


async def add_missing(session: WriteSession, rows: Sequence[Values]) -> int:
    """Analyses that nobody asked for in person; how many there are of them now."""
    if not rows:
        return 0
    made = await session.execute(
        insert(Analysis)
        .values([{"id": new_id(), **row} for row in rows])
        .on_conflict_do_update(index_elements=["resume_id", "key"], set_=_seen_again())
        .returning(Analysis.id)
    )
    return len(made.all())


async def find(session: ReadSession, owner_id: UUID, either_id: UUID) -> Row | None:
    """The person's analysis of this id, else their newest for the job of this id."""
    is_id = Analysis.id == either_id
    is_job = and_(Analysis.job_id == either_id, Analysis.asked_at.is_not(None))
    statement = (
        shown()
        .where(Analysis.owner_id == owner_id, or_(is_id, is_job))
        .order_by(is_id.desc(), Analysis.asked_at.desc(), Analysis.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    found = (await session.execute(statement)).mappings().one_or_none()
    return None if found is None else dict(found)


async def newest_resume(session: ReadSession, owner_id: UUID) -> UUID | None:
    """The résumé that the person last had analysed."""
    found = await session.execute(
        select(Analysis.resume_id)
        .where(Analysis.owner_id == owner_id, Analysis.asked_at.is_not(None))
        .order_by(Analysis.asked_at.desc(), Analysis.id.desc())
        .limit(1)
    )
    return found.scalar_one_or_none()


def newest_by_job(owner_id: UUID, resume_id: UUID | None) -> Select[Any]:
    """Ids of the newest analysis for each job; of one résumé, or of whichever was asked last."""
    return (
        select(Analysis.id)
        .ext(distinct_on(Analysis.job_id))
        .where(
            Analysis.owner_id == owner_id,
            Analysis.asked_at.is_not(None),
            Analysis.job_id.is_not(None),
            *([] if resume_id is None else [Analysis.resume_id == resume_id]),
        )
        .order_by(Analysis.job_id, Analysis.asked_at.desc(), Analysis.id.desc())
    )


def top(owner_id: UUID, resume_id: UUID) -> Select[Any]:
    """The résumé's completed analyses for jobs that are open now, each job's newest."""
    newest = newest_by_job(owner_id, resume_id).subquery()
    return shown().where(
        Analysis.id.in_(select(newest.c.id)),
        Analysis.status == "completed",
        Analysis.job_id.in_(select(OpenJob.id)),
    )


async def claim(session: WriteSession) -> Leased | None:
    """Take the oldest analysis whose résumé has been read and that nobody works on."""
    due = (
        select(Analysis.id)
        .join(Resume, Resume.id == Analysis.resume_id)
        .where(
            Analysis.status.in_(("pending", "running")),
            Resume.status.in_(ENDED),
            (Analysis.lease_until.is_(None)) | (Analysis.lease_until < func.clock_timestamp()),
        )
        .order_by(Analysis.id)
        .limit(1)
        .with_for_update(of=Analysis, skip_locked=True)
    )
    token = new_id()
    claimed = await session.execute(
        update(Analysis)
        .where(Analysis.id == due.scalar_subquery())
        .values(
            status="running",
            lease_token=token,
            lease_until=func.clock_timestamp() + text(f"interval '{LEASE_SECONDS} seconds'"),
            attempts=Analysis.attempts + 1,
            updated_at=func.now(),
        )
        .returning(
            Analysis.id,
            Analysis.owner_id,
            Analysis.resume_id,
            Analysis.job_id,
            Analysis.asked_at,
            Analysis.attempts,
        )
    )
    found = claimed.mappings().one_or_none()
    return None if found is None else Leased(token=token, **found)


async def end(session: WriteSession, leased: Leased, status: str, values: Values) -> bool:
    """Write the end through the fence: False when the lease is another's by now."""
    written = await session.execute(
        update(Analysis)
        .where(Analysis.id == leased.id, Analysis.lease_token == leased.token)
        .values(
            **values,
            status=status,
            completed_at=func.clock_timestamp(),
            lease_token=None,
            lease_until=None,
            updated_at=func.now(),
        )
        .returning(Analysis.id)
    )
    return written.scalar_one_or_none() is not None


async def free_key(session: ReadSession, leased: Leased, key: str) -> str | None:
    """The key, or None when another analysis of the résumé has it already."""
    taken = await session.execute(
        select(Analysis.id).where(
            Analysis.resume_id == leased.resume_id, Analysis.key == key, Analysis.id != leased.id
        )
    )
    return key if taken.first() is None else None


async def write_many(session: WriteSession, rows: Sequence[Values]) -> list[UUID]:
    """Completed analyses in one statement; one that is there keeps its answer. Ids in row order."""
    if not rows:
        return []
    statement = insert(Analysis).values([{"id": new_id(), **row} for row in rows])
    made = await session.execute(
        statement.on_conflict_do_update(
            index_elements=["resume_id", "key"],
            set_={
                "asked_at": case(
                    (
                        statement.excluded.asked_at.is_not(None),
                        func.greatest(Analysis.asked_at, statement.excluded.asked_at),
                    ),
                    else_=Analysis.asked_at,
                ),
                **_seen_again(),
            },
        ).returning(Analysis.id, Analysis.key)
    )
    ids = {key: analysis_id for analysis_id, key in made}
    return [ids[row["key"]] for row in rows]


async def jobs(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, Job]:
    """Jobs by id."""
    found = await session.execute(select(Job).where(Job.id.in_(ids)))
    return {job.id: job for job in found.scalars()}


async def waiting(session: ReadSession) -> tuple[int, datetime | None]:
    """How many analyses with a read résumé nobody has begun, and since when the oldest waits."""
    found = await session.execute(
        select(func.count(), func.min(Analysis.updated_at))
        .join(Resume, Resume.id == Analysis.resume_id)
        .where(Analysis.status == "pending", Resume.status.in_(ENDED))
    )
    count, oldest = found.one()
    return int(count), oldest
