"""Whose numbers a caller may see."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from app.core.problems import Forbidden
from app.organizations.deps import SignedInViewer
from app.organizations.errors import OrganizationRequired


@dataclass(frozen=True, slots=True)
class Watched:
    """Whose numbers are shown: an organization's, or with None the platform's."""

    organization_id: UUID | None
    sees_claims: bool


async def watched(who: SignedInViewer) -> Watched:
    """What the caller may see the numbers of.

    Raises:
        OrganizationRequired: they hire for no organization.
        Forbidden: they are no employer or admin of theirs.
    """
    if who.person.is_superuser:
        return Watched(who.organization_id, sees_claims=True)
    if who.role not in ("employer", "admin"):
        raise Forbidden
    if who.organization_id is None:
        raise OrganizationRequired
    return Watched(who.organization_id, sees_claims=who.role == "admin")


Watching = Annotated[Watched, Depends(watched)]
