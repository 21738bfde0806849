"""Connecting an account."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.audit import Entry, record
from app.core.clock import now
from app.core.db import Scope, WriteSession
from app.core.ids import new_id
from app.core.log import logger
from app.core.problems import NotFound
from app.integrations.engine import oauth, states
from app.integrations.engine.faults import Meaning, ProviderFault, word
from app.integrations.engine.oauth import Account, Grant
from app.integrations.engine.providers import PROVIDERS, Provider
from app.integrations.errors import NotConfigured
from app.integrations.models import ACCESS, REFRESH, OAuthState
from app.integrations.queries import connections, events
from app.integrations.queries import states as state_queries
from app.integrations.queries.connections import Owner
from app.integrations.service import vault
from app.integrations.service.bench import Bench
from app.integrations.service.tokens import moment_after
from app.interviews.service import SYNC
from app.organizations import service as organizations
from app.worker.doorbell import ring


class Refused(Exception):
    """A consent that connected nothing; `reason` is a word for the frontend's page."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Consent:
    """Where to send somebody, and the state that they come back with."""

    url: str
    state: str


@dataclass(frozen=True, slots=True)
class Return:
    """What the provider sent back with the person; empty where it sent nothing."""

    state: str = ""
    code: str = ""
    error: str = ""


async def begin(bench: Bench, owner: Owner, *, for_console: bool = False) -> Consent:
    """A consent page for the owner, and one use of it; the state says where it was begun.

    Raises:
        NotConfigured: no application is registered with the provider.
    """
    provider = PROVIDERS[owner.provider]
    bench.line(provider)
    row = OAuthState(
        id=new_id(),
        organization_id=owner.organization_id,
        user_id=owner.user_id,
        provider=owner.provider,
        expires_at=now() + states.LIFE,
    )
    async with bench.database.write(Scope.tenant(owner.organization_id, owner.user_id)) as session:
        await state_queries.add(session, row)
    auth = bench.settings.auth
    state = states.make(auth, row.id, provider.name, row.expires_at, for_console=for_console)
    verifier = states.verifier_of(auth, row.id) if provider.uses_pkce else None
    url = oauth.authorize_url(bench.settings, provider, state=state, verifier=verifier)
    return Consent(url, state)


async def finish(bench: Bench, provider: Provider, back: Return) -> None:
    """Connect the account that somebody comes back with from the consent page.

    Raises:
        Refused: nothing was connected, and why.
        DatabaseAway: PostgreSQL is away.
    """
    signed, owner = await _own_state(bench, provider, back.state)
    if back.error or not back.code:
        raise Refused(word(back.error) or "no_code")
    try:
        line = bench.line(provider)
        verifier = signed.verifier if provider.uses_pkce else None
        grant = await oauth.exchange(line, bench.settings, code=back.code, verifier=verifier)
    except NotConfigured:
        raise Refused("not_configured") from None
    except ProviderFault as fault:
        raise Refused(_reason(fault)) from None
    if not oauth.is_useful(provider, grant):
        raise Refused("scope_missing")
    account = await _account(bench, provider, grant)
    async with bench.database.write(Scope.tenant(owner.organization_id, owner.user_id)) as session:
        await _keep(bench, session, owner, grant, account)
    logger.info("integrations.connected", provider=provider.name, user_id=owner.user_id)


async def _own_state(bench: Bench, provider: Provider, text: str) -> tuple[states.Signed, Owner]:
    """The state, used up, and whose it is; they have to belong to the organization still."""
    try:
        signed = states.read(bench.settings.auth, text, provider.name)
    except states.StateRefused as refusal:
        raise Refused(refusal.reason) from None
    async with bench.database.write(Scope.system()) as session:
        row = await state_queries.take(session, signed.id, provider.name)
        if row is None:
            raise Refused("state_used")
        try:
            member = await organizations.get_member(
                session, organization_id=row.organization_id, user_id=row.user_id
            )
        except NotFound:
            raise Refused("not_a_member") from None
        if not member.is_active:
            raise Refused("not_a_member")
    return signed, Owner(row.organization_id, row.user_id, provider.name)


def _reason(fault: ProviderFault) -> str:
    if fault.passes:
        return "provider_unavailable"
    if fault.meaning is Meaning.OURS:
        logger.error("integrations.misconfigured", provider_code=fault.code)
        return "misconfigured"
    return "code_refused"


async def _account(bench: Bench, provider: Provider, grant: Grant) -> Account | None:
    try:
        return await oauth.identify(bench.line(provider), bench.settings, grant)
    except ProviderFault as fault:
        # A connection works without the account's name; LinkedIn is asked again before a post.
        logger.warning("integrations.account_unknown", provider=provider.name, why=fault.code)
        return None


async def _keep(
    bench: Bench, session: WriteSession, owner: Owner, grant: Grant, account: Account | None
) -> None:
    provider = PROVIDERS[owner.provider]
    connection_id = await connections.lock_id(session, owner) or new_id()
    sealed = {
        "access_token": vault.seal(bench.ring, ACCESS, grant.access_token, connection_id, owner),
        "refresh_token": grant.refresh_token
        and vault.seal(bench.ring, REFRESH, grant.refresh_token, connection_id, owner),
        "account": account and vault.sealed_account(bench.ring, account, connection_id, owner),
    }
    values: dict[str, Any] = {
        "id": connection_id,
        "organization_id": owner.organization_id,
        "user_id": owner.user_id,
        "provider": owner.provider,
        **sealed,
        "missing_scopes": sorted(oauth.missing_scopes(provider, bench.settings, grant)),
        "expires_at": moment_after(grant.expires_in),
        "grant_ends_at": moment_after(
            grant.refresh_expires_in if grant.refresh_token else grant.expires_in
        ),
    }
    await connections.keep(session, values)
    # What could not be written into the calendar meanwhile is written now.
    for interview_id in await events.wake(session, owner):
        ring(session, SYNC, interview_id=interview_id)
    note(session, "connected", owner, connection_id)


def note(session: WriteSession, verb: str, owner: Owner, connection_id: UUID) -> None:
    """Write into the audit log what its owner did with a connection."""
    record(
        session,
        Entry(
            f"integrations.{verb}",
            owner.user_id,
            owner.organization_id,
            "connection",
            str(connection_id),
            {"provider": owner.provider},
        ),
    )
