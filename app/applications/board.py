"""The applications to a job by stage, as a board shows them, and who waits for an answer.

The session's scope decides which applications are there at all; whoever calls this has settled that
the reader is their employer.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.applications import board_queries as queries
from app.applications.models import Application
from app.applications.moves import STATUSES
from app.applications.queries import SCORE, Wanted, many, shown
from app.core.db import ReadSession
from app.core.pages import Key, PageQuery, Slice, paginate, seal_cursor

__all__ = ["Wanted"]
SHOWN: Final = 8
"""Cards of a column before the first `more`."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A status with the first of its applications; `more` is the address of those behind them."""

    status: str
    count: int
    cards: list[Row]
    more: str | None


async def columns(
    session: ReadSession, *, wanted: Wanted, by_score: bool, query: PageQuery
) -> list[Column]:
    """All statuses in their order, each with its head: never more than a few cards of thousands."""
    found: dict[str, list[Row]] = {status: [] for status in STATUSES}
    for row in await queries.heads(session, wanted, by_score=by_score, size=SHOWN):
        found[row["status"]].append(row)
    return [_column(status, cards, by_score, query) for status, cards in found.items()]


def _column(status: str, cards: list[Row], by_score: bool, query: PageQuery) -> Column:
    count = cards[0]["total"] if cards else 0
    if count <= len(cards):
        return Column(status, count, cards, None)
    stage = replace(query, filters=(*_others(query), ("stage", status)))
    last = cards[-1]
    values: list[Any] = [last["id"]]
    if by_score:
        values.insert(0, -1.0 if last["score"] is None else last["score"])
    cursor = seal_cursor(stage.key, stage.binding(""), backward=False, values=values)
    return Column(status, count, cards, stage.reference(cursor))


def _others(query: PageQuery) -> list[tuple[str, str]]:
    """What the address asks for beside the stage; a form sends what nobody filled in as empty."""
    return [(name, value) for name, value in query.filters if name != "stage" and value]


async def column(
    session: ReadSession, *, wanted: Wanted, by_score: bool, query: PageQuery
) -> Slice[Row]:
    """A page of those who stand in one status: the newest first, or the best score first."""
    keys: list[Key] = [(Application.id, "desc")]
    if by_score:
        keys.insert(0, (SCORE, "desc"))
    return await paginate(session, shown(wanted), keys=keys, query=query)


async def mark(session: ReadSession, *, job_id: UUID) -> str:
    """A word that is another one after any change to the job's applications; it says nothing else."""
    told = repr(await queries.mark(session, job_id)).encode()
    return hashlib.sha256(told).hexdigest()[:16]


async def counts(session: ReadSession, *, wanted: Wanted) -> dict[str, int]:
    """How many of the wanted stand in each status, 0 where none do."""
    found = await queries.counts(session, replace(wanted, status=None))
    return {status: found.get(status, 0) for status in STATUSES}


async def stages_of(session: ReadSession, *, job_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """How many stand where, for each of several jobs."""
    found = {job_id: dict.fromkeys(STATUSES, 0) for job_id in job_ids}
    for job_id, status, count in await queries.by_job(session, job_ids):
        found[job_id][status] = count
    return found


async def words(session: ReadSession, *, job_id: UUID) -> tuple[list[str], list[str]]:
    """Sources and tags that the job's applications have: what a filter can ask for."""
    return await queries.sources(session, job_id), await queries.tags(session, job_id)


async def several(session: ReadSession, *, application_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Applications by their ids as they stand now; what cannot be seen is left out."""
    return {key: dict(row) for key, row in (await many(session, application_ids)).items()}


async def names(session: ReadSession, *, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """What the people are called who moved an application."""
    return await queries.names(session, user_ids)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Applications to one job that nobody has looked at for long."""

    job_id: UUID
    job_title: str
    count: int
    oldest: datetime


async def waiting(
    session: ReadSession, *, organization_id: UUID, before: datetime, posted_by: UUID | None
) -> list[Waiting]:
    """Who applied before then and still stands where applications begin, job by job; of all the
    organization's jobs, or of those that one person posted."""
    found = await queries.waiting(session, organization_id, before=before, posted_by=posted_by)
    return [Waiting(*row) for row in found]


async def resumes_since(
    session: ReadSession, *, organization_id: UUID, since: datetime
) -> dict[str, int]:
    """How many résumés came with applications since then, by how far their reading is."""
    return await queries.resumes_since(session, organization_id, since)


async def unread(
    session: ReadSession,
    *,
    organization_id: UUID,
    since: datetime,
    posted_by: UUID | None,
    most: int,
) -> list[Row]:
    """The newest applications since then that wait at the beginning with an unreadable résumé; to
    all the organization's jobs, or to those that one person posted."""
    rows = await queries.unread(
        session, organization_id, since=since, posted_by=posted_by, most=most
    )
    return [dict(row) for row in rows]
