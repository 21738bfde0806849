"""Telling the owner of a connection that it has to be made anew."""

from uuid import UUID

from app.core.audit import Entry, record
from app.core.db import WriteSession
from app.core.log import logger
from app.integrations.models import Connection


async def needs_reconnect(session: WriteSession, connection: Connection, *, reason: str) -> None:
    """Tell its owner, once for each grant, in the transaction that marks it."""
    _note(session, connection, reason)
    logger.info(
        "integrations.needs_reconnect", connection_id=connection.id, provider=connection.provider
    )


async def will_end(session: WriteSession, connection: Connection) -> None:
    """Tell its owner, once for each grant, that it ends within a week."""
    _note(session, connection, "will_end")
    logger.info("integrations.will_end", connection_id=connection.id, provider=connection.provider)


def _note(session: WriteSession, connection: Connection, reason: str) -> None:
    owner: UUID | None = connection.user_id
    record(
        session,
        Entry(
            "integrations.needs_reconnect",
            owner,
            connection.organization_id,
            "connection",
            str(connection.id),
            {"provider": connection.provider, "reason": reason},
        ),
    )
