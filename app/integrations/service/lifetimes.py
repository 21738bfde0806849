"""Grants that end by themselves: kept alive where that is possible, and told of in time."""

from datetime import timedelta
from typing import Final

from sqlalchemy import func, or_

from app.core.db import Scope
from app.core.log import logger
from app.core.problems import Problem
from app.integrations.engine.faults import ProviderFault
from app.integrations.models import Connection
from app.integrations.queries import connections
from app.integrations.service import notices, vault
from app.integrations.service.bench import Bench
from app.integrations.service.tokens import open_access

# Microsoft forgets a grant after 90 days without use, Google after six months.
_IDLE: Final = timedelta(days=7)
_WARNED_BEFORE: Final = timedelta(days=7)
# What lives shorter is not worth a word beforehand.
_LONG_LIVED: Final = timedelta(days=30)


async def refresh_idle(bench: Bench) -> None:
    """Refresh what was not refreshed for a week."""
    async with bench.database.read(Scope.system()) as session:
        rows = await connections.waiting(
            session,
            Connection.state == "connected",
            Connection.refresh_token.is_not(None),
            Connection.refreshed_at < func.now() - _IDLE,
        )
    for row in rows:
        try:
            await open_access(bench, vault.owner_of(row))
        except (ProviderFault, Problem) as trouble:
            # Its row says what is wrong; the next one may be well.
            logger.info(
                "integrations.not_refreshed",
                connection_id=row.id,
                provider=row.provider,
                why=type(trouble).__name__,
            )


async def warn_of_endings(bench: Bench) -> None:
    """Tell the owners of grants that will end, once for each grant, and mark those that have."""
    async with bench.database.read(Scope.system()) as session:
        rows = await connections.waiting(
            session,
            Connection.state == "connected",
            or_(
                Connection.grant_ends_at < func.now(),
                (Connection.warned_at.is_(None))
                & (Connection.grant_ends_at < func.now() + _WARNED_BEFORE)
                & (Connection.grant_ends_at - Connection.connected_at > _LONG_LIVED),
            ),
        )
    for row in rows:
        async with bench.database.write(Scope.system()) as session:
            is_news = await connections.warn(session, row.id, row.grants)
            ended = await connections.end_if_over(session, row.id, row.grants)
            if ended:
                await notices.needs_reconnect(session, row, reason="expired")
            elif is_news:
                await notices.will_end(session, row)
