"""The letters in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from app.accounts.models import User
from app.applications.models import Application, ApplicationMove
from app.core.db import ReadSession, WriteSession
from app.jobs.models import Job

Row = Mapping[str, Any]
Candidate = aliased(User)
SCORE: ColumnElement[float] = func.coalesce(Application.score, -1.0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which applications a list shows; None filters nothing."""

    organization_id: UUID | None = None
    job_id: UUID | None = None
    candidate_id: UUID | None = None
    status: str | None = None
    tag: str | None = None
    source: str | None = None
    least_score: float | None = None
    text: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same in SQL; `text` is looked for in the applicant's name and address."""
        fields = ("organization_id", "job_id", "candidate_id", "status", "source")
        found: list[ColumnElement[bool]] = [
            getattr(Application, name) == value
            for name in fields
            if (value := getattr(self, name)) is not None
        ]
        if self.tag is not None:
            found.append(literal(self.tag) == func.any(Application.tags))
        if self.least_score is not None:
            found.append(Application.score >= self.least_score)
        if self.text:
            found.append(_contains(Candidate.full_name + " " + Candidate.email, self.text))
        return found


def _contains(column: Any, part: str) -> ColumnElement[bool]:
    escaped = part.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return func.unaccent(column).ilike(func.unaccent(f"%{escaped}%"), escape="\\")


def shown(wanted: Wanted) -> Select[Any]:
    """The applications with the names that go with them, in no order."""
    columns: list[Any] = [
        Application.id,
        Application.job_id,
        Application.organization_id,
        Application.candidate_id,
        Application.resume_id,
        Application.status,
        Application.cover_letter,
        Application.source,
        Application.notes,
        Application.rating,
        Application.tags,
        Application.score,
        Application.created_at.label("applied_at"),
        Application.updated_at,
        Job.title.label("job_title"),
        Job.company,
        Job.posted_by,
        Candidate.full_name.label("candidate_name"),
        Candidate.email.label("candidate_email"),
    ]
    statement: Select[Any] = select(*columns)
    return (
        statement.join(Job, Job.id == Application.job_id)
        .join(Candidate, Candidate.id == Application.candidate_id)
        .where(*wanted.conditions())
    )


async def get(session: ReadSession, application_id: UUID) -> Row | None:
    """One application that this transaction may see."""
    statement = shown(Wanted()).where(Application.id == application_id)
    found = (await session.execute(statement)).mappings().one_or_none()
    return None if found is None else dict(found)


async def many(session: ReadSession, application_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Those of the applications that this transaction may see, by their ids."""
    statement = shown(Wanted()).where(Application.id.in_(application_ids))
    return {row["id"]: dict(row) for row in (await session.execute(statement)).mappings()}


async def lock(session: WriteSession, application_ids: Sequence[UUID]) -> None:
    """Hold the applications until the transaction ends; always in the same order."""
    await session.execute(
        select(Application.id)
        .where(Application.id.in_(application_ids))
        .order_by(Application.id)
        .with_for_update()
    )


async def histories(
    session: ReadSession, application_ids: Sequence[UUID]
) -> dict[UUID, list[ApplicationMove]]:
    """How each application moved, from the first step on."""
    found = await session.execute(
        select(ApplicationMove)
        .where(ApplicationMove.application_id.in_(application_ids))
        .order_by(ApplicationMove.id)
    )
    histories: dict[UUID, list[ApplicationMove]] = {one: [] for one in application_ids}
    for move in found.scalars():
        histories[move.application_id].append(move)
    return histories


async def add(session: WriteSession, values: Row) -> UUID | None:
    """A new application's id, or None when the person has one for this job."""
    made = await session.execute(
        insert(Application)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["job_id", "candidate_id"])
        .returning(Application.id)
    )
    return made.scalar_one_or_none()


async def change(session: WriteSession, application_id: UUID, values: Row) -> None:
    """Other values for an application."""
    await session.execute(
        update(Application).where(Application.id == application_id).values(**values)
    )


async def change_many(session: WriteSession, application_ids: Sequence[UUID], values: Row) -> None:
    """Other values for several applications."""
    await session.execute(
        update(Application).where(Application.id.in_(application_ids)).values(**values)
    )


async def add_moves(session: WriteSession, moves: Sequence[Row]) -> None:
    """One step more in the history of each of several applications."""
    await session.execute(insert(ApplicationMove).values(list(moves)))


async def lot(session: ReadSession, job_id: UUID, *, after: UUID | None, size: int) -> list[Row]:
    """The job's applications in the order in which they came, from the one after `after` on."""
    statement = shown(Wanted(job_id=job_id)).order_by(Application.id).limit(size)
    if after is not None:
        statement = statement.where(Application.id > after)
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def open_job(session: ReadSession, job_id: UUID) -> tuple[UUID, bool] | None:
    """The job's organization, and whether it takes applications."""
    is_open = and_(
        Job.status == "active", or_(Job.expires_at.is_(None), Job.expires_at > func.now())
    )
    statement = select(Job.organization_id, is_open).where(Job.id == job_id)
    found = (await session.execute(statement)).one_or_none()
    return None if found is None else (found[0], bool(found[1]))
