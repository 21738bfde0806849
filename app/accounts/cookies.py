"""The console's session: a cookie that no script can read and that no address but /console sees.

It holds the refresh token of the sign-in, which is never exchanged there: the sign-in's own end
(leaving, a revocation, a new password, thirty days) ends the cookie with it. The API reads no cookie
at all, so no other site can make a browser act there.
"""

from datetime import datetime
from typing import Final

from fastapi import Request, Response

from app.accounts.identity import Identity
from app.accounts.sessions import Grant
from app.auth.principal import LOCAL, Principal
from app.core import clock
from app.core.state import services

PLACE: Final = "/console"
SESSION: Final = "intake_session"


def is_read_on(request: Request) -> bool:
    """Whether cookies count on this address."""
    path: str = request.scope["path"]
    return path == PLACE or path.startswith(f"{PLACE}/")


def principal_of(request: Request, identity: Identity) -> Principal | None:
    """The bearer of the request's cookie; None without one, or elsewhere than in the console.

    Raises:
        TokenExpired: its time is over.
        TokenInvalid: anything else is wrong with it.
    """
    value = request.cookies.get(SESSION) if is_read_on(request) else None
    if not value:
        return None
    token = identity.tokens.read_refresh(value)
    return Principal(
        provider=LOCAL,
        subject=str(token.user_id),
        session=str(token.family_id),
        expires_at=int(token.expires_at.timestamp()),
    )


def keep(request: Request, answer: Response, grant: Grant, until: datetime) -> None:
    """Put the sign-in into the browser, for this site's own pages only."""
    seconds = max(0, int((until - clock.now()).total_seconds()))
    set_cookie(request, answer, SESSION, grant.refresh_token, seconds)


def set_cookie(request: Request, answer: Response, name: str, value: str, seconds: int) -> None:
    """A cookie of the console's; over HTTPS only where the server is meant for it."""
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=PLACE,
        secure=services(request).settings.server.environment == "production",
        httponly=True,
        samesite="lax",
    )


def forget(answer: Response, name: str = SESSION) -> None:
    """Take a cookie out of the browser."""
    answer.delete_cookie(name, path=PLACE, httponly=True, samesite="lax")
