"""What notifications hold of a person."""

from uuid import UUID

from sqlalchemy import delete, select

from app.core.db import ReadSession, WriteSession
from app.core.personal import PersonalData
from app.notifications import service
from app.notifications.models import Notification, NotificationSettings


async def personal_data(session: ReadSession, user_id: UUID) -> PersonalData:
    """What the person was told, and how they want to be told."""
    chosen = await service.preferences(session, user_id=user_id)
    own = select(Notification).where(Notification.user_id == user_id).order_by(Notification.id)
    names = ("id", "kind", "subject_type", "subject_id", "params", "read_at", "created_at")
    rows = (await session.scalars(own)).all()
    return PersonalData(
        {
            "preferences": {
                "language": chosen.language,
                "timezone": chosen.timezone,
                "choices": dict(chosen.choices),
            },
            "notifications": [{name: getattr(row, name) for name in names} for row in rows],
        }
    )


async def erase(session: WriteSession, user_id: UUID) -> None:
    """Forget what the person was told; what others were told of them shows no name any more."""
    for table in (Notification, NotificationSettings):
        await session.execute(delete(table).where(table.user_id == user_id))
