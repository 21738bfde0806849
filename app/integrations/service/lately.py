"""What somebody has lately shared or put into a calendar by a connection."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.core.db import ReadSession
from app.integrations.engine.linkedin import post_url
from app.integrations.queries import lately as queries
from app.integrations.queries.connections import Owner

_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class Deed:
    """One post or event. `state` is the row's; `url` leads to it at the provider, empty without."""

    title: str
    state: str
    at: datetime
    url: str
    last_error: str | None
    starts_at: datetime | None = None


async def look(session: ReadSession, owner: Owner) -> list[Deed]:
    """The last five, the newest first."""
    if owner.provider == "linkedin":
        return [
            Deed(
                row.title, row.state, row.at, row.post_id and post_url(row.post_id), row.last_error
            )
            for row in await queries.posts(session, owner, _MOST)
        ]
    return [
        Deed(row.title, row.state, row.at, row.url or "", row.last_error, row.starts_at)
        for row in await queries.events(session, owner, _MOST)
    ]
