"""Every statement about the audit log as people read it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, select, tuple_

from app.accounts.models import User
from app.core.audit_model import AuditEntry, room_of_action
from app.core.db import ReadSession
from app.core.pages import Key

NEWEST_FIRST: Final[Sequence[Key]] = ((AuditEntry.at, "desc"), (AuditEntry.id, "desc"))


def entries(conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Entries with the name and address that their actor has now."""
    shown: list[Any] = [
        *(AuditEntry.id, AuditEntry.at, AuditEntry.action, AuditEntry.actor_id),
        User.email.label("actor_email"),
        User.full_name.label("actor_name"),
        *(AuditEntry.organization_id, AuditEntry.subject_type, AuditEntry.subject_id),
        *(AuditEntry.request_id, AuditEntry.network, AuditEntry.detail),
    ]
    statement: Select[Any] = select(*shown)
    return statement.outerjoin(User, User.id == AuditEntry.actor_id).where(*conditions)


def in_organization(organization_id: UUID) -> ColumnElement[bool]:
    """The entries of one organization."""
    return AuditEntry.organization_id == organization_id


def of_action(action: str) -> list[ColumnElement[bool]]:
    """The entries of one action, or of a whole room for `room.`; both along the room's index."""
    room, _, verb = action.partition(".")
    found: list[ColumnElement[bool]] = [room_of_action == room]
    if verb:
        found.append(AuditEntry.action == action)
    return found


def about(
    *, actor_id: UUID | None, subject_type: str | None, subject_id: str | None
) -> list[ColumnElement[bool]]:
    """The entries of this actor and this subject, as far as they are named."""
    named = (
        (AuditEntry.actor_id, actor_id),
        (AuditEntry.subject_type, subject_type),
        (AuditEntry.subject_id, subject_id),
    )
    return [column == value for column, value in named if value is not None]


def between(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """The entries from `since` on and before `until`."""
    found: list[ColumnElement[bool]] = []
    if since is not None:
        found.append(AuditEntry.at >= since)
    if until is not None:
        found.append(AuditEntry.at < until)
    return found


async def lot(
    session: ReadSession,
    conditions: Sequence[ColumnElement[bool]],
    *,
    after: tuple[datetime, UUID] | None,
    size: int,
) -> Sequence[Row[Any]]:
    """The next `size` entries behind `after`, newest first."""
    statement = entries(conditions).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    if after is not None:
        statement = statement.where(tuple_(AuditEntry.at, AuditEntry.id) < after)
    found: Sequence[Row[Any]] = (await session.execute(statement.limit(size))).all()
    return found
