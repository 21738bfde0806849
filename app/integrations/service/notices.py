"""Telling the owner of a connection that it has to be made anew."""

from datetime import datetime
from uuid import UUID

from app.core.audit import Entry, record
from app.core.db import WriteSession
from app.core.log import logger
from app.integrations.models import Connection
from app.notifications.service import notify


async def needs_reconnect(session: WriteSession, connection: Connection, *, reason: str) -> None:
    """Tell its owner, once for each grant, in the transaction that marks it."""
    _note(session, connection, "needs_reconnect", reason)
    await _tell(session, connection, connection.connected_at)
    logger.info(
        "integrations.needs_reconnect", connection_id=connection.id, provider=connection.provider
    )


async def will_end(session: WriteSession, connection: Connection) -> None:
    """Tell its owner, once for each grant, that it ends within a week."""
    _note(session, connection, "ends_soon", "expires")
    await _tell(session, connection, connection.grant_ends_at or connection.connected_at)
    logger.info("integrations.will_end", connection_id=connection.id, provider=connection.provider)


async def _tell(session: WriteSession, connection: Connection, at: datetime) -> None:
    """`at` sets one grant's notice apart from the next one's, and the early one from the late."""
    await notify(
        session,
        user_id=connection.user_id,
        organization_id=connection.organization_id,
        kind="integration.needs_reconnect",
        subject_type="connection",
        subject_id=connection.id,
        params={"provider": connection.provider, "at": at.isoformat()},
    )


def _note(session: WriteSession, connection: Connection, verb: str, reason: str) -> None:
    owner: UUID | None = connection.user_id
    record(
        session,
        Entry(
            f"integrations.{verb}",
            owner,
            connection.organization_id,
            "connection",
            str(connection.id),
            {"provider": connection.provider, "reason": reason},
        ),
    )
