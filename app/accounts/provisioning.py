"""Accounts for people whom an identity provider vouches for: made at first sight, then kept in step.

Whoever holds a proven address owns the account with it. So an account is linked by address only
when the newcomer's provider says that it is verified, and what may have been put there by somebody
who never proved it does not come along: the password of an unproven registration is dropped with
its sign-ins, and an unproven address of another provider's user goes to the one who proves it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.accounts import external_queries, queries
from app.accounts.errors import AccountDisabled
from app.accounts.external_queries import Owner
from app.accounts.identity import Identity
from app.accounts.models import ExternalIdentity, User
from app.auth.principal import Principal
from app.core import clock
from app.core.audit import Entry, Fact, record
from app.core.db import WriteSession
from app.core.log import logger


def is_news(known: ExternalIdentity, principal: Principal) -> bool:
    """Whether this token says something else than the newest one that was seen before it."""
    is_other = known.claims_digest != principal.digest()
    return is_other and _issued(principal) >= known.claims_at


def _issued(principal: Principal) -> datetime:
    return datetime.fromtimestamp(principal.issued_at, UTC)


async def settle(
    session: WriteSession, identity: Identity, principal: Principal, *, digest: bytes
) -> UUID:
    """The account of a verified person, made or brought in step with the token; gives its id.

    `digest` is that of the token alone: a newcomer's principal may have been completed. The first requests of one person queue up here, and all but the first find the account.

    Raises:
        AccountDisabled: the account is there and locked; nothing is changed.
    """
    issuer, subject = principal.issuer, principal.subject
    await external_queries.lock_subject(session, issuer, subject)
    known = await external_queries.find_identity(session, issuer, subject)
    if known is None:
        user_id = await _welcome(session, principal)
        values = {
            "provider": principal.provider,
            "issuer": issuer,
            "subject": subject,
            "user_id": user_id,
            "claims_digest": digest,
            "claims_at": _issued(principal),
        }
        await external_queries.insert_identity(session, values)
    elif is_news(known, principal):
        user_id = known.user_id
        await external_queries.update_identity(
            session, issuer, subject, digest=digest, at=_issued(principal)
        )
    else:
        return known.user_id
    account = await _locked(session, user_id)
    await _follow(session, account, principal)
    await identity.place(session, user_id, principal)
    identity.forget_after(session, user_id)
    return user_id


async def _locked(session: WriteSession, user_id: UUID) -> User:
    await queries.lock_user(session, user_id)
    account = await external_queries.account(session, user_id)
    if account is None or not account.is_active:
        raise AccountDisabled
    return account


async def _welcome(session: WriteSession, principal: Principal) -> UUID:
    """The account of a newcomer: a new one, or the one whose address they have proven to own."""
    owner = None
    if principal.email:
        owner = await external_queries.owner_of(session, principal.email)
    if owner is None:
        made = await _make(session, principal, principal.email)
        # None: somebody took the address between the two statements, and now owns it.
        return made or await _welcome(session, principal)
    if not principal.email_verified or owner.is_superuser:
        # The platform's own accounts are nobody's to claim, whatever a realm says of addresses.
        logger.info("accounts.address_not_linked", user_id=owner.id, provider=principal.provider)
        return await _make_without_address(session, principal)
    if owner.is_external and not owner.is_proven:
        await queries.update_user(session, owner.id, {"email": ""})
        _note(session, "address_moved", owner.id, principal)
        return await _welcome(session, principal)
    await _link(session, owner, principal)
    return owner.id


async def _make(session: WriteSession, principal: Principal, email: str) -> UUID | None:
    values: dict[str, Any] = {
        "email": email,
        "email_verified_at": _proof(principal) if email else None,
        "full_name": principal.full_name,
        "auth_provider": principal.provider,
    }
    if principal.role is not None:
        values["role"] = principal.role
    user_id = await queries.insert_user(session, values)
    if user_id is not None:
        _note(session, "provisioned", user_id, principal)
    return user_id


async def _make_without_address(session: WriteSession, principal: Principal) -> UUID:
    made = await _make(session, principal, "")
    if made is None:
        raise RuntimeError("an account without an address can collide with nothing")
    return made


def _proof(principal: Principal) -> datetime | None:
    return clock.now() if principal.email_verified else None


async def _link(session: WriteSession, owner: Owner, principal: Principal) -> None:
    """Give the account to whoever has proven its address."""
    if not owner.is_proven:
        values = {
            "password_hash": None,
            "auth_provider": principal.provider,
            "email_verified_at": clock.now(),
        }
        await queries.update_user(session, owner.id, values)
        await queries.end_families(session, reason="taken_over", now=clock.now(), user_id=owner.id)
    _note(session, "linked", owner.id, principal, password_dropped=not owner.is_proven)


def _note(
    session: WriteSession, verb: str, user_id: UUID, principal: Principal, **detail: Fact
) -> None:
    """Into the log and the audit log: what a token led to. Nobody of ours did it."""
    told = {"provider": principal.provider, **detail}
    logger.info(f"accounts.{verb}", user_id=user_id, **told)
    record(session, Entry(f"accounts.{verb}", None, None, "user", str(user_id), told))


async def _follow(session: WriteSession, account: User, principal: Principal) -> None:
    """Bring role, name and address in step; the last two only where the provider is the home."""
    values: dict[str, Any] = {}
    if principal.role is not None and not account.is_superuser:
        values["role"] = principal.role
    if account.auth_provider == principal.provider:
        if principal.full_name:
            values["full_name"] = principal.full_name
        values |= await _address(session, account, principal)
    changed = {name: value for name, value in values.items() if getattr(account, name) != value}
    if changed:
        await queries.update_user(session, account.id, changed)
        if "role" in changed:
            _note(session, "role_followed", account.id, principal, role=changed["role"])
        logger.info("accounts.followed", user_id=account.id, fields=" ".join(sorted(changed)))


async def _address(session: WriteSession, account: User, principal: Principal) -> Mapping[str, Any]:
    """The address that the token tells, unless it is somebody else's here."""
    if not principal.email:
        return {}
    if principal.email.casefold() == account.email.casefold():
        is_first_proof = principal.email_verified and account.email_verified_at is None
        return {"email_verified_at": clock.now()} if is_first_proof else {}
    if await external_queries.owner_of(session, principal.email) is not None:
        logger.info("accounts.address_taken", user_id=account.id, provider=principal.provider)
        return {}
    return {"email": principal.email, "email_verified_at": _proof(principal)}
