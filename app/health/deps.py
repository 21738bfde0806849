"""The one pulse of an application."""

from typing import Annotated

from fastapi import Depends
from starlette.datastructures import State
from starlette.requests import Request

from app.auth.issuers import Issuers
from app.auth.jwks import KeyState
from app.core.state import services
from app.health import service
from app.health.readings import Pulse


async def pulse_of(request: Request) -> Pulse:
    """The application's pulse, made when first asked for."""
    state = request.app.state
    if not hasattr(state, "pulse"):
        state.pulse = Pulse(services(request))
    pulse: Pulse = state.pulse
    return pulse


async def is_ready(state: State) -> bool:
    """Whether requests may be sent to an application that has just started, as /readyz says."""
    if not hasattr(state, "pulse"):
        state.pulse = Pulse(state.services)
    found = await service.ready(state.pulse, state.services)
    return found.status == "ready"


async def end_pulse(state: State) -> None:
    """End the pulse of an application that is about to stop, if it was ever asked for."""
    pulse: Pulse | None = getattr(state, "pulse", None)
    if pulse is not None:
        await pulse.end()


ThePulse = Annotated[Pulse, Depends(pulse_of)]


async def key_states(request: Request) -> list[KeyState]:
    """How the keys of the identity providers are in this process."""
    issuers: Issuers = request.app.state.issuers
    return issuers.states()


KeyStates = Annotated[list[KeyState], Depends(key_states)]
