"""States of consents in SQL."""

from uuid import UUID

from sqlalchemy import delete, func, insert, select

from app.core.db import WriteSession
from app.integrations.models import OAuthState

_PURGED_AT_ONCE = 1_000


async def add(session: WriteSession, state: OAuthState) -> None:
    """Keep the row of a state that is about to be given out."""
    values = ("id", "organization_id", "user_id", "provider", "expires_at")
    await session.execute(
        insert(OAuthState).values(**{name: getattr(state, name) for name in values})
    )


async def take(session: WriteSession, state_id: UUID, provider: str) -> OAuthState | None:
    """The row, used up: of any number of callers one gets it."""
    taken = await session.execute(
        delete(OAuthState)
        .where(
            OAuthState.id == state_id,
            OAuthState.provider == provider,
            OAuthState.expires_at > func.now(),
        )
        .returning(OAuthState)
    )
    return taken.scalar_one_or_none()


async def purge(session: WriteSession) -> int:
    """Delete the rows of states that are over, some at a time; how many."""
    old = (
        select(OAuthState.id)
        .where(OAuthState.expires_at < func.now())
        .limit(_PURGED_AT_ONCE)
        .scalar_subquery()
    )
    gone = await session.execute(
        delete(OAuthState).where(OAuthState.id.in_(old)).returning(OAuthState.id)
    )
    return len(gone.all())
