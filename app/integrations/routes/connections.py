"""Connecting accounts over HTTP."""

from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from app.accounts.deps import account_key
from app.core.limits import limit
from app.core.log import logger
from app.core.openapi import problems
from app.core.problems import Problem
from app.integrations.deps import NamedProvider, OwnerToForget, ProviderOwner, TheBench
from app.integrations.engine.providers import Provider
from app.integrations.engine.states import is_for_console
from app.integrations.errors import NotConfigured, ProviderUnknown
from app.integrations.schemas import ConsentOut, StandingOut, StatusOut
from app.integrations.service import connecting, ending
from app.integrations.service import status as standings
from app.integrations.service.bench import Bench
from app.integrations.service.connecting import Refused, Return
from app.organizations.deps import SignedInViewer
from app.organizations.errors import OrganizationAmbiguous, OrganizationRequired

router = APIRouter(prefix="/integrations", tags=["integrations"])
_INSIDE = (OrganizationRequired, OrganizationAmbiguous)
_MOST = 4_096
Sent = Annotated[str | None, Query()]


@router.get("/status")
async def status(viewer: SignedInViewer, bench: TheBench, response: Response) -> StatusOut:
    """What is connected; 200 for everybody who is signed in, whatever else is wrong."""
    found = await standings.look(bench, viewer.organization_id, viewer.person.id)
    response.headers["Cache-Control"] = "no-store"
    return StatusOut.model_validate(
        {name: StandingOut.model_validate(asdict(one)) for name, one in found.items()}
    )


@router.get(
    "/{provider}/auth-url",  # noqa: FAST003 - a dependency reads it.
    dependencies=[limit("integrations.connect", key=account_key)],
    responses=problems(ProviderUnknown, NotConfigured, *_INSIDE),
)
async def auth_url(owner: ProviderOwner, bench: TheBench, response: Response) -> ConsentOut:
    """A consent page; open it in the browser, it comes back within ten minutes."""
    consent = await connecting.begin(bench, owner)
    response.headers["Cache-Control"] = "no-store"
    return ConsentOut.model_validate(
        {"auth_url": consent.url, "state": consent.state, "provider": owner.provider}
    )


@router.get(
    "/{provider}/callback",
    status_code=302,
    response_class=RedirectResponse,
    responses=problems(ProviderUnknown),
)
async def callback(
    provider: NamedProvider,
    bench: TheBench,
    state: Sent = None,
    code: Sent = None,
    error: Sent = None,
) -> RedirectResponse:
    """Where the provider sends the browser back to; it is sent on to where it was begun."""
    back = Return(*((text or "")[:_MOST] for text in (state, code, error)))
    error = await _outcome(bench, provider, back)
    return _sent_on(_place(bench, back.state), provider, error)


async def _outcome(bench: Bench, provider: Provider, back: Return) -> str:
    """Empty when the account is connected, else why it is not."""
    try:
        await connecting.finish(bench, provider, back)
    except Refused as refusal:
        logger.info("integrations.refused", provider=provider.name, why=refusal.reason)
        return refusal.reason
    except Problem as problem:
        logger.warning("integrations.callback_failed", provider=provider.name, why=problem.code)
        return "unavailable"
    return ""


def _place(bench: Bench, state: str) -> str:
    """The frontend's page, or the console's for who began there."""
    if is_for_console(state):
        return "/console/integrations"
    return f"{bench.settings.server.frontend_url.rstrip('/')}/dashboard/integrations"


def _sent_on(place: str, provider: Provider, error: str) -> RedirectResponse:
    query = {"provider": provider.word, "success": "false" if error else "true"}
    if error:
        query["error"] = error
    return RedirectResponse(
        f"{place}?{urlencode(query)}",
        status_code=302,
        # The address of this page holds the code.
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )


@router.delete(
    "/{provider}/disconnect",  # noqa: FAST003 - a dependency reads it.
    status_code=204,
    responses=problems(ProviderUnknown, *_INSIDE),
)
async def disconnect(owner: OwnerToForget, bench: TheBench) -> None:
    """End your connection, here and at the provider."""
    await ending.disconnect(bench, owner)
