"""Who hires: what the pages about jobs and applications ask of their readers."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from app.applications import service as applications
from app.applications.deps import party_of
from app.console.frame import Frame, TheFrame
from app.core.db import ReadSession
from app.core.problems import Forbidden
from app.jobs import service as jobs
from app.jobs.deps import Employer
from app.jobs.errors import JobNotFound
from app.jobs.models import Job
from app.organizations.deps import Member, Viewer


@dataclass(frozen=True, slots=True)
class Hirer:
    """An employer or admin in their organization, and what stands around their page."""

    member: Member
    frame: Frame

    @property
    def viewer(self) -> Viewer:
        """The same as the rooms below know them."""
        return Viewer(self.member.user, self.member.organization_id, self.member.role)

    @property
    def own_only(self) -> UUID | None:
        """Whose jobs' applications they may see: their own alone, or with None everybody's."""
        return None if self.member.role == "admin" else self.member.user_id

    def sees_applicants(self, job: Job) -> bool:
        """Whether the applications to the job are shown to them."""
        return self.own_only in (None, job.posted_by)


async def hirer(member: Employer, frame: TheFrame) -> Hirer:
    """The reader of a page about hiring.

    Raises:
        Forbidden: they are no employer or admin.
        OrganizationRequired: they act in no organization.
    """
    return Hirer(member, frame)


TheHirer = Annotated[Hirer, Depends(hirer)]


async def job_of(session: ReadSession, who: Hirer, job_id: UUID) -> Job:
    """One of the organization's own jobs.

    Raises:
        JobNotFound: there is none, or it is another organization's.
    """
    job = await jobs.get(session, job_id=job_id)
    if job.organization_id != who.member.organization_id:
        raise JobNotFound
    return job


async def board_of(session: ReadSession, who: Hirer, job_id: UUID) -> Job:
    """One of the organization's own jobs, for those who see who applied.

    Raises:
        JobNotFound: there is none, or it is another organization's.
        Forbidden: a colleague posted it.
    """
    job = await job_of(session, who, job_id)
    if not who.sees_applicants(job):
        raise Forbidden
    return job


async def application_of(
    session: ReadSession, who: Hirer, application_id: UUID
) -> applications.Row:
    """An application to one of their jobs.

    Raises:
        ApplicationNotFound: there is none, or it is to another organization's job.
        Forbidden: a colleague posted the job, or it is their own application.
    """
    found = await applications.get(session, application_id=application_id)
    if party_of(who.viewer, found) != "employer":
        raise Forbidden
    return found
