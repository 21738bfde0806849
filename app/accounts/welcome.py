"""The one-time link that opens the console on a developer's own machine.

Only `intake dev` makes one, and only an installation that calls itself a development takes one:
whoever can read that terminal could read the password beside it.
"""

import secrets
from datetime import timedelta
from typing import Final

from app.accounts import proof_queries, queries
from app.accounts.devices import UNKNOWN, Device
from app.accounts.errors import AddressTokenInvalid, WelcomeClosed
from app.accounts.identity import Identity
from app.accounts.sessions import Grant, open_session
from app.auth.tokens import token_digest
from app.core.audit import Entry, record
from app.core.db import Database, Scope, WriteSession

LIFE: Final = timedelta(minutes=10)
_PURPOSE: Final = "welcome"


def require_development(environment: str) -> None:
    """Refuse everywhere but in development; `environment` is the setting ENVIRONMENT.

    Raises:
        WelcomeClosed: ENVIRONMENT says something else.
    """
    if environment != "development":
        raise WelcomeClosed


async def make(session: WriteSession, environment: str, *, email: str) -> str | None:
    """A token that opens this account once, within ten minutes; those before it open nothing more.

    None when there is no active account with the address.

    Raises:
        WelcomeClosed: this is no development.
    """
    require_development(environment)
    user_id = await queries.find_id(session, email)
    if user_id is None:
        return None
    await proof_queries.void(session, user_id, _PURPOSE)
    token = secrets.token_urlsafe(32)
    values = {
        "purpose": _PURPOSE,
        "email": email,
        "language": "en",
        "user_id": user_id,
        "token_hash": token_digest(token),
    }
    await proof_queries.insert_proof(session, values, LIFE)
    return token


async def enter(
    database: Database,
    environment: str,
    identity: Identity,
    *,
    token: str,
    device: Device = UNKNOWN,
) -> Grant:
    """Sign in by the token, which opens nothing any more from then on.

    Raises:
        WelcomeClosed: this is no development.
        AddressTokenInvalid: unknown, used, replaced by a newer one, or over.
    """
    require_development(environment)
    digest = token_digest(token)
    async with database.write(Scope.system()) as session:
        holder = await proof_queries.holder(session, _PURPOSE, digest)
        if holder is None or not await proof_queries.use_up(session, _PURPOSE, digest):
            raise AddressTokenInvalid
        act = ("accounts.welcomed", holder.user_id, None)
        record(session, Entry(*act, "user", str(holder.user_id)))
        return await open_session(session, identity, holder.user_id, **device.columns())
