"""Saved searches that tests use."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.core.clock import now
from app.core.db import Database, Scope
from app.searches.models import SavedSearch


async def make_search(database: Database, user_id: UUID, **changes: Any) -> UUID:
    """A daily search for anything, two days old and due."""
    then = now() - timedelta(days=2)
    values = {
        "user_id": user_id,
        "name": "Mine",
        "frequency": "daily",
        "language": "en",
        "alerted_until": then,
        "next_alert_at": then,
        **changes,
    }
    if values["frequency"] in ("instant", "off"):
        values["next_alert_at"] = None
    async with database.write(Scope.system()) as session:
        made = await session.execute(insert(SavedSearch).values(**values).returning(SavedSearch.id))
        return made.scalar_one()
