"""What the audit log is told of people: who came, who was refused, who was changed by whom."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.accounts import queries
from app.accounts.models import RefreshFamily
from app.core.audit import Entry, Fact, record
from app.core.db import Database, ReadSession, Scope, WriteSession
from app.core.ids import new_id

_ENDED: Final = {"logout": "accounts.signed_out", "reuse": "accounts.refresh_reused"}


async def note(
    session: WriteSession, action: str, user_id: UUID, *, by: UUID | None, **detail: Fact
) -> None:
    """An act about a user, in the log of the organization that they belong to."""
    home = await _home_of(session, user_id)
    record(session, Entry(action, by, home, "user", str(user_id), detail))


async def sign_in_failed(database: Database, user_id: UUID | None) -> None:
    """Somebody was refused who named this account, or None for an address that nobody has."""
    async with database.write(Scope.system()) as session:
        # Looked up in any case, so that an unknown address takes as long as a known one.
        home = await _home_of(session, user_id or new_id())
        subject = "" if user_id is None else str(user_id)
        record(session, Entry("accounts.sign_in_failed", None, home, "user", subject))


async def session_ended(session: WriteSession, family_id: UUID, reason: str) -> None:
    """A sign-in is over: left, ended because its token was used twice, or for another reason."""
    statement = select(RefreshFamily.user_id).where(RefreshFamily.id == family_id)
    user_id = (await session.execute(statement)).scalar_one()
    # Whoever used a replaced token need not be the person whose sign-in it was.
    by = user_id if reason == "logout" else None
    action = _ENDED.get(reason, "accounts.session_ended")
    await note(session, action, user_id, by=by, family=str(family_id), reason=reason)


def changed(
    session: WriteSession,
    *,
    by: UUID,
    before: Any,
    changes: Mapping[str, Any],
) -> None:
    """A user's role, standing or name was changed; `before` is their card as it was."""

    def add(action: str, **detail: Fact) -> None:
        subject = str(before.id)
        record(session, Entry(action, by, before.organization_id, "user", subject, detail))

    if changes.get("role", before.role) != before.role:
        add("accounts.role_changed", before=before.role, after=changes["role"])
    if changes.get("is_active", before.is_active) != before.is_active:
        add("accounts.enabled" if changes["is_active"] else "accounts.disabled")
    if changes.get("full_name", before.full_name) != before.full_name:
        add("accounts.renamed")


async def _home_of(session: ReadSession, user_id: UUID) -> UUID | None:
    cards = await queries.cards(session, user_id)
    return cards[0].organization_id if cards else None
