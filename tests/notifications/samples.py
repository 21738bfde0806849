"""Notifications that tests use."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.core.db import Database, Scope
from app.core.ids import new_id
from app.notifications.models import Notification
from app.notifications.service import notify
from tests.people import Crew


async def tell(database: Database, crew: Crew, user_id: UUID | None = None, **changes: Any) -> UUID:
    """Tell the candidate, or another person, of a move; the newest notification's id."""
    told = user_id or crew.candidate.id
    values: dict[str, Any] = {
        "organization_id": crew.organization_id,
        "kind": "application.moved",
        "subject_type": "application",
        "subject_id": new_id(),
        "params": {"job_title": "Data Engineer", "status": "shortlisted"},
        **changes,
    }
    scope = Scope.tenant(crew.organization_id, crew.employer.id)
    async with database.write(scope) as session:
        await notify(session, user_id=told, **values)
    async with database.read(Scope.system()) as session:
        newest = select(Notification.id).where(Notification.user_id == told)
        found = await session.scalars(newest.order_by(Notification.id.desc()).limit(1))
        return found.one()
