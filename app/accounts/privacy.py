"""What is held of a person about their account, and how it comes to an end."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, or_, select

from app.accounts import queries
from app.accounts.models import AddressProof, ExternalIdentity, RefreshFamily, User
from app.core import idempotency
from app.core.clock import now
from app.core.db import ReadSession, WriteSession
from app.core.personal import ERASED, PersonalData
from app.mail import service as mail

_ACCOUNT: Final = (
    *("id", "email", "email_verified_at", "full_name", "role", "auth_provider", "headline"),
    *("location", "phone", "summary", "links", "skills", "created_at", "updated_at"),
)
_MOST_AT_ONCE: Final = 100
_IDENTITY: Final = ("provider", "issuer", "subject", "created_at")
_SIGN_IN: Final = ("created_at", "last_used_at", "ended_at", "network", "browser", "system")
_EMPTY: Final[dict[str, Any]] = {
    **dict.fromkeys(
        ("email_verified_at", "password_hash", "headline", "location", "phone", "summary")
    ),
    "email": "",
    "full_name": ERASED,
    "links": [],
    "skills": [],
    "is_active": False,
    "is_superuser": False,
}


async def personal_data(session: ReadSession, user_id: UUID) -> PersonalData:
    """The account with its profile, identities elsewhere, and the sign-ins of the last month."""
    user = await queries.profile(session, user_id)
    identities = await session.scalars(
        select(ExternalIdentity).where(ExternalIdentity.user_id == user_id)
    )
    families = await session.scalars(
        select(RefreshFamily)
        .where(RefreshFamily.user_id == user_id)
        .order_by(RefreshFamily.created_at)
    )
    return PersonalData(
        {
            "account": {name: getattr(user, name) for name in _ACCOUNT},
            "identities": [_facts(one, _IDENTITY) for one in identities],
            "sign_ins": [_facts(one, _SIGN_IN) for one in families],
        }
    )


def _facts(row: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


async def erase(session: WriteSession, user_id: UUID) -> None:
    """Empty the account for good: nobody signs in to it any more, and its address is free.

    The row stays for those who were dealt with by the person, without a word of them.
    """
    user = await queries.profile(session, user_id)
    email = "" if user is None else user.email
    if email:
        await mail.forget(session, email)
    by_address = func.lower(AddressProof.email) == func.lower(email)
    await session.execute(
        delete(AddressProof).where(or_(AddressProof.user_id == user_id, by_address))
    )
    for table in (RefreshFamily, ExternalIdentity):
        await session.execute(delete(table).where(table.user_id == user_id))
    await idempotency.forget(session, str(user_id))
    erased_at = func.coalesce(User.erased_at, now())
    await queries.update_user(session, user_id, {**_EMPTY, "erased_at": erased_at})


async def unsettled(session: ReadSession, before: datetime) -> list[UUID]:
    """Accounts that were erased before then and have not been looked at since, the oldest first."""
    found = await session.scalars(
        select(User.id)
        .where(User.erased_at < before, User.erasure_settled_at.is_(None))
        .order_by(User.erased_at)
        .limit(_MOST_AT_ONCE)
    )
    return list(found)


async def settle(session: WriteSession, user_id: UUID) -> None:
    """Note that nothing can have been added to an erased account since it was looked at."""
    await queries.update_user(session, user_id, {"erasure_settled_at": now()})
