"""Every statement about organizations and memberships that other issuers keep."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.db import WriteSession
from app.organizations.models import Membership, Organization


async def find(
    session: WriteSession, issuer: str, alias: str, external_id: str | None
) -> Organization | None:
    """The organization with this id at the issuer, else the one with this alias."""
    statement = (
        select(Organization)
        .where(
            Organization.issuer == issuer,
            or_(
                Organization.external_id == (external_id or ""),
                Organization.external_alias == alias,
            ),
        )
        .execution_options(populate_existing=True)
    )
    # Two at the most: one has the id, another one the alias.
    found = (await session.scalars(statement)).all()
    by_id = (one for one in found if external_id and one.external_id == external_id)
    return next(by_id, found[0] if found else None)


async def insert_organization(session: WriteSession, values: Mapping[str, Any]) -> bool:
    """Add an organization; False when its slug, alias or id is taken."""
    statement = (
        insert(Organization).values(**values).on_conflict_do_nothing().returning(Organization.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def rename(
    session: WriteSession, organization_id: UUID, alias: str | None, external_id: str | None
) -> None:
    """Note under which alias and id the issuer keeps it now."""
    await session.execute(
        update(Organization)
        .where(Organization.id == organization_id)
        .values(external_alias=alias, external_id=external_id)
    )


async def put_member(
    session: WriteSession, organization_id: UUID, user_id: UUID, role: str
) -> bool:
    """Give a person this role in the organization; True when that changed anything."""
    statement = insert(Membership).values(
        organization_id=organization_id, user_id=user_id, role=role
    )
    changed = statement.on_conflict_do_update(
        index_elements=["organization_id", "user_id"],
        set_={"role": role, "updated_at": func.now()},
        where=Membership.role != role,
    ).returning(Membership.user_id)
    return (await session.execute(changed)).scalar_one_or_none() is not None


async def leave_others(
    session: WriteSession, issuer: str, user_id: UUID, stay: Collection[UUID]
) -> Sequence[UUID]:
    """Take a person out of the issuer's organizations, but for those in `stay`; gives which."""
    others = select(Organization.id).where(Organization.issuer == issuer)
    statement = (
        delete(Membership)
        .where(
            Membership.user_id == user_id,
            Membership.organization_id.in_(others),
            Membership.organization_id.not_in(stay),
        )
        .returning(Membership.organization_id)
    )
    return (await session.scalars(statement)).all()
