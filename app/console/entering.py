"""How every way into the console begins and ends: the page with the ways, the cookie, the place."""

from typing import Final

from fastapi import Request, Response

from app.accounts import cookies
from app.accounts.identity import Identity
from app.accounts.sessions import Grant
from app.auth.code_flow import clients
from app.console.rendering import page
from app.console.routing import SIGN_IN, redirect
from app.core.state import services
from app.organizations.deps import CHOSEN

LEFT: Final = "intake_left"
"""The cookie of a browser that somebody has left: the next one has to prove who they are, also to
an identity provider that still knows the former one."""


def place_after(wanted: str) -> str:
    """Where to go on to: an address of the console, never one of another site."""
    is_ours = wanted == cookies.PLACE or wanted.startswith(
        (f"{cookies.PLACE}/", f"{cookies.PLACE}?")
    )
    is_plain = "\\" not in wanted and not wanted.startswith(SIGN_IN)
    return wanted if is_ours and is_plain else cookies.PLACE


def sign_in_page(
    request: Request, *, after: str, email: str = "", problem: str = "", status: int = 200
) -> Response:
    """The form for a password, and a way to each identity provider that is set up."""
    return page(
        request,
        "sign_in.html.jinja",
        status=status,
        after=after,
        email=email,
        problem=problem,
        providers=tuple(clients(services(request).settings)),
    )


def entered(request: Request, identity: Identity, grant: Grant, after: str) -> Response:
    """The answer to somebody who has proved who they are; they choose their organization anew."""
    answer = redirect(request, after)
    until = identity.tokens.read_refresh(grant.refresh_token).expires_at
    cookies.keep(request, answer, grant, until)
    cookies.forget(answer, CHOSEN)
    return answer
