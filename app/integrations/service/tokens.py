"""An access token that holds: opened, refreshed a few minutes before its end, or refused.

Of all processes that find a token near its end one refreshes it, under a lease on the row; no
transaction is open during the call. Whoever comes meanwhile uses the old token while it holds, and
else waits for the new one.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from app.core.clock import now
from app.core.crypto import SealBroken
from app.core.db import Scope
from app.core.log import logger
from app.integrations.engine import oauth
from app.integrations.engine.faults import Meaning, ProviderFault, TokenRefused
from app.integrations.engine.oauth import Account, Grant
from app.integrations.engine.providers import PROVIDERS, Provider
from app.integrations.models import ACCESS, REFRESH, Connection
from app.integrations.queries import connections as queries
from app.integrations.queries.connections import Owner
from app.integrations.service import notices, vault
from app.integrations.service.bench import Bench

_EARLY: Final = timedelta(minutes=5)
_SPREAD_SECONDS: Final = 60
_LEASE_SECONDS: Final = 30.0
_LOOKS: Final = 25
_LOOK_SECONDS: Final = 0.2
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Access:
    """A token to call with, and the row that it came from."""

    token: str = field(repr=False)
    connection_id: UUID
    grants: int
    account: Account | None


def _over(code: str) -> ProviderFault:
    return ProviderFault(Meaning.RECONNECT, code=code)


async def use(bench: Bench, owner: Owner, work: Callable[[Access], Awaitable[Found]]) -> Found:
    """What `work` gives with a token that holds; a token that the provider refuses is refreshed once.

    Raises:
        NotConfigured: no application is registered with the provider.
        ProviderFault: RECONNECT when the person has to connect (again), else what went wrong.
    """
    access = await open_access(bench, owner)
    try:
        return await work(access)
    except TokenRefused as refusal:
        renewed = await open_access(bench, owner, refused=access.grants, why=refusal.code)
    try:
        return await work(renewed)
    except TokenRefused as refusal:
        await _end(bench, owner, renewed.grants, refusal.code or "token_refused")
        raise


async def open_access(
    bench: Bench, owner: Owner, *, refused: int | None = None, why: str = ""
) -> Access:
    """The owner's token; `refused` is the grant whose token the provider does not take.

    Raises:
        NotConfigured: no application is registered with the provider.
        ProviderFault: as `use` says.
    """
    provider = PROVIDERS[owner.provider]
    bench.line(provider)
    for _ in range(_LOOKS):
        row = await _find(bench, owner)
        if row is None or row.state != "connected":
            raise _over("not_connected")
        if not _is_due(row, refused):
            return await _access(bench, row)
        if row.refresh_token is None:
            return await _last_use(bench, row, refused, why)
        renewed = await _try_to_renew(bench, provider, row)
        if renewed is not None:
            return renewed
        if _holds(row) and row.grants != refused:
            return await _access(bench, row)
        # Somebody else is at it.
        await asyncio.sleep(_LOOK_SECONDS)
    raise ProviderFault(Meaning.AWAY, code="refresh_pending")


async def _find(bench: Bench, owner: Owner) -> Connection | None:
    async with bench.database.read(Scope.tenant(owner.organization_id, owner.user_id)) as session:
        return await queries.find(session, owner)


def _is_due(row: Connection, refused: int | None) -> bool:
    if row.grants == refused:
        return True
    if row.expires_at is None:
        return False
    # Spread, so that what was connected at once is not refreshed at once.
    early = _EARLY + timedelta(seconds=secrets.randbelow(_SPREAD_SECONDS))
    return row.expires_at - early <= now()


def _holds(row: Connection) -> bool:
    return row.expires_at is None or row.expires_at > now()


async def _access(bench: Bench, row: Connection) -> Access:
    try:
        token = vault.access_token(bench.ring, row)
        return Access(token, row.id, row.grants, vault.account(bench.ring, row))
    except SealBroken:
        logger.error("integrations.seal_broken", connection_id=row.id, provider=row.provider)
        await _end(bench, vault.owner_of(row), row.grants, "unreadable")
        raise _over("unreadable") from None


async def _last_use(bench: Bench, row: Connection, refused: int | None, why: str) -> Access:
    """A token that cannot be refreshed is used to its last second."""
    if _holds(row) and row.grants != refused:
        return await _access(bench, row)
    await _end(bench, vault.owner_of(row), row.grants, why or "expired")
    raise _over("expired")


async def _try_to_renew(bench: Bench, provider: Provider, row: Connection) -> Access | None:
    """The refreshed token; None when somebody else refreshes it, or it has to do as it is."""
    scope = Scope.tenant(row.organization_id, row.user_id)
    async with bench.database.write(scope) as session:
        lease = await queries.lease(session, row.id, row.grants, _LEASE_SECONDS)
    if lease is None:
        return None
    try:
        grant = await _refresh(bench, provider, row)
    except ProviderFault as fault:
        await _note_failure(bench, row, lease, fault)
        if fault.meaning is not Meaning.RECONNECT and _holds(row):
            return await _access(bench, row)
        raise
    async with bench.database.write(scope) as session:
        await queries.write_leased(session, row.id, lease, _renewed(bench, row, grant))
    logger.info("integrations.refreshed", connection_id=row.id, provider=provider.name)
    return Access(grant.access_token, row.id, row.grants + 1, vault.account(bench.ring, row))


async def _refresh(bench: Bench, provider: Provider, row: Connection) -> Grant:
    try:
        token = vault.refresh_token(bench.ring, row)
        vault.account(bench.ring, row)
    except SealBroken:
        logger.error("integrations.seal_broken", connection_id=row.id, provider=row.provider)
        raise _over("unreadable") from None
    if token is None:
        raise _over("expired")
    return await oauth.refresh(bench.line(provider), bench.settings, token)


async def _note_failure(bench: Bench, row: Connection, lease: UUID, fault: ProviderFault) -> None:
    code = fault.code.lower() or fault.meaning.value
    if fault.meaning is Meaning.RECONNECT:
        await _end(bench, vault.owner_of(row), row.grants, code)
        return
    if fault.meaning is Meaning.OURS:
        logger.error("integrations.misconfigured", provider=row.provider, provider_code=fault.code)
    values = {"last_error": code, "attempts": row.attempts + 1}
    async with bench.database.write(Scope.tenant(row.organization_id, row.user_id)) as session:
        await queries.write_leased(session, row.id, lease, values)


def _renewed(bench: Bench, row: Connection, grant: Grant) -> dict[str, Any]:
    owner, ring = vault.owner_of(row), bench.ring
    values: dict[str, Any] = {
        "access_token": vault.seal(ring, ACCESS, grant.access_token, row.id, owner),
        "expires_at": moment_after(grant.expires_in),
        "grants": row.grants + 1,
        "refreshed_at": now(),
        "last_error": None,
        "attempts": 0,
    }
    # Google does not repeat the refresh token; Microsoft gives another one each time.
    if grant.refresh_token is not None:
        values["refresh_token"] = vault.seal(ring, REFRESH, grant.refresh_token, row.id, owner)
    if grant.refresh_expires_in is not None:
        values["grant_ends_at"] = moment_after(grant.refresh_expires_in)
    return values


def moment_after(seconds: int | None) -> Any:
    """So many seconds from now; None for None."""
    return None if seconds is None else now() + timedelta(seconds=seconds)


async def _end(bench: Bench, owner: Owner, grants: int, error: str) -> None:
    """Mark a grant as over and tell its owner."""
    async with bench.database.write(Scope.tenant(owner.organization_id, owner.user_id)) as session:
        row = await queries.find(session, owner)
        if row is not None and await queries.end(session, row.id, grants, error):
            await notices.needs_reconnect(session, row, reason=error_word(error))


def error_word(error: str) -> str:
    """A provider's code as the audit log takes words."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in error.lower()).strip("_")
    while "__" in plain:
        plain = plain.replace("__", "_")
    return plain if plain[:1].isalpha() and plain.isascii() else f"code_{plain or 'unknown'}"
