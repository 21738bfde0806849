"""Signing in at an identity provider's own page, and coming back with a code.

What the browser must bring back (state, nonce, the PKCE verifier and where to go on to) waits in a
sealed cookie that no script reads and that ten minutes end: nothing is stored here, and a callback
in any other browser finds nothing to go with.
"""

import hmac
import json
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.accounts import cookies, external
from app.accounts.caller import ThisDevice
from app.accounts.deps import ProcessIdentity
from app.accounts.errors import AccountDisabled
from app.auth.code_flow import Client, Secrets, address, clients, exchange
from app.auth.errors import IssuerAway, SignInRefused, TokenInvalid
from app.console.entering import LEFT, entered, place_after, sign_in_page
from app.console.language import speech_for
from app.console.routing import SIGN_IN, console_router
from app.core.clock import now
from app.core.crypto import KeyRing, SealBroken
from app.core.dependencies import in_the_loop
from app.core.limits import limit
from app.core.problems import NotFound, Problem
from app.core.state import services

router = console_router()
COOKIE: Final = "intake_sign_in"
_LIFE_SECONDS: Final = 600
_PURPOSE: Final = "console.sign_in"
_Text = Annotated[str, Query(max_length=4000)]


_WORDS: Final[dict[type[Problem], str]] = {
    SignInRefused: "refused",
    TokenInvalid: "refused",
    IssuerAway: "away",
    AccountDisabled: "disabled",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the provider sends back with the browser."""

    code: _Text = ""
    state: _Text = ""
    iss: _Text = ""
    error: _Text = ""


def _client(request: Request, provider: str) -> Client:
    found = clients(services(request).settings).get(provider)
    if found is None:
        raise NotFound
    return found


def _redirect_uri(request: Request, provider: str) -> str:
    """Ours as the provider knows it: by PUBLIC_URL, else as the browser has called us.

    The provider sends people to addresses that were registered with it, and nowhere else.
    """
    base = services(request).settings.server.public_url or str(request.base_url)
    return f"{base.rstrip('/')}{SIGN_IN}/{provider}/callback"


@router.get("/sign-in/{provider}")
async def begin(request: Request, provider: str, next: _Text = "") -> Response:  # noqa: A002 - the address's own word.
    """Send the browser to the provider."""
    client, own = _client(request, provider), Secrets.fresh()
    kept = {
        "state": own.state,
        "nonce": own.nonce,
        "verifier": own.verifier,
        "after": place_after(next),
        "until": now().timestamp() + _LIFE_SECONDS,
    }
    again = LEFT in request.cookies
    to = address(client, own, _redirect_uri(request, provider), again=again)
    answer = RedirectResponse(to, status_code=303, headers={"Cache-Control": "no-store"})
    sealed = _ring(request).seal(json.dumps(kept).encode(), purpose=_PURPOSE, bound_to=[provider])
    cookies.set_cookie(request, answer, COOKIE, sealed, _LIFE_SECONDS)
    return answer


def _ring(request: Request) -> KeyRing:
    return KeyRing.from_settings(services(request).settings)


def _kept(request: Request, provider: str) -> dict[str, Any]:
    """What this browser was given when it left for the provider.

    Raises:
        SignInRefused: nothing, or too long ago.
    """
    try:
        sealed = request.cookies.get(COOKIE, "")
        opened = _ring(request).open(sealed, purpose=_PURPOSE, bound_to=[provider])
    except SealBroken:
        raise SignInRefused from None
    kept: dict[str, Any] = json.loads(opened)
    if kept["until"] < now().timestamp():
        raise SignInRefused
    return kept


def _own(client: Client, kept: dict[str, Any], told: Told) -> Secrets:
    """The secrets of this sign-in, once it is clear that the answer belongs to it.

    Raises:
        SignInRefused: it answers another one, or another provider sent it (RFC 9207).
    """
    is_ours = hmac.compare_digest(told.state.encode(), kept["state"].encode())
    if not is_ours or not told.code or (told.iss or client.issuer) != client.issuer:
        raise SignInRefused
    return Secrets(kept["state"], kept["nonce"], kept["verifier"])


@router.get("/sign-in/{provider}/callback", dependencies=[limit("auth.mailed_token")])
async def come_back(
    request: Request,
    provider: str,
    identity: ProcessIdentity,
    device: ThisDevice,
    told: Annotated[Told, Depends(in_the_loop(Told))],
) -> Response:
    """Sign in who comes back with a code of this browser's own sign-in."""
    client = _client(request, provider)
    try:
        kept = _kept(request, provider)
        own = _own(client, kept, told)
        here = services(request)
        answered = await exchange(
            here.http,
            client,
            own,
            code=told.code,
            redirect_uri=_redirect_uri(request, provider),
        )
        token, person = await identity.issuers.read_signed_in(client, answered, own.nonce)
        grant = await external.exchange(here.database, identity, token, person, device)
    except tuple(_WORDS) as problem:
        why = "denied" if told.error else _WORDS[type(problem)]
        answer = sign_in_page(
            request,
            after=cookies.PLACE,
            problem=speech_for(request).say(f"sign_in.{why}"),
            status=problem.status,
        )
    else:
        answer = entered(request, identity, grant, kept["after"])
        cookies.forget(answer, LEFT)
    cookies.forget(answer, COOKIE)
    return answer
