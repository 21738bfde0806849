"""One's own accounts at LinkedIn, Google and Microsoft: connected, looked after, ended."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.accounts.deps import account_key
from app.console import integrations as view
from app.console.frame import TheFrame
from app.console.language import speech_for
from app.console.rendering import page
from app.console.routing import console_router, redirect
from app.core.dependencies import in_the_loop
from app.core.limits import limit
from app.core.schema import OptionalLine
from app.integrations.deps import NamedProvider, TheBench, owner_in
from app.integrations.service import connecting, ending, lately, status
from app.integrations.service.setups import setups
from app.organizations.deps import CurrentMember, TenantRead

router = console_router()
PLACE = "/console/integrations"


@dataclass(frozen=True, slots=True)
class Told:
    """What the address says of what was just done: the provider's redirect, or our own."""

    provider: Annotated[OptionalLine, Query()] = ""
    success: Literal["true", "false", ""] = ""
    error: Annotated[OptionalLine, Query()] = ""
    ended: bool = False


@router.get("/integrations")
async def browse(
    request: Request,
    member: CurrentMember,
    frame: TheFrame,
    session: TenantRead,
    bench: TheBench,
    told: Annotated[Told, Depends(in_the_loop(Told))],
) -> Response:
    """A card for each provider; nobody outside is asked."""
    found = await status.look(bench, member.organization_id, member.user_id)
    speech, cards = speech_for(request), []
    for setup in setups(bench.settings):
        said = ("", False)
        if told.provider == setup.word and told.error:
            said = (view.in_words(speech, told.error), True)
        elif told.provider == setup.word and (told.ended or told.success == "true"):
            said = (speech.say(f"integrations.{'ended' if told.ended else 'connected'}"), False)
        deeds = await lately.look(session, owner_in(member, setup.name))
        cards.append(view.Card(setup, found[setup.name], deeds, *said))
    return page(
        request,
        "integrations.html.jinja",
        frame=frame,
        here="integrations",
        cards=cards,
        tones=view.TONES,
        in_words=lambda code: view.in_words(speech, code),
    )


@router.get(
    "/integrations/{provider}/connect",
    dependencies=[limit("integrations.connect", key=account_key)],
)
async def connect(provider: NamedProvider, member: CurrentMember, bench: TheBench) -> Response:
    """Go to the provider's consent page; it comes back to this page.

    A link and no form: browsers let no form of ours lead to another site.
    """
    consent = await connecting.begin(bench, owner_in(member, provider.name), for_console=True)
    return RedirectResponse(consent.url, status_code=303, headers={"Cache-Control": "no-store"})


@router.post("/integrations/{provider}/disconnect")
async def disconnect(
    request: Request, provider: NamedProvider, member: CurrentMember, bench: TheBench
) -> Response:
    """End the connection, here and at the provider; what is ended already stays so."""
    await ending.disconnect(bench, owner_in(member, provider.name))
    return redirect(request, f"{PLACE}?provider={provider.word}&ended=true")
