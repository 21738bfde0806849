"""Tokens by mail: a forgotten password is replaced, an address is proved.

Whether an address has an account is told to nobody: the request stores what was asked, whatever it
is, and a worker finds the account afterwards.
"""

import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from app.accounts import proof_queries, queries
from app.accounts.errors import AddressTokenInvalid
from app.accounts.identity import Identity
from app.accounts.letters import Letters, Reader, Token
from app.accounts.models import AddressProof, User
from app.accounts.new_passwords import require_strong
from app.auth.tokens import token_digest
from app.core import clock
from app.core.audit import Entry, record
from app.core.db import Database, Scope, WriteSession
from app.core.log import logger
from app.mail.languages import Language, known_or_usual
from app.worker.doorbell import ring

ANSWER: Final = "accounts.answer_requests"
RESET: Final = "password_reset"
VERIFICATION: Final = "email_verification"
RESET_LIFE: Final = timedelta(hours=1)
VERIFICATION_LIFE: Final = timedelta(hours=48)
# An account's mailbox is not to be flooded; the newest token stays good meanwhile.
MOST_AN_HOUR: Final = 5
_MOST_AT_ONCE: Final = 20
_PROVIDERS: Final = {"clerk": "Clerk", "keycloak": "Keycloak"}


async def request_reset(session: WriteSession, *, email: str, language: Language) -> None:
    """Note that somebody asks for a new password; the same work for every address."""
    values = {"purpose": RESET, "email": email, "language": language}
    proof_id = await proof_queries.insert_proof(session, values, RESET_LIFE)
    ring(session, ANSWER, proof_id=proof_id)


async def answer(session: WriteSession, letters: Letters) -> bool:
    """Answer the requests that wait longest; True when there may be more."""
    requests = await proof_queries.take_requests(session, _MOST_AT_ONCE)
    for request in requests:
        owner = await proof_queries.owner(session, request.email)
        if owner is None:
            await session.delete(request)
            logger.info("accounts.reset_for_nobody", proof_id=request.id)
        else:
            await _answer(session, letters, request, owner)
    return len(requests) == _MOST_AT_ONCE


async def _answer(
    session: WriteSession, letters: Letters, request: AddressProof, owner: User
) -> None:
    recent = await proof_queries.count_recent(session, owner.id, RESET)
    # What was asked may differ from the account's address in case.
    request.user_id, request.email = owner.id, owner.email
    if recent >= MOST_AN_HOUR:
        logger.info("accounts.reset_not_mailed", user_id=owner.id)
        return
    reader = Reader(owner.email, known_or_usual(request.language))
    if owner.password_hash is None and owner.auth_provider != "local":
        provider = _PROVIDERS.get(owner.auth_provider, owner.auth_provider)
        await letters.tell(session, reader, "password_elsewhere", {"provider": provider})
        return
    await proof_queries.void(session, owner.id, RESET)
    token = secrets.token_urlsafe(32)
    request.token_hash = token_digest(token)
    request.expires_at = clock.now() + RESET_LIFE
    minutes = str(int(RESET_LIFE.total_seconds() // 60))
    link = Token(token, "reset-password", RESET_LIFE)
    await letters.hand_token(session, reader, "password_reset", {"minutes": minutes}, token=link)
    _note(session, "password_reset_mailed", owner.id, by=None)
    logger.info("accounts.reset_mailed", user_id=owner.id)


async def reset_password(
    database: Database, identity: Identity, letters: Letters, *, token: str, password: str
) -> None:
    """Set a new password by a mailed token, and end every sign-in of the account.

    No transaction is open while the hash is computed. A weak password does not use the token up.

    Raises:
        AddressTokenInvalid: unknown, used, replaced by a newer one, or over.
        PasswordWeak: too short, too long or too common.
    """
    digest = token_digest(token)
    async with database.read(Scope.system()) as session:
        holder = await proof_queries.holder(session, RESET, digest)
    if holder is None:
        raise AddressTokenInvalid
    require_strong(password, email=holder.email, full_name=holder.full_name, field="new_password")
    hashed = await identity.passwords.hash(password)
    async with database.write(Scope.system()) as session:
        await queries.lock_user(session, holder.user_id)
        if not await proof_queries.use_up(session, RESET, digest):
            raise AddressTokenInvalid
        now = clock.now()
        # Whoever reads the mailbox has proved the address.
        values = {"password_hash": hashed, "email_verified_at": now}
        await queries.update_user(session, holder.user_id, values)
        await queries.end_families(session, reason=RESET, now=now, user_id=holder.user_id)
        await letters.tell(
            session,
            Reader(holder.email, known_or_usual(holder.language)),
            "password_changed",
            {"when": f"{now:%Y-%m-%d %H:%M}"},
        )
        _note(session, "password_reset", holder.user_id, by=holder.user_id)
        identity.forget_after(session, holder.user_id)
    logger.info("accounts.password_reset", user_id=holder.user_id)


async def ask_for_proof(
    session: WriteSession, letters: Letters, *, user_id: UUID, language: Language
) -> None:
    """Mail a link by which the account's owner proves the address; nothing when it is proved."""
    user = await queries.profile(session, user_id)
    if user is None or not user.email or user.email_verified_at is not None:
        return
    if await proof_queries.count_recent(session, user_id, VERIFICATION) >= MOST_AN_HOUR:
        logger.info("accounts.verification_not_mailed", user_id=user_id)
        return
    await proof_queries.void(session, user_id, VERIFICATION)
    token = secrets.token_urlsafe(32)
    values = {
        "purpose": VERIFICATION,
        "email": user.email,
        "language": language,
        "user_id": user_id,
        "token_hash": token_digest(token),
    }
    await proof_queries.insert_proof(session, values, VERIFICATION_LIFE)
    hours = str(int(VERIFICATION_LIFE.total_seconds() // 3600))
    await letters.hand_token(
        session,
        Reader(user.email, language),
        "email_verification",
        {"hours": hours, "full_name": user.full_name},
        token=Token(token, "verify-email", VERIFICATION_LIFE),
    )


async def prove_address(session: WriteSession, *, token: str) -> UUID:
    """Note that the account's owner has the mailbox; gives the account.

    Raises:
        AddressTokenInvalid: unknown, used, replaced by a newer one, or over.
    """
    digest = token_digest(token)
    holder = await proof_queries.holder(session, VERIFICATION, digest)
    if holder is None or not await proof_queries.use_up(session, VERIFICATION, digest):
        raise AddressTokenInvalid
    await queries.update_user(session, holder.user_id, {"email_verified_at": clock.now()})
    _note(session, "address_proved", holder.user_id, by=holder.user_id)
    logger.info("accounts.address_proved", user_id=holder.user_id)
    return holder.user_id


def _note(session: WriteSession, verb: str, user_id: UUID, *, by: UUID | None) -> None:
    record(session, Entry(f"accounts.{verb}", by, None, "user", str(user_id)))


async def purge(session: WriteSession) -> int:
    """Remove requests and tokens that are over; returns how many."""
    return await proof_queries.purge(session)
