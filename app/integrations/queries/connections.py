"""Connections in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.integrations.models import Connection
from app.integrations.names import Name
from app.organizations.models import Membership


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose connection: a person within an organization, at a provider."""

    organization_id: UUID
    user_id: UUID
    provider: Name

    def condition(self) -> ColumnElement[bool]:
        """The same in SQL."""
        return (
            (Connection.organization_id == self.organization_id)
            & (Connection.user_id == self.user_id)
            & (Connection.provider == self.provider)
        )


async def of_person(
    session: ReadSession, organization_id: UUID, user_id: UUID
) -> Sequence[Connection]:
    """All connections of a person in an organization."""
    found = await session.execute(
        select(Connection).where(
            Connection.organization_id == organization_id, Connection.user_id == user_id
        )
    )
    return found.scalars().all()


async def find(session: ReadSession, owner: Owner) -> Connection | None:
    """One connection."""
    found = await session.execute(
        select(Connection).where(owner.condition()),
        execution_options={"populate_existing": True},
    )
    return found.scalar_one_or_none()


async def lock_id(session: WriteSession, owner: Owner) -> UUID | None:
    """The id of the owner's connection; nobody else makes or changes it until the transaction ends."""
    name = f"connections|{owner.organization_id}|{owner.user_id}|{owner.provider}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
    found = await session.execute(select(Connection.id).where(owner.condition()).with_for_update())
    return found.scalar_one_or_none()


async def keep(session: WriteSession, values: Mapping[str, Any]) -> None:
    """A new connection, or a new grant for the one that is there under the same id."""
    anew = {name: value for name, value in values.items() if name != "id"}
    await session.execute(
        insert(Connection)
        .values(**values)
        .on_conflict_do_update(
            index_elements=["id"],
            set_={
                **anew,
                "state": "connected",
                "grants": Connection.grants + 1,
                "connected_at": func.now(),
                "refreshed_at": func.now(),
                "updated_at": func.now(),
                "warned_at": None,
                "last_error": None,
                "attempts": 0,
                "lease_token": None,
                "lease_until": None,
            },
        )
    )


async def lease(
    session: WriteSession, connection_id: UUID, grants: int, seconds: float
) -> UUID | None:
    """The right to refresh, for so long; None when somebody has it or has refreshed already."""
    token = new_id()
    taken = await session.execute(
        update(Connection)
        .where(
            Connection.id == connection_id,
            Connection.grants == grants,
            or_(Connection.lease_until.is_(None), Connection.lease_until < func.now()),
        )
        .values(lease_token=token, lease_until=func.now() + timedelta(seconds=seconds))
        .returning(Connection.id)
    )
    return token if taken.scalar_one_or_none() is not None else None


async def write_leased(
    session: WriteSession, connection_id: UUID, token: UUID, values: Mapping[str, Any]
) -> bool:
    """Write what came of a refresh and end the lease; False where it is somebody else's by now."""
    written = await session.execute(
        update(Connection)
        .where(Connection.id == connection_id, Connection.lease_token == token)
        .values(**values, lease_token=None, lease_until=None)
        .returning(Connection.id)
    )
    return written.scalar_one_or_none() is not None


async def change(session: WriteSession, connection_id: UUID, values: Mapping[str, Any]) -> bool:
    """Write some columns; whether the row is there."""
    written = await session.execute(
        update(Connection)
        .where(Connection.id == connection_id)
        .values(**values)
        .returning(Connection.id)
    )
    return written.scalar_one_or_none() is not None


async def end(session: WriteSession, connection_id: UUID, grants: int, error: str) -> bool:
    """Mark a grant as over, unless there is a newer one; whether that is news."""
    written = await session.execute(
        update(Connection)
        .where(
            Connection.id == connection_id,
            Connection.grants == grants,
            Connection.state == "connected",
        )
        .values(state="needs_reconnect", last_error=error, lease_token=None, lease_until=None)
        .returning(Connection.id)
    )
    return written.scalar_one_or_none() is not None


async def end_of_the_departed(session: WriteSession) -> int:
    """Mark the connections of people who have left the organization as ended; how many."""
    is_member = (
        select(Membership.user_id)
        .where(
            Membership.user_id == Connection.user_id,
            Membership.organization_id == Connection.organization_id,
        )
        .exists()
    )
    ended = await session.execute(
        update(Connection)
        .where(Connection.state != "revoking", ~is_member)
        .values(state="revoking", lease_token=None, lease_until=None)
        .returning(Connection.id)
    )
    return len(ended.all())


async def warn(session: WriteSession, connection_id: UUID, grants: int) -> bool:
    """Note that its owner is told that a grant will end; whether that is news."""
    written = await session.execute(
        update(Connection)
        .where(
            Connection.id == connection_id,
            Connection.grants == grants,
            Connection.warned_at.is_(None),
        )
        .values(warned_at=func.now())
        .returning(Connection.id)
    )
    return written.scalar_one_or_none() is not None


async def end_if_over(session: WriteSession, connection_id: UUID, grants: int) -> bool:
    """Mark a grant whose time is over; whether that is news."""
    found = await session.execute(
        select(Connection.id).where(
            Connection.id == connection_id, Connection.grant_ends_at < func.now()
        )
    )
    return found.scalar_one_or_none() is not None and await end(
        session, connection_id, grants, "expired"
    )


async def remove(session: WriteSession, connection_id: UUID, grants: int) -> bool:
    """Forget a connection, unless it was granted anew meanwhile."""
    gone = await session.execute(
        delete(Connection)
        .where(Connection.id == connection_id, Connection.grants == grants)
        .returning(Connection.id)
    )
    return gone.scalar_one_or_none() is not None


async def waiting(session: ReadSession, *where: ColumnElement[bool]) -> Sequence[Connection]:
    """Connections that something is to be done for, some at a time."""
    found = await session.execute(
        select(Connection).where(*where).order_by(Connection.refreshed_at).limit(100)
    )
    return found.scalars().all()
