"""Practices of an organization."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, insert, select, update

from app.claims.models import Practice
from app.core.db import ReadSession, WriteSession


def statement(organization_id: UUID) -> Select[Any]:
    """The organization's practices, in no order."""
    return select(Practice).where(Practice.organization_id == organization_id)


async def get(
    session: ReadSession, organization_id: UUID, practice_id: int, *, locked: bool = False
) -> Practice | None:
    """One of the organization's practices; `locked` until the transaction ends."""
    one = statement(organization_id).where(Practice.id == practice_id)
    if locked:
        one = one.with_for_update()
    found = await session.execute(one)
    practice: Practice | None = found.scalar_one_or_none()
    return practice


async def add(session: WriteSession, organization_id: UUID, values: dict[str, Any]) -> Practice:
    """A new practice."""
    made = await session.execute(
        insert(Practice).values(organization_id=organization_id, **values).returning(Practice)
    )
    return made.scalar_one()


async def change(session: WriteSession, practice_id: int, values: dict[str, Any]) -> Practice:
    """The practice with other values."""
    changed = await session.execute(
        update(Practice)
        .where(Practice.id == practice_id)
        .values(**values)
        .returning(Practice)
        .execution_options(populate_existing=True)
    )
    return changed.scalar_one()


async def remove(session: WriteSession, practice_id: int) -> None:
    """Delete it; rows of files keep its number as a number."""
    await session.execute(delete(Practice).where(Practice.id == practice_id))
