"""Ending a connection: forgotten here at once, and at the provider as soon as it answers."""

from datetime import timedelta
from typing import Final

from app.core.clock import now
from app.core.crypto import SealBroken
from app.core.db import Scope
from app.core.log import logger
from app.integrations.engine import oauth
from app.integrations.engine.faults import ProviderFault
from app.integrations.engine.providers import PROVIDERS
from app.integrations.errors import NotConfigured
from app.integrations.models import Connection
from app.integrations.queries import connections
from app.integrations.queries.connections import Owner
from app.integrations.service import vault
from app.integrations.service.bench import Bench
from app.integrations.service.connecting import note

# What no provider has taken for so long is over by itself.
_GIVEN_UP: Final = timedelta(days=4)


async def disconnect(bench: Bench, owner: Owner) -> None:
    """End the owner's connection. Repeating it changes nothing.

    Where the provider does not answer, a worker tells it later.
    """
    async with bench.database.write(Scope.tenant(owner.organization_id, owner.user_id)) as session:
        row = await connections.find(session, owner)
        if row is None or row.state == "revoking":
            return
        values = {"state": "revoking", "lease_token": None, "lease_until": None}
        await connections.change(session, row.id, values)
        note(session, "disconnected", owner, row.id)
        row = await connections.find(session, owner)
    logger.info("integrations.disconnected", provider=owner.provider, user_id=owner.user_id)
    if row is not None:
        await end_grant(bench, row)


async def end_grant(bench: Bench, row: Connection) -> bool:
    """Revoke a connection's grant and delete its row; False when that has to be tried again."""
    provider = PROVIDERS[row.provider]
    try:
        if provider.revokes:
            token = vault.refresh_token(bench.ring, row) or vault.access_token(bench.ring, row)
            await oauth.revoke(bench.line(provider), bench.settings, token)
    except ProviderFault:
        if row.updated_at + _GIVEN_UP > now():
            return False
        logger.warning("integrations.never_revoked", provider=row.provider)
    except (SealBroken, NotConfigured):
        # Nobody can revoke what nobody can read, or without an application to do it as.
        logger.warning("integrations.not_revoked", provider=row.provider)
    async with bench.database.write(Scope.tenant(row.organization_id, row.user_id)) as session:
        await connections.remove(session, row.id, row.grants)
    return True


async def end_waiting(bench: Bench) -> int:
    """End what people left behind, and tell providers of what they have not heard of; how many."""
    async with bench.database.write(Scope.system()) as session:
        await connections.end_of_the_departed(session)
    async with bench.database.read(Scope.system()) as session:
        rows = await connections.waiting(session, Connection.state == "revoking")
    return sum([await end_grant(bench, row) for row in rows])
