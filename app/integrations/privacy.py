"""What integrations hold of a person."""

from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update

from app.core.db import ReadSession, WriteSession
from app.core.personal import PersonalData
from app.integrations.models import Connection, OAuthState, Post
from app.worker.doorbell import ring

REVOKE: Final = "integrations.revoke"


async def personal_data(session: ReadSession, user_id: UUID) -> PersonalData:
    """Which accounts the person has connected, and what they have posted; no tokens."""
    connections = await session.scalars(select(Connection).where(Connection.user_id == user_id))
    posts = await session.scalars(select(Post).where(Post.user_id == user_id))
    return PersonalData(
        {
            "connections": [
                {
                    "provider": one.provider,
                    "connected_at": one.connected_at,
                    "last_used_at": one.last_used_at,
                }
                for one in connections
            ],
            "posts": [
                {"job_id": one.job_id, "post_id": one.post_id, "published_at": one.published_at}
                for one in posts
            ],
        }
    )


async def erase(session: WriteSession, user_id: UUID) -> None:
    """End the person's connections: a worker tells the providers, and then forgets the tokens."""
    ended = await session.execute(
        update(Connection)
        .where(Connection.user_id == user_id, Connection.state != "revoking")
        .values(state="revoking", account=None, lease_token=None, lease_until=None)
        .returning(Connection.id)
    )
    await session.execute(delete(OAuthState).where(OAuthState.user_id == user_id))
    if ended.first() is not None:
        ring(session, REVOKE)
