"""What organizations hold of a person."""

from uuid import UUID

from sqlalchemy import delete, func, select

from app.accounts.models import User
from app.core.db import ReadSession, WriteSession
from app.core.personal import PersonalData
from app.organizations import service
from app.organizations.models import Invite, Membership, Organization


async def personal_data(session: ReadSession, user_id: UUID) -> PersonalData:
    """Where the person belongs, and as what."""
    found = await session.execute(
        select(
            Organization.id.label("organization_id"),
            Organization.name.label("organization_name"),
            Membership.role,
            Membership.created_at.label("since"),
        )
        .join(Membership, Membership.organization_id == Organization.id)
        .where(Membership.user_id == user_id)
        .order_by(Membership.created_at)
    )
    return PersonalData({"memberships": [dict(row) for row in found.mappings()]})


async def erase(session: WriteSession, user_id: UUID) -> None:
    """Take the person out of their organizations, and invitations to their address away.

    Raises:
        LastAdmin: an organization would be left without an admin.
    """
    own = select(Membership.organization_id).where(Membership.user_id == user_id)
    for organization_id in (await session.scalars(own)).all():
        await service.remove_member(
            session, organization_id=organization_id, user_id=user_id, by=user_id
        )
    email = select(func.lower(User.email)).where(User.id == user_id).scalar_subquery()
    await session.execute(delete(Invite).where(func.lower(Invite.email) == email))
