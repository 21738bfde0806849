"""The link that `intake dev` prints: opens the console once, on a developer's own machine."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.accounts import cookies, welcome
from app.accounts.caller import ThisDevice
from app.accounts.deps import ProcessIdentity
from app.accounts.errors import AddressTokenInvalid
from app.console.entering import entered
from app.console.language import speech_for
from app.console.rendering import page
from app.console.routing import console_router
from app.core.limits import limit
from app.core.state import services

router = console_router()


def _environment(request: Request) -> str:
    return services(request).settings.server.environment


@router.get("/welcome")
async def form(request: Request) -> Response:
    """A field for the token; the script fills it from the address's fragment and sends it."""
    welcome.require_development(_environment(request))
    return page(request, "welcome.html.jinja", problem="")


@router.post("/welcome", dependencies=[limit("auth.mailed_token")])
async def enter(
    request: Request,
    identity: ProcessIdentity,
    device: ThisDevice,
    token: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Sign in, once."""
    # Whoever has no script may have copied the whole link.
    token = token.strip().rpartition("#")[2]
    try:
        grant = await welcome.enter(
            services(request).database, _environment(request), identity, token=token, device=device
        )
    except AddressTokenInvalid:
        problem = speech_for(request).say("welcome.over")
        return page(request, "welcome.html.jinja", status=400, problem=problem)
    return entered(request, identity, grant, cookies.PLACE)
