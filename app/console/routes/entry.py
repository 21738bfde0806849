"""Coming and going: sign-in, leaving, the organization and the language that somebody chooses."""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Request, Response

from app.accounts import cookies, sessions
from app.accounts.attempts import Attempt
from app.accounts.caller import ThisDevice
from app.accounts.deps import CurrentUser, ProcessIdentity
from app.accounts.errors import CredentialsInvalid
from app.console.entering import LEFT, entered, place_after, sign_in_page
from app.console.frame import TheFrame
from app.console.language import COOKIE, speech_for
from app.console.rendering import page
from app.console.routing import SIGN_IN, console_router, redirect
from app.core.db import Scope
from app.core.http_problems import TooManyRequests
from app.core.state import services
from app.mail.languages import LANGUAGES
from app.organizations import service as organizations
from app.organizations.deps import CHOSEN

router = console_router()
_A_YEAR = 365 * 86_400
_A_MONTH = 30 * 86_400


def _form(request: Request, *, after: str, email: str = "", problem: str = "") -> Response:
    status = 401 if problem else 200
    return sign_in_page(request, after=after, email=email, problem=problem, status=status)


@router.get("/sign-in")
async def sign_in_form(request: Request, next: str = "") -> Response:  # noqa: A002 - the address's own word.
    """The form."""
    return _form(request, after=place_after(next))


@router.post("/sign-in")
async def sign_in(
    request: Request,
    identity: ProcessIdentity,
    device: ThisDevice,
    email: Annotated[str, Form(max_length=320)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    after: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Check the password, under the same limits as the API's sign-in."""
    email, after = email.strip(), place_after(after)
    say = speech_for(request).say
    try:
        attempt = await Attempt.begin(request, email)
    except TooManyRequests as refused:
        wait = refused.headers.get("Retry-After", "60")
        return _form(request, after=after, email=email, problem=say("sign_in.wait", seconds=wait))
    try:
        grant = await sessions.sign_in(
            services(request).database, identity, email=email, password=password, device=device
        )
    except CredentialsInvalid:
        await attempt.failed()
        return _form(request, after=after, email=email, problem=say("sign_in.wrong"))
    return entered(request, identity, grant, after)


@router.post("/sign-out")
async def sign_out(request: Request, identity: ProcessIdentity) -> Response:
    """End the sign-in; leaving never fails."""
    token = request.cookies.get(cookies.SESSION)
    await sessions.sign_out(services(request).database, identity, access=None, refresh=token)
    answer = redirect(request, SIGN_IN)
    cookies.forget(answer)
    cookies.forget(answer, CHOSEN)
    cookies.set_cookie(request, answer, LEFT, "1", _A_MONTH)
    return answer


@router.get("/organization")
async def organization_form(request: Request, frame: TheFrame, text: str = "") -> Response:
    """The organizations to choose from: one's own, for a superuser all."""
    user = frame.person
    own = None if user.is_superuser else [one.organization_id for one in user.affiliations]
    scope = Scope.system() if user.is_superuser else Scope.person(user.id)
    async with services(request).database.read(scope) as session:
        found = await organizations.browse(session, among=own, text=text)
    return page(
        request, "organization.html.jinja", frame=frame, here="", organizations=found, text=text
    )


@router.post("/organization")
async def choose_organization(
    request: Request, user: CurrentUser, organization_id: Annotated[UUID, Form()]
) -> Response:
    """Act in another organization from now on; whether one may is asked at every page."""
    del user
    answer = redirect(request, cookies.PLACE)
    cookies.set_cookie(request, answer, CHOSEN, str(organization_id), _A_MONTH)
    return answer


@router.post("/language")
async def choose_language(
    request: Request,
    language: Annotated[str, Form(max_length=10)],
    after: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Speak another language from now on."""
    answer = redirect(request, place_after(after))
    if language in LANGUAGES:
        cookies.set_cookie(request, answer, COOKIE, language, _A_YEAR)
    return answer
