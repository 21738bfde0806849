"""An organization's own jobs in every status: what whoever hires looks through."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from app.core.db import ReadSession
from app.core.pages import PageQuery, Slice, paginate
from app.jobs import desk_queries as queries
from app.jobs.desk_queries import Narrowed
from app.jobs.models import Job

__all__ = ["GROUPS", "Group", "Narrowed"]
Group = Literal["all", "active", "draft", "closed", "expired", "archived"]
GROUPS: Final[tuple[Group, ...]] = ("all", "active", "draft", "closed", "expired", "archived")


async def browse(session: ReadSession, *, narrowed: Narrowed, query: PageQuery) -> Slice[Job]:
    """The jobs of one group, the newest first."""
    return await paginate(
        session,
        queries.listed(narrowed),
        keys=[(Job.id, "desc")],
        query=query,
        tenant=narrowed.organization_id,
    )


async def counts(session: ReadSession, *, narrowed: Narrowed) -> dict[str, int]:
    """How many jobs each group has, whichever is chosen."""
    found = await queries.counts(session, narrowed)
    every: dict[str, int] = {group: found.get(group, 0) for group in GROUPS}
    return every | {"all": sum(found.values())}


async def newest(session: ReadSession, *, organization_id: UUID, most: int) -> Sequence[Job]:
    """Jobs that were ever posted, the newest first."""
    return await queries.newest(session, organization_id, most)


async def expiring(
    session: ReadSession, *, narrowed: Narrowed, before: datetime, most: int
) -> Sequence[Job]:
    """Active jobs that will be over before then, the first to end first."""
    return await queries.expiring(session, narrowed, before, most)
