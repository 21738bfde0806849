"""Signing in, staying signed in and leaving.

A refresh token is replaced at each use. Its successor is computed from it, so a client whose answer
got lost may ask once more within the grace and gets the same one; whatever is older ends the whole
family, because two parties hold it then (RFC 9700, 4.14.2).
"""

import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from app.accounts import queries, trail
from app.accounts.devices import UNKNOWN, Device
from app.accounts.errors import CredentialsInvalid, RefreshReused
from app.accounts.identity import Identity, SignedIn
from app.accounts.models import RefreshFamily, RefreshToken
from app.accounts.recognition import by_family, signed_in
from app.auth import tokens
from app.auth.errors import TokenExpired, TokenInvalid
from app.auth.principal import Principal
from app.auth.tokens import token_digest
from app.core import clock
from app.core.db import Database, ReadSession, Scope, WriteSession
from app.core.ids import new_id
from app.core.log import logger
from app.core.problems import Problem

GRACE: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(days=30)
_KEPT_AFTER_END: Final = timedelta(days=1)
_REUSED: Final = "reuse"


@dataclass(frozen=True, slots=True)
class Grant:
    """A pair of tokens and the user that they speak for."""

    access_token: str
    refresh_token: str
    expires_in: int
    card: SignedIn


async def sign_in(
    database: Database, identity: Identity, *, email: str, password: str, device: Device = UNKNOWN
) -> Grant:
    """Check a password and open a session.

    No transaction is open while the hash is computed, and an unknown address takes as long as a
    known one.

    Raises:
        CredentialsInvalid: unknown, wrong or disabled.
    """
    async with database.read(Scope.system()) as session:
        found = await queries.credentials(session, email)
    user_id, stored, is_active = found or (None, None, False)
    is_right = await identity.passwords.matches(password, stored)
    if user_id is None or stored is None or not is_right or not is_active:
        await trail.sign_in_failed(database, user_id)
        raise CredentialsInvalid
    fresh = None
    if identity.passwords.is_outdated(stored):
        fresh = await identity.passwords.hash(password)
    async with database.write(Scope.system()) as session:
        if fresh is not None:
            await queries.update_user(session, user_id, {"password_hash": fresh})
        return await open_session(session, identity, user_id, **device.columns())


async def open_session(
    session: WriteSession, identity: Identity, user_id: UUID, **origin: Any
) -> Grant:
    """Begin a refresh family for a user who has proved who they are.

    `origin` are the family's columns about from where it was opened, and about the foreign token
    that it begins with, if one.
    """
    now = clock.now().replace(microsecond=0)
    idle = timedelta(days=identity.settings.refresh_token_days)
    expires = now + max(LONGEST, idle)
    family = RefreshFamily(
        id=new_id(), user_id=user_id, expires_at=expires, last_used_at=clock.now(), **origin
    )
    session.add(family)
    await session.flush()
    refresh = _issue(session, identity, family, parent="", sequence=0)
    await trail.note(session, "accounts.signed_in", user_id, by=user_id, family=str(family.id))
    logger.info("accounts.signed_in", user_id=user_id, family_id=family.id)
    return await _grant(session, identity, family, refresh)


async def join_session(
    session: WriteSession, identity: Identity, family: RefreshFamily
) -> Grant | None:
    """The newest pair of a family for whoever repeats its beginning; None when it has ended.

    A refresh token's identifier follows from those before it, so the newest one can be said again,
    unless SECRET_KEY was replaced between two of them.
    """
    if _standing(family) is not None:
        return None
    current = (await queries.newest_tokens(session, family.id))[0]
    parent = ""
    for sequence in range(current.sequence):
        parent = identity.tokens.successor(family.id, parent, sequence)
    token = _write(identity, family, current, parent)
    if token_digest(token) != current.token_hash:
        return None
    return await _grant(session, identity, family, token)


async def refresh(database: Database, identity: Identity, token: str) -> Grant:
    """Exchange a refresh token for a new pair; with rotation off, for a new access token only.

    Raises:
        TokenExpired: the token or its family is past its time.
        RefreshReused: it was replaced before; the family has ended, here or earlier.
        TokenInvalid: anything else, a disabled user included.
    """
    presented = identity.tokens.read_refresh(token)
    async with database.write(Scope.system()) as session:
        # The verdict is raised after the commit: ending a family must not be rolled back.
        verdict = await _exchange(session, identity, presented, token)
    if isinstance(verdict, Problem):
        identity.recognized.forget(presented.user_id)
        raise verdict
    return verdict


async def _exchange(
    session: WriteSession, identity: Identity, presented: tokens.RefreshToken, token: str
) -> Grant | Problem:
    family = await queries.lock_family(session, presented.family_id, presented.user_id)
    refusal = _standing(family)
    if family is None or refusal is not None:
        return refusal or TokenInvalid()
    newest = await queries.newest_tokens(session, family.id)
    row = next((row for row in newest if _is_same(row, presented, token)), None)
    if row is None or not _may_be_used(row, newest[0]):
        await _end(session, family.id, _REUSED)
        return RefreshReused()
    family.last_used_at = clock.now()
    successor = token
    if identity.settings.refresh_rotation == "on":
        successor = _replace(session, identity, family, row, presented, newest[0])
    grant = await _grant(session, identity, family, successor)
    if not grant.card.is_active:
        await _end(session, family.id, "disabled")
        return TokenInvalid()
    return grant


def _standing(family: RefreshFamily | None) -> Problem | None:
    """Why a family gives no more tokens, if so."""
    if family is None:
        return TokenInvalid()
    if family.ended_at is not None:
        return RefreshReused() if family.end_reason == _REUSED else TokenInvalid()
    return TokenExpired() if family.expires_at <= clock.now() else None


def _is_same(row: RefreshToken, presented: tokens.RefreshToken, token: str) -> bool:
    return row.sequence == presented.sequence and row.token_hash == token_digest(token)


def _may_be_used(row: RefreshToken, current: RefreshToken) -> bool:
    """The current token always; the one before it within the grace."""
    if row.sequence == current.sequence:
        return True
    return row.replaced_at is not None and clock.now() - row.replaced_at <= GRACE


def _replace(
    session: WriteSession,
    identity: Identity,
    family: RefreshFamily,
    row: RefreshToken,
    presented: tokens.RefreshToken,
    current: RefreshToken,
) -> str:
    """The successor of a token: made now, or said again when it was made before."""
    sequence = row.sequence + 1
    if row.sequence == current.sequence:
        row.replaced_at = clock.now()
        return _issue(session, identity, family, parent=presented.identifier, sequence=sequence)
    return _write(identity, family, current, presented.identifier)


def _issue(
    session: WriteSession,
    identity: Identity,
    family: RefreshFamily,
    *,
    parent: str,
    sequence: int,
) -> str:
    # Whole seconds, as tokens carry them: the row must give the very same token again.
    now = clock.now().replace(microsecond=0)
    idle = timedelta(days=identity.settings.refresh_token_days)
    row = RefreshToken(
        family_id=family.id,
        sequence=sequence,
        issued_at=now,
        expires_at=min(now + idle, family.expires_at),
    )
    token = _write(identity, family, row, parent)
    row.token_hash = token_digest(token)
    session.add(row)
    return token


def _write(identity: Identity, family: RefreshFamily, row: RefreshToken, parent: str) -> str:
    facts = tokens.RefreshToken(
        family_id=family.id,
        user_id=family.user_id,
        sequence=row.sequence,
        identifier="",
        issued_at=row.issued_at,
        expires_at=row.expires_at,
    )
    return identity.tokens.following(parent, facts, digest=row.token_hash)


async def _grant(
    session: WriteSession, identity: Identity, family: RefreshFamily, refresh_token: str
) -> Grant:
    cards = await queries.cards(session, family.user_id)
    return Grant(
        access_token=identity.tokens.access(family.user_id, family.id),
        refresh_token=refresh_token,
        expires_in=identity.tokens.access_seconds,
        card=signed_in(cards, by_family(family), session=family.id),
    )


async def _end(session: WriteSession, family_id: UUID, reason: str) -> None:
    logger.info("accounts.session_ended", family_id=family_id, reason=reason)
    await queries.end_families(session, reason=reason, now=clock.now(), family_id=family_id)
    await trail.session_ended(session, family_id, reason)


async def sign_out(
    database: Database, identity: Identity, *, access: str | None, refresh: str | None
) -> None:
    """End the session of the access token and that of the refresh token.

    Leaving never fails: a token that is over still names its session, and one that does not hold
    names none.
    """
    named: set[tuple[UUID, UUID]] = set()
    with contextlib.suppress(TokenInvalid):
        if access:
            leaver = identity.tokens.read_ended(access)
            named.add((UUID(leaver.session), UUID(leaver.subject)))
    with contextlib.suppress(TokenInvalid, TokenExpired):
        if refresh:
            facts = identity.tokens.read_refresh(refresh)
            named.add((facts.family_id, facts.user_id))
    for family_id, user_id in sorted(named):
        async with database.write(Scope.system()) as session:
            if await queries.lock_family(session, family_id, user_id) is not None:
                await _end(session, family_id, "logout")
        identity.recognized.forget(user_id)


async def recognize(database: Database, identity: Identity, principal: Principal) -> SignedIn:
    """The user behind a verified access token.

    Raises:
        TokenInvalid: the user is gone or disabled, or the session has ended.
    """
    user_id, family_id = UUID(principal.subject), UUID(principal.session)

    async def load() -> SignedIn:
        async with database.read(Scope.person(user_id)) as session:
            return await _look_up(session, user_id, family_id)

    return await identity.recognized.get(user_id, family_id, load)


async def _look_up(session: ReadSession, user_id: UUID, family_id: UUID) -> SignedIn:
    cards = await queries.cards(session, user_id)
    family = await queries.live_family(session, family_id, user_id, clock.now())
    if not cards or not cards[0].is_active or family is None:
        raise TokenInvalid
    impersonator = family.impersonated_by
    return signed_in(cards, by_family(family), session=family.id, impersonated_by=impersonator)


async def purge(session: WriteSession) -> int:
    """Remove sign-ins that are over for a day; returns how many."""
    return await queries.delete_families(session, clock.now() - _KEPT_AFTER_END)
