"""How every way into the console ends: the cookie is set, and one goes on to where one wanted."""

from fastapi import Request, Response

from app.accounts import cookies
from app.accounts.identity import Identity
from app.accounts.sessions import Grant
from app.console.routing import redirect
from app.organizations.deps import CHOSEN


def entered(request: Request, identity: Identity, grant: Grant, after: str) -> Response:
    """The answer to somebody who has proved who they are; they choose their organization anew."""
    answer = redirect(request, after)
    until = identity.tokens.read_refresh(grant.refresh_token).expires_at
    cookies.keep(request, answer, grant, until)
    cookies.forget(answer, CHOSEN)
    return answer
