"""What is connected: answered from one query, whatever else is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.core.crypto import SealBroken
from app.core.db import DatabaseAway, DatabaseBusy, Scope
from app.core.log import logger
from app.core.settings import Settings
from app.integrations.engine.providers import PROVIDERS, Provider
from app.integrations.models import Connection
from app.integrations.names import Name
from app.integrations.queries import connections as queries
from app.integrations.service import vault
from app.integrations.service.bench import Bench


@dataclass(frozen=True, slots=True)
class Standing:
    """One provider's state for one person. `is_known` is False when the database did not answer."""

    provider: str
    is_configured: bool
    is_known: bool = True
    is_connected: bool = False
    needs_reconnect: bool = False
    connected_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    account: str | None = field(default=None, repr=False)
    missing_scopes: tuple[str, ...] = ()
    last_error: str | None = None


async def look(bench: Bench, organization_id: UUID | None, user_id: UUID) -> dict[str, Standing]:
    """Every provider's state; never fails, and asks nobody outside."""
    rows: Mapping[str, Connection] = {}
    is_known = True
    if organization_id is not None:
        try:
            async with bench.database.read(Scope.tenant(organization_id, user_id)) as session:
                found = await queries.of_person(session, organization_id, user_id)
            rows = {row.provider: row for row in found}
        except (DatabaseAway, DatabaseBusy) as trouble:
            logger.warning("integrations.status_unknown", why=trouble.code)
            is_known = False
    return {
        name: _standing(bench, provider, rows.get(name), is_known=is_known)
        for name, provider in PROVIDERS.items()
    }


def configured(settings: Settings) -> list[Name]:
    """The providers with which an application is registered."""
    return [name for name, one in PROVIDERS.items() if one.application(settings).is_complete]


def _standing(
    bench: Bench, provider: Provider, row: Connection | None, *, is_known: bool
) -> Standing:
    is_configured = provider.application(bench.settings).is_complete
    if row is None or row.state == "revoking":
        return Standing(provider.name, is_configured, is_known)
    label, is_readable = _label(bench, row)
    needs_reconnect = row.state == "needs_reconnect" or not is_readable
    return Standing(
        provider.name,
        is_configured,
        is_known,
        is_connected=not needs_reconnect,
        needs_reconnect=needs_reconnect,
        connected_at=row.connected_at,
        last_used_at=row.last_used_at,
        expires_at=row.grant_ends_at,
        account=label,
        missing_scopes=tuple(row.missing_scopes),
        last_error=row.last_error,
    )


def _label(bench: Bench, row: Connection) -> tuple[str | None, bool]:
    """How the owner knows the account, and whether the row's secrets open."""
    try:
        vault.access_token(bench.ring, row)
        account = vault.account(bench.ring, row)
    except SealBroken:
        logger.error("integrations.seal_broken", connection_id=row.id, provider=row.provider)
        return None, False
    return (account.label or None) if account else None, True
