"""What saved searches hold of a person."""

from uuid import UUID

from sqlalchemy import delete

from app.core.db import ReadSession, WriteSession
from app.core.personal import PersonalData
from app.searches import queries, service
from app.searches.models import SavedSearch


async def personal_data(session: ReadSession, user_id: UUID) -> PersonalData:
    """The person's searches, as they see them."""
    found = await session.scalars(queries.of(user_id).order_by(SavedSearch.id))
    return PersonalData({"saved_searches": [service.shown(one) for one in found]})


async def erase(session: WriteSession, user_id: UUID) -> None:
    """Forget the person's searches."""
    await session.execute(delete(SavedSearch).where(SavedSearch.user_id == user_id))
