"""Every statement about organizations and memberships."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, literal, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import User
from app.core.db import ReadSession, WriteSession
from app.organizations.models import Membership, Organization

Member = Row[Any]


async def find(session: ReadSession, organization_id: UUID) -> Organization | None:
    """An organization by its id."""
    return await session.get(Organization, organization_id, populate_existing=True)


async def browse(
    session: ReadSession, among: Sequence[UUID] | None, name_holds: str
) -> Sequence[Organization]:
    """Organizations by name, the first fifty; `among` None is all."""
    statement = select(Organization).order_by(Organization.name, Organization.id).limit(50)
    if among is not None:
        statement = statement.where(Organization.id.in_(among))
    if name_holds:
        statement = statement.where(Organization.name.icontains(name_holds, autoescape=True))
    return (await session.scalars(statement)).all()


async def find_named(session: ReadSession, name: str, key: UUID | None) -> UUID | None:
    """The id of the organization with this alias, or this id."""
    named = Organization.slug == name
    statement = select(Organization.id).where(
        named if key is None else or_(named, Organization.id == key)
    )
    return (await session.execute(statement.limit(1))).scalar_one_or_none()


async def lock(session: WriteSession, organization_id: UUID) -> None:
    """Hold the organization's row until the transaction ends."""
    await session.execute(
        select(Organization.id).where(Organization.id == organization_id).with_for_update()
    )


async def insert_organization(session: WriteSession, values: Mapping[str, Any]) -> bool:
    """Add an organization; False when its alias is taken."""
    statement = (
        insert(Organization)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["slug"])
        .returning(Organization.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def update_organization(
    session: WriteSession, organization_id: UUID, values: Mapping[str, Any]
) -> None:
    """Change columns of an organization."""
    await session.execute(
        update(Organization).where(Organization.id == organization_id).values(**values)
    )


def members(organization_id: UUID) -> Select[Any]:
    """The members of an organization with what is shown of each."""
    shown: list[Any] = [
        Membership.user_id,
        null().label("invite_id"),
        User.email,
        User.full_name,
        Membership.role,
        User.is_active,
        literal("active").label("status"),
        null().label("expires_at"),
        Membership.created_at,
    ]
    statement: Select[Any] = select(*shown)
    return statement.join(User, User.id == Membership.user_id).where(
        Membership.organization_id == organization_id
    )


async def member(session: ReadSession, organization_id: UUID, user_id: UUID) -> Member | None:
    """One member of an organization."""
    statement = members(organization_id).where(Membership.user_id == user_id)
    found: Member | None = (await session.execute(statement)).one_or_none()
    return found


async def admin_addresses(session: ReadSession, organization_id: UUID) -> list[str]:
    """Where the organization's admins can be written to; some accounts have no address."""
    statement = (
        select(User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.organization_id == organization_id,
            Membership.role == "admin",
            User.is_active,
            User.email != "",
        )
        .order_by(User.email)
    )
    return list((await session.scalars(statement)).all())


async def has_membership(session: ReadSession, user_id: UUID) -> bool:
    """Whether the user belongs to any organization, also one that this transaction cannot see."""
    return bool((await session.execute(select(func.has_membership(user_id)))).scalar_one())


async def insert_member(
    session: WriteSession, organization_id: UUID, user_id: UUID, role: str
) -> None:
    """Add a member."""
    await session.execute(
        insert(Membership).values(organization_id=organization_id, user_id=user_id, role=role)
    )


async def update_member(
    session: WriteSession, organization_id: UUID, user_id: UUID, role: str
) -> None:
    """Change a member's role; the database refuses to lose the last admin."""
    await session.execute(
        update(Membership)
        .where(Membership.organization_id == organization_id, Membership.user_id == user_id)
        .values(role=role)
    )


async def delete_member(session: WriteSession, organization_id: UUID, user_id: UUID) -> None:
    """Remove a member; the database refuses to lose the last admin."""
    await session.execute(
        delete(Membership).where(
            Membership.organization_id == organization_id, Membership.user_id == user_id
        )
    )
