"""Interviews with the names that go with them, as who reads them may see them."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.applications.deps import party_of
from app.applications.moves import Party
from app.core.db import ReadSession
from app.core.pages import PageQuery, Slice, paginate
from app.interviews import queries, service
from app.interviews.errors import InterviewNotFound
from app.interviews.models import CANCELLED, Interview
from app.interviews.queries import Wanted
from app.organizations.deps import Viewer


@dataclass(frozen=True, slots=True)
class Details:
    """An interview with the names that go with it, as its viewer meets it."""

    row: dict[str, Any]
    party: Party
    warnings: list[dict[str, Any]]


async def details(session: ReadSession, *, viewer: Viewer, interview_id: UUID) -> Details:
    """One interview, for its applicant and its employer; `warnings` are the employer's alone.

    Raises:
        InterviewNotFound: there is none that the viewer may see.
        Forbidden: the viewer is a colleague of who posted the job.
    """
    found = await service.get(session, viewer=viewer, interview_id=interview_id)
    whole = await row(session, interview_id=interview_id)
    meets_as = party_of(viewer, whole)
    if meets_as == "applicant" or found.status == CANCELLED:
        return Details(whole, meets_as, [])
    overlapping = await queries.overlapping(session, found)
    return Details(whole, meets_as, [_overlap(other) for other in overlapping])


def _overlap(other: UUID) -> dict[str, Any]:
    return {
        "code": "interviews.overlap",
        "message": "Somebody in this interview has another one at the same time.",
        "interview_id": other,
    }


async def row(session: ReadSession, *, interview_id: UUID) -> dict[str, Any]:
    """One interview with the names that go with it.

    Raises:
        InterviewNotFound: there is none that this transaction may see.
    """
    found = await queries.details(session, interview_id)
    if found is None:
        raise InterviewNotFound
    return found


async def browse(
    session: ReadSession, *, viewer: Viewer, wanted: Wanted, query: PageQuery, own: bool = False
) -> Slice[dict[str, Any]]:
    """Interviews, the earliest first: all of the organization for its admins, else, and with `own`,
    those that the viewer takes part in."""
    organization_id = viewer.organization_id if viewer.role == "admin" else None
    if own or (organization_id is None and not viewer.person.is_superuser):
        wanted = replace(wanted, of=viewer.person.id)
    elif not viewer.person.is_superuser:
        wanted = replace(wanted, organization_id=organization_id)
    return await paginate(
        session,
        queries.shown(wanted),
        keys=[(Interview.starts_at, "asc"), (Interview.id, "asc")],
        query=query,
        tenant=viewer.person.id,
    )


async def of_application(
    session: ReadSession, *, application_id: UUID, most: int
) -> list[dict[str, Any]]:
    """The interviews with an applicant, the latest first, cancelled ones too. Whoever calls this has
    settled that the reader is a party of the application."""
    return await queries.of_application(session, application_id, most)
