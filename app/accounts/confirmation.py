"""Is it really the person, and not just their open browser: asked before what cannot be undone."""

from datetime import UTC, datetime, timedelta
from typing import Final

from app.accounts import queries
from app.accounts.errors import PasswordWrong, SignInAgain
from app.accounts.identity import Identity, SignedIn
from app.auth.principal import LOCAL, Principal
from app.core import clock
from app.core.db import Database, ReadSession, Scope
from app.core.problems import FieldError, Forbidden

FRESH: Final = timedelta(minutes=10)


async def require_person(
    database: Database,
    identity: Identity,
    *,
    user: SignedIn,
    principal: Principal,
    password: str | None,
) -> None:
    """Ask for the password; of an account without one, for a sign-in of the last ten minutes.

    No transaction is open while the hash is computed.

    Raises:
        Forbidden: somebody acts for the person.
        PasswordWrong: the account has a password, and it is another or was not sent.
        SignInAgain: the account has none, and the sign-in is older.
    """
    if user.impersonated_by is not None:
        raise Forbidden("Nobody does this for somebody else.")
    async with database.read(Scope.person(user.id)) as session:
        row = await queries.profile(session, user.id)
        stored = None if row is None else row.password_hash
        signed_in_at = await _signed_in_at(session, user, principal)
    if stored is None:
        if signed_in_at is None or clock.now() - signed_in_at > FRESH:
            raise SignInAgain
        return
    if password is None or not await identity.passwords.matches(password, stored):
        error = FieldError("/current_password", PasswordWrong.code, "Is not the current one")
        raise PasswordWrong(errors=[error])


async def _signed_in_at(
    session: ReadSession, user: SignedIn, principal: Principal
) -> datetime | None:
    if principal.provider != LOCAL:
        return datetime.fromtimestamp(principal.authenticated_at, UTC)
    if user.session is None:
        return None
    family = await queries.live_family(session, user.session, user.id, clock.now())
    return None if family is None else family.created_at
