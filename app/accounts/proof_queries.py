"""Every statement about tokens that were sent to an address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from app.accounts.models import AddressProof, User
from app.accounts.queries import has_email
from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id

_ONLY_ROWS = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose account a token opens."""

    user_id: UUID
    email: str
    full_name: str
    language: str


async def insert_proof(session: WriteSession, values: Mapping[str, Any], life: timedelta) -> UUID:
    """Add a request, or an answered one; the database's clock decides when it is over."""
    proof_id = new_id()
    await session.execute(
        insert(AddressProof).values(id=proof_id, expires_at=func.now() + life, **values)
    )
    return proof_id


async def take_requests(session: WriteSession, most: int) -> Sequence[AddressProof]:
    """The oldest requests that nobody has answered, held until the transaction ends."""
    statement = (
        select(AddressProof)
        .where(AddressProof.user_id.is_(None))
        .order_by(AddressProof.created_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(statement)).all()


async def owner(session: WriteSession, email: str) -> User | None:
    """The active account with this address, held until the transaction ends."""
    statement = select(User).where(has_email(email), User.is_active).with_for_update()
    return (await session.scalars(statement)).one_or_none()


async def count_recent(session: ReadSession, user_id: UUID, purpose: str) -> int:
    """How many tokens of this kind the account was given within the hour."""
    statement = select(func.count()).where(
        AddressProof.user_id == user_id,
        AddressProof.purpose == purpose,
        AddressProof.created_at > func.now() - timedelta(hours=1),
    )
    return int((await session.execute(statement)).scalar_one())


async def void(session: WriteSession, user_id: UUID, purpose: str) -> None:
    """Make the account's tokens of this kind open nothing any more."""
    statement = (
        update(AddressProof)
        .where(AddressProof.user_id == user_id, AddressProof.purpose == purpose)
        .values(token_hash=None)
    )
    await session.execute(statement, execution_options=_ONLY_ROWS)


async def holder(session: ReadSession, purpose: str, digest: bytes) -> Holder | None:
    """Whose token this is, if it still opens an active account."""
    statement = (
        select(User.id, User.email, User.full_name, AddressProof.language)
        .join(AddressProof, AddressProof.user_id == User.id)
        .where(
            AddressProof.token_hash == digest,
            AddressProof.purpose == purpose,
            AddressProof.expires_at > func.now(),
            # An address that has changed since is proved by no old token.
            func.lower(AddressProof.email) == func.lower(User.email),
            User.is_active,
        )
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Holder(*row)


async def use_up(session: WriteSession, purpose: str, digest: bytes) -> bool:
    """Take a token out of use; of two who come with the same one, only one gets True."""
    statement = (
        update(AddressProof)
        .where(
            AddressProof.token_hash == digest,
            AddressProof.purpose == purpose,
            AddressProof.expires_at > func.now(),
        )
        .values(token_hash=None)
        .returning(AddressProof.id)
    )
    done = await session.execute(statement, execution_options=_ONLY_ROWS)
    return done.scalar_one_or_none() is not None


async def purge(session: WriteSession) -> int:
    """Remove what is over; returns how many."""
    statement = (
        delete(AddressProof).where(AddressProof.expires_at < func.now()).returning(AddressProof.id)
    )
    return len((await session.execute(statement, execution_options=_ONLY_ROWS)).all())
