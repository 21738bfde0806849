"""Who may apply, and as which party somebody meets an application."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query

from app.accounts.deps import CurrentUser
from app.accounts.identity import SignedIn
from app.applications.errors import ApplicationNotFound
from app.applications.moves import Party
from app.applications.queries import Wanted
from app.applications.schemas import Status
from app.core.db import ReadSession
from app.core.dependencies import in_the_loop
from app.core.problems import Forbidden
from app.jobs import service as jobs
from app.jobs.errors import JobNotFound
from app.jobs.models import Job
from app.organizations.deps import Viewer


async def candidate(user: CurrentUser) -> SignedIn:
    """A signed-in person who applies for themselves.

    Raises:
        Forbidden: they act for an organization.
    """
    if user.role != "candidate":
        raise Forbidden("Only candidates apply; this account acts for an organization.")
    return user


Candidate = Annotated[SignedIn, Depends(candidate)]


def party_of(who: Viewer, application: Mapping[str, Any]) -> Party:
    """Whether the caller meets an application as its applicant or as the employer.

    The employer is who posted the job, an admin of its organization, or the platform.

    Raises:
        ApplicationNotFound: they are neither, and not of the organization.
        Forbidden: they are of the organization, without this right.
    """
    if application["candidate_id"] == who.person.id:
        return "applicant"
    if who.person.is_superuser:
        return "employer"
    if application["organization_id"] != who.organization_id:
        raise ApplicationNotFound
    require_employer(who, application)
    return "employer"


def require_employer(who: Viewer, job: Mapping[str, Any]) -> None:
    """Let pass who posted the job, and the admins of its organization.

    Raises:
        Forbidden: anybody else.
    """
    is_owner = who.role == "employer" and job["posted_by"] == who.person.id
    if not is_owner and who.role != "admin":
        raise Forbidden


async def employers_job(session: ReadSession, who: Viewer, job_id: UUID) -> Job:
    """A job whose applications the caller may see.

    Raises:
        JobNotFound: there is none, or it is another organization's.
        Forbidden: they are of the organization, without this right.
    """
    job = await jobs.get(session, job_id=job_id)
    if not who.person.is_superuser:
        if job.organization_id != who.organization_id:
            raise JobNotFound
        require_employer(who, {"posted_by": job.posted_by})
    return job


Tag = Annotated[str | None, Query(max_length=40, description="A tag that the application has")]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which applications an admin's list shows."""

    job_id: Annotated[UUID | None, Query()] = None
    status: Annotated[Status | None, Query()] = None
    candidate_id: Annotated[UUID | None, Query()] = None
    tag: Tag = None

    def wanted(self, organization_id: UUID | None) -> Wanted:
        """The same for a query."""
        return Wanted(organization_id, self.job_id, self.candidate_id, self.status, self.tag)


@dataclass(frozen=True, slots=True)
class FiltersOfJob:
    """Which applications to a job a list shows, and in which order."""

    status: Annotated[Status | None, Query()] = None
    tag: Tag = None
    sort: Annotated[Literal["newest", "score"], Query()] = "newest"

    def wanted(self, job_id: UUID) -> Wanted:
        """The same for a query."""
        return Wanted(job_id=job_id, status=self.status, tag=self.tag)


Asked = Annotated[Filters, Depends(in_the_loop(Filters))]
AskedOfJob = Annotated[FiltersOfJob, Depends(in_the_loop(FiltersOfJob))]
