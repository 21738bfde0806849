"""What a new password must be, and how a signed-in person sets one."""

from dataclasses import dataclass, field

from app.accounts import families, queries
from app.accounts.errors import PasswordElsewhere, PasswordWeak, PasswordWrong
from app.accounts.identity import Identity, SignedIn
from app.accounts.letters import Letters, Reader
from app.auth.strength import password_fault
from app.core import clock
from app.core.audit import Entry, record
from app.core.db import Database, ReadSession, Scope
from app.core.log import logger
from app.core.problems import FieldError
from app.mail.languages import Language

_FAULTS = {
    "password.too_short": "Must have 12 characters or more",
    "password.too_long": "Must have 256 characters or fewer",
    "password.too_common": "Is among the passwords that are guessed first",
}


def require_strong(password: str, *, email: str, full_name: str, field: str = "password") -> None:
    """Refuse what is guessed first, a person's own name and address included.

    Raises:
        PasswordWeak: too short, too long or too common; it points at `field`.
    """
    personal = (email.partition("@")[0], *full_name.split())
    fault = password_fault(password, personal=personal)
    if fault is not None:
        error = FieldError(f"/{field}", fault, _FAULTS[fault])
        raise PasswordWeak(f"{field}: {error.message}", errors=[error])


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """What somebody says who changes their own password."""

    current: str = field(repr=False)
    password: str = field(repr=False)
    language: Language


async def change(
    database: Database,
    identity: Identity,
    letters: Letters,
    *,
    user: SignedIn,
    wanted: PasswordChange,
) -> None:
    """Set a new password and end every other sign-in; no transaction is open while hashing.

    Raises:
        PasswordElsewhere: the account signs in through a provider.
        PasswordWrong: the current one is not right, or was replaced a moment ago.
        PasswordWeak: the new one is too short, too long or too common.
    """
    async with database.read(Scope.person(user.id)) as session:
        stored = await _stored(session, user)
    if not await identity.passwords.matches(wanted.current, stored):
        raise _wrong()
    require_strong(
        wanted.password, email=user.email, full_name=user.full_name, field="new_password"
    )
    hashed = await identity.passwords.hash(wanted.password)
    async with database.write(Scope.person(user.id)) as session:
        await queries.lock_user(session, user.id)
        if await _stored(session, user) != stored:
            raise _wrong()
        await queries.update_user(session, user.id, {"password_hash": hashed})
        await families.end_others(session, identity, user=user, reason="password_changed")
        act = ("accounts.password_changed", user.id, user.organization_id)
        record(session, Entry(*act, "user", str(user.id)))
        reader = Reader(user.email, wanted.language)
        when = f"{clock.now():%Y-%m-%d %H:%M}"
        await letters.tell(session, reader, "password_changed", {"when": when})
    logger.info("accounts.password_changed", user_id=user.id)


async def _stored(session: ReadSession, user: SignedIn) -> str:
    row = await queries.profile(session, user.id)
    if row is None or row.password_hash is None:
        raise PasswordElsewhere
    return row.password_hash


def _wrong() -> PasswordWrong:
    error = FieldError("/current_password", PasswordWrong.code, "Is not the current one")
    return PasswordWrong(errors=[error])
