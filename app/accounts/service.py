"""What can be done with accounts and profiles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError, ProgrammingError

from app.accounts import proofs, queries, trail
from app.accounts.devices import UNKNOWN, Device
from app.accounts.errors import EmailTaken, LastAdmin
from app.accounts.identity import Identity, SignedIn
from app.accounts.letters import Letters
from app.accounts.models import User, UserCard
from app.accounts.new_passwords import require_strong
from app.accounts.sessions import Grant, open_session
from app.auth.passwords import Passwords
from app.core import clock
from app.core.db import Database, DatabaseAway, DatabaseBusy, ReadSession, Scope, WriteSession
from app.core.log import logger
from app.core.pages import PageQuery, Slice, paginate
from app.core.problems import Forbidden, NotFound
from app.core.settings import Settings
from app.mail.languages import USUAL, Language


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who registers, and with what."""

    email: str
    password: str = field(repr=False)
    full_name: str
    language: Language = USUAL
    device: Device = UNKNOWN


async def register(
    database: Database, identity: Identity, letters: Letters, newcomer: Newcomer
) -> Grant:
    """Make an account, a candidate without an organization, and sign it in.

    Raises:
        PasswordWeak: too short, too long or too common.
        EmailTaken: there is an account with this address.
    """
    hashed = await hash_for(identity, newcomer)
    async with database.write(Scope.system()) as session:
        user_id = await admit(session, newcomer, hashed)
        await proofs.ask_for_proof(session, letters, user_id=user_id, language=newcomer.language)
        return await open_session(session, identity, user_id, **newcomer.device.columns())


async def hash_for(identity: Identity, newcomer: Newcomer) -> str:
    """The hash of a newcomer's password; to be made while no transaction is open.

    Raises:
        PasswordWeak: too short, too long or too common.
    """
    require_strong(newcomer.password, email=newcomer.email, full_name=newcomer.full_name)
    return await identity.passwords.hash(newcomer.password)


async def admit(
    session: WriteSession, newcomer: Newcomer, password_hash: str, **values: Any
) -> UUID:
    """Add an account with a password; `values` are further columns of it.

    Raises:
        EmailTaken: there is an account with this address.
    """
    row = {
        "email": newcomer.email,
        "full_name": newcomer.full_name,
        "password_hash": password_hash,
        **values,
    }
    user_id = await queries.insert_user(session, row)
    if user_id is None:
        raise EmailTaken
    await trail.note(session, "accounts.registered", user_id, by=user_id)
    logger.info("accounts.registered", user_id=user_id)
    return user_id


async def browse(session: ReadSession, *, reader: SignedIn, query: PageQuery) -> Slice[UserCard]:
    """The users that `reader` may manage, newest first.

    Raises:
        Forbidden: the reader is no admin.
    """
    is_admin = reader.role == "admin" and reader.organization_id is not None
    if not reader.is_superuser and not is_admin:
        raise Forbidden
    organization_id = None if reader.is_superuser else reader.organization_id
    statement = queries.everybody(organization_id)
    return await paginate(
        session, statement, keys=[(UserCard.id, "desc")], query=query, tenant=organization_id
    )


async def get(session: ReadSession, *, reader: SignedIn, user_id: UUID) -> UserCard:
    """A user, for themselves and for those who manage them.

    Raises:
        NotFound: there is none, or it is nobody's business of the reader.
    """
    cards = await queries.cards(session, user_id)
    own = next((card for card in cards if card.organization_id == reader.organization_id), None)
    card = own or (cards[0] if cards else None)
    if card is None or not (card.id == reader.id or _manages(reader, card)):
        raise NotFound
    return card


def _manages(reader: SignedIn, card: UserCard) -> bool:
    if reader.is_superuser:
        return True
    is_colleague = card.organization_id is not None
    return is_colleague and (reader.role, reader.organization_id) == ("admin", card.organization_id)


async def get_locked(session: WriteSession, *, reader: SignedIn, user_id: UUID) -> UserCard:
    """As `get`, with the user's row held until the transaction ends."""
    await queries.lock_user(session, user_id)
    return await get(session, reader=reader, user_id=user_id)


async def update(
    session: WriteSession,
    identity: Identity,
    *,
    reader: SignedIn,
    card: UserCard,
    changes: Mapping[str, Any],
) -> UserCard:
    """Change role, is_active or full_name of a user that `get_locked` has given.

    Raises:
        Forbidden: role and is_active are changed by an admin, not on oneself when that would
            lock oneself out, and never on a superuser by anyone less.
        LastAdmin: the organization would be left without one.
    """
    if "role" in changes or "is_active" in changes:
        _require_authority(reader, card, changes)
    role = changes.get("role")
    values = {name: changes[name] for name in ("full_name", "is_active") if name in changes}
    if role is not None and card.organization_id is None:
        values["role"] = role
    elif role is not None and card.organization_id is not None and role != card.role:
        await _change_member_role(session, card.organization_id, card.id, role)
    if values:
        await queries.update_user(session, card.id, values)
    if changes.get("is_active") is False:
        await queries.end_families(session, reason="disabled", now=clock.now(), user_id=card.id)
    identity.forget_after(session, card.id)
    trail.changed(session, by=reader.id, before=card, changes=changes)
    logger.info("accounts.updated", user_id=card.id, by=reader.id, fields=" ".join(changes))
    return await get(session, reader=reader, user_id=card.id)


def _require_authority(reader: SignedIn, card: UserCard, changes: Mapping[str, Any]) -> None:
    outranked = card.is_superuser and not reader.is_superuser
    locks_self_out = card.id == reader.id and changes.get("is_active") is False
    if not _manages(reader, card) or outranked or locks_self_out:
        raise Forbidden


async def _change_member_role(
    session: WriteSession, organization_id: UUID, user_id: UUID, role: str
) -> None:
    try:
        await queries.update_member_role(session, organization_id, user_id, role)
    except IntegrityError as error:
        raise_if_last_admin(error)
        raise


def raise_if_last_admin(error: IntegrityError) -> None:
    """Turn the refusal of the memberships' trigger into its problem.

    Raises:
        LastAdmin: that is what the database refused.
    """
    cause = getattr(error.orig, "__cause__", None)
    if getattr(cause, "constraint_name", None) == "memberships_keep_an_admin":
        raise LastAdmin from None


async def profile(session: ReadSession, *, user_id: UUID) -> User:
    """The user's own row with the profile.

    Raises:
        NotFound: the account was removed a moment ago.
    """
    user = await queries.profile(session, user_id)
    if user is None:
        raise NotFound
    return user


async def update_profile(
    session: WriteSession, identity: Identity, *, user_id: UUID, values: Mapping[str, Any]
) -> User:
    """Replace columns of the caller's profile."""
    await queries.update_user(session, user_id, values)
    identity.forget_after(session, user_id)
    return await profile(session, user_id=user_id)


async def lock(session: WriteSession, user_id: UUID) -> None:
    """Hold the user's row until the transaction ends, so that memberships of one user queue up."""
    await queries.lock_user(session, user_id)


async def mark_proved(session: WriteSession, user_id: UUID) -> None:
    """Note that the owner of the account has shown to read its mailbox."""
    await queries.update_user(session, user_id, {"email_verified_at": clock.now()})


async def is_taken(session: ReadSession, email: str) -> bool:
    """Whether an account has this address, a disabled one included."""
    return await queries.credentials(session, email) is not None


async def find_id(session: ReadSession, email: str) -> UUID | None:
    """The active account with this address, whatever its case."""
    return await queries.find_id(session, email)


async def ensure_superuser(session: WriteSession, *, email: str, password: str) -> bool:
    """Make the superuser unless the address is taken; True when made.

    An account that exists is left as it is: somebody else may have registered it.
    """
    if await queries.find_id(session, email) is not None:
        return False
    values = {
        "email": email,
        "full_name": "Superuser",
        "password_hash": await Passwords().hash(password),
        "is_superuser": True,
        "role": "admin",
    }
    user_id = await queries.insert_user(session, values)
    if user_id is not None:
        await trail.note(session, "accounts.superuser_made", user_id, by=None)
        logger.info("accounts.superuser_made", user_id=user_id)
    return user_id is not None


async def ensure_superuser_from(settings: Settings, database: Database) -> None:
    """At start: make the superuser that SUPERUSER_EMAIL and SUPERUSER_PASSWORD name, if any."""
    email = settings.auth.superuser_email
    password = settings.auth.superuser_password.get_secret_value()
    if not email or not password:
        return
    try:
        async with database.write(Scope.system()) as session:
            await ensure_superuser(session, email=email, password=password)
    except (DatabaseAway, DatabaseBusy, ProgrammingError) as error:
        # A process without its database or schema still starts: it answers /livez and /health.
        logger.error("accounts.superuser_not_made", error=type(error).__name__)
