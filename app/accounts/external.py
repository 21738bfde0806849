"""People with tokens of other issuers: recognized as they stand, or exchanged for tokens of ours."""

import hashlib
from uuid import UUID

from app.accounts import external_queries, provisioning, queries, sessions
from app.accounts.devices import UNKNOWN, Device
from app.accounts.errors import AccountDisabled
from app.accounts.identity import Identity, SignedIn
from app.accounts.models import RefreshFamily
from app.accounts.recognition import by_token, signed_in
from app.accounts.sessions import Grant
from app.auth.errors import TokenInvalid
from app.auth.jwt import Parsed
from app.auth.principal import Principal
from app.auth.tokens import token_digest
from app.core.audit import Entry, record
from app.core.db import Database, ReadSession, Scope, WriteSession
from app.core.log import logger


async def recognize(database: Database, identity: Identity, principal: Principal) -> SignedIn:
    """The user behind a verified foreign token, provisioned at first sight.

    Raises:
        AccountDisabled: the account is locked.
        IssuerAway: a newcomer's profile cannot be had now.
    """

    async def load() -> SignedIn:
        async with database.read(Scope.system()) as session:
            known = await external_queries.find_identity(
                session, principal.issuer, principal.subject
            )
            if known is not None and not provisioning.is_news(known, principal):
                return await _look_up(session, principal)
        newcomer = principal if known else await identity.issuers.complete(principal)
        async with database.write(Scope.system()) as session:
            await provisioning.settle(session, identity, newcomer, digest=principal.digest())
            return await _look_up(session, principal)

    key = (principal.issuer, principal.subject, principal.digest())
    return await identity.recognized.get_external(key, load)


async def _look_up(session: ReadSession, principal: Principal) -> SignedIn:
    known = await external_queries.find_identity(session, principal.issuer, principal.subject)
    cards = await queries.cards(session, known.user_id) if known else []
    if not cards or not cards[0].is_active:
        raise AccountDisabled
    return signed_in(
        cards, by_token(principal), session=None, impersonated_by=principal.impersonated_by
    )


async def exchange(
    database: Database,
    identity: Identity,
    token: Parsed,
    principal: Principal,
    device: Device = UNKNOWN,
) -> Grant:
    """Our tokens for a verified foreign one; the same token again joins the sign-in it began.

    Raises:
        AccountDisabled: the account is locked.
        IssuerAway: a newcomer's profile cannot be had now.
        TokenInvalid: the sign-in that this token began has ended.
    """
    async with database.read(Scope.system()) as session:
        known = await external_queries.find_identity(session, principal.issuer, principal.subject)
    newcomer = principal if known else await identity.issuers.complete(principal)
    async with database.write(Scope.system()) as session:
        user_id = await provisioning.settle(session, identity, newcomer, digest=principal.digest())
        # Held, so that two exchanges of one token queue up and the second finds the first.
        await queries.lock_user(session, user_id)
        person = await _look_up(session, principal)
        begun = await external_queries.find_origin(session, _origin(token, principal))
        if begun is not None:
            return await _join(session, identity, begun, person)
        origin = {
            "origin": _origin(token, principal),
            "issuer": principal.issuer,
            "acts_in": await _place(session, person, principal),
            "impersonated_by": principal.impersonated_by,
            **device.columns(),
        }
        grant = await sessions.open_session(session, identity, person.id, **origin)
        if principal.impersonated_by is not None:
            _note_impersonation(session, grant, principal)
        return grant


def _origin(token: Parsed, principal: Principal) -> bytes:
    """What makes this token this token: its own id where it has one, else its digest."""
    if not principal.identifier:
        return token_digest(token.text)
    return hashlib.sha256(f"{principal.issuer}|{principal.identifier}".encode()).digest()


async def _join(
    session: WriteSession, identity: Identity, family: RefreshFamily, person: SignedIn
) -> Grant:
    joined = None
    if family.user_id == person.id:
        joined = await sessions.join_session(session, identity, family)
    if joined is None:
        logger.info("accounts.exchange_repeated_too_late", family_id=family.id)
        raise TokenInvalid
    return joined


def _note_impersonation(session: WriteSession, grant: Grant, principal: Principal) -> None:
    """Who acts for the person stands with the sign-in: an id of the provider's is no code of ours."""
    person, detail = grant.card, {"provider": principal.provider, "family": str(grant.card.session)}
    logger.warning("accounts.impersonated", user_id=person.id, provider=principal.provider)
    entry = Entry(
        "accounts.impersonated", None, person.organization_id, "user", str(person.id), detail
    )
    record(session, entry)


async def _place(session: WriteSession, person: SignedIn, principal: Principal) -> UUID | None:
    """Which of its issuer's organizations the token is for."""
    allows = by_token(principal)
    places = (
        card.organization_id
        for card in await queries.cards(session, person.id)
        if card.organization_issuer == principal.issuer and allows(card)
    )
    return next(places, None)
