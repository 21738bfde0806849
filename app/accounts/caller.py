"""What a request tells about whoever sends it, before anybody has signed in."""

from typing import Annotated

from fastapi import Depends, Request

from app.accounts.devices import Device, describe
from app.accounts.letters import Letters
from app.core.limits import coarse_network
from app.core.state import services
from app.mail.languages import Language, negotiate


async def device_of(request: Request) -> Device:
    """From where, and with what, this request was sent."""
    return describe(request.headers.get("user-agent"), coarse_network(request))


async def language_of(request: Request) -> Language:
    """The language that mails to this caller are written in."""
    return negotiate(request.headers.get("accept-language"))


async def letters_of(request: Request) -> Letters:
    """Who writes the mails of this process, made at their first use."""
    state = request.app.state
    known: Letters | None = getattr(state, "letters", None)
    if known is None:
        known = state.letters = Letters.from_settings(services(request).settings)
    return known


ThisDevice = Annotated[Device, Depends(device_of)]
CallerLanguage = Annotated[Language, Depends(language_of)]
TheLetters = Annotated[Letters, Depends(letters_of)]
