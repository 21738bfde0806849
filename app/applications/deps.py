"""Who may apply, and as which party somebody meets an application."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends

from app.accounts.deps import CurrentUser
from app.accounts.identity import SignedIn
from app.applications.errors import ApplicationNotFound
from app.applications.moves import Party
from app.core.problems import Forbidden
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
