"""Every statement about identities that other issuers keep."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import ExternalIdentity, RefreshFamily, User
from app.core.db import ReadSession, WriteSession


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose address it is, as far as linking depends on it."""

    id: UUID
    is_superuser: bool
    is_proven: bool
    is_external: bool


async def find_identity(session: ReadSession, issuer: str, subject: str) -> ExternalIdentity | None:
    """Who this subject of this issuer is here."""
    return await session.get(ExternalIdentity, (issuer, subject), populate_existing=True)


async def lock_subject(session: WriteSession, issuer: str, subject: str) -> None:
    """Let the first requests of one newcomer queue up: there is no row yet that could be locked."""
    digest = hashlib.sha256(f"{issuer}|{subject}".encode()).digest()
    number = int.from_bytes(digest[:8], signed=True)
    await session.execute(select(func.pg_advisory_xact_lock(number)))


async def insert_identity(session: WriteSession, values: Mapping[str, Any]) -> None:
    """Remember who a subject is."""
    await session.execute(insert(ExternalIdentity).values(**values))


async def update_identity(
    session: WriteSession, issuer: str, subject: str, *, digest: bytes, at: datetime
) -> None:
    """Remember the newest claims of a subject."""
    await session.execute(
        update(ExternalIdentity)
        .where(ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject)
        .values(claims_digest=digest, claims_at=at)
    )


async def owner_of(session: ReadSession, email: str) -> Owner | None:
    """The account with this address, disabled ones too."""
    is_external = exists().where(ExternalIdentity.user_id == User.id)
    statement = select(
        User.id, User.is_superuser, User.email_verified_at.is_not(None), is_external
    ).where(func.lower(User.email) == func.lower(email), User.email != "")
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Owner(*row)


async def account(session: ReadSession, user_id: UUID) -> User | None:
    """The account itself."""
    return await session.get(User, user_id, populate_existing=True)


async def find_origin(session: WriteSession, origin: bytes) -> RefreshFamily | None:
    """The sign-in that began with this foreign token, held until the transaction ends."""
    statement = select(RefreshFamily).where(RefreshFamily.origin == origin).with_for_update()
    return (await session.scalars(statement)).one_or_none()
