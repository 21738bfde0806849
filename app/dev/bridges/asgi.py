"""LinkedIn, Google and Microsoft as one bare ASGI application, with a consent page to click on.

Each provider stands below its own path, which is its host as far as Intake is concerned.
"""

import asyncio
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from app.dev.bridges import google, linkedin, microsoft
from app.dev.bridges.google import LocalGoogle
from app.dev.bridges.grants import CLIENT_ID, CLIENT_SECRET, Grants, Habits
from app.dev.bridges.linkedin import LocalLinkedin
from app.dev.bridges.microsoft import LocalGraph
from app.dev.bridges.wire import Answered, Asked
from app.dev.payer.http import HTML, JSON, Message, Receive, Send, read_body, reply

_GOOGLE: Final = "https://www.googleapis.com/auth"


@dataclass
class Fault:
    """What a path answers instead, so many times."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    after: bool = False
    """Whether the request is done all the same, and only its answer is lost."""
    delay_seconds: float = 0.0


@dataclass
class Place:
    """One provider: where it lets people in, what it gives, what it can."""

    authorize: str
    token: str
    revoke: str
    grants: Grants
    api: LocalLinkedin | LocalGoogle | LocalGraph
    refused: Answered

    def variables(self, name: str, base: str) -> dict[str, str]:
        """Intake's settings that lead here."""
        return {
            f"{name}_CLIENT_ID": CLIENT_ID,
            f"{name}_CLIENT_SECRET": CLIENT_SECRET,
            f"{name}_AUTH_URL": f"{base}{self.authorize}",
            f"{name}_TOKEN_URL": f"{base}{self.token}",
            f"{name}_API_URL": base,
        }


def _linkedin() -> Place:
    scopes = {"openid", "profile", "email", "w_member_social"}
    pages = {"w_organization_social", "rw_organization_admin"}
    habits = Habits(
        frozenset(scopes | pages),
        takes_pkce=False,
        gives_refresh=False,
        access_seconds=5_184_000,
        over="invalid_request",
        scope_separator=",",
    )
    token, revoke = "/oauth/v2/accessToken", "/oauth/v2/revoke"
    grants = Grants(habits)
    return Place(
        "/oauth/v2/authorization", token, revoke, grants, LocalLinkedin(), linkedin.refused()
    )


def _google() -> Place:
    calendar = {f"{_GOOGLE}/calendar.events", f"{_GOOGLE}/calendar.freebusy"}
    grants = Grants(Habits(frozenset({"openid", "email"} | calendar)))
    return Place("/o/oauth2/v2/auth", "/token", "/revoke", grants, LocalGoogle(), google.refused())


def _microsoft() -> Place:
    scopes = frozenset({"offline_access", "openid", "email", "User.Read", "Calendars.ReadWrite"})
    grants = Grants(Habits(scopes, repeats_refresh=True))
    base = "/common/oauth2/v2.0"
    return Place(
        f"{base}/authorize",
        f"{base}/token",
        "/no-revocation",
        grants,
        LocalGraph(),
        microsoft.refused(),
    )


class LocalProviders:
    """For one event loop."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew: nothing granted, nothing kept, nothing wrong."""
        self.places = {"linkedin": _linkedin(), "google": _google(), "microsoft": _microsoft()}
        self.faults: dict[str, Fault] = {}
        self.asked: list[Asked] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        _, name, *rest = scope["path"].split("/")
        body = await read_body(receive)
        asked = Asked(scope["method"], "/" + "/".join(rest), query, headers, body)
        self.asked.append(Asked(asked.method, scope["path"], query, headers, body))
        if name == "_sandbox":
            await _send(send, self._switch(asked))
            return
        place = self.places.get(name)
        await _send(send, Answered(404) if place is None else await self._meet(name, place, asked))

    async def _meet(self, name: str, place: Place, asked: Asked) -> Answered:
        fault = self._fault(f"/{name}{asked.path}")
        if fault is None:
            return _speak(place, asked)
        await asyncio.sleep(fault.delay_seconds)
        if fault.after:
            _speak(place, asked)
        return Answered(fault.status, fault.body, fault.headers)

    def _fault(self, path: str) -> Fault | None:
        fault = self.faults.get(path)
        if fault is None:
            return None
        fault.times -= 1
        if fault.times <= 0:
            del self.faults[path]
        return fault

    def _switch(self, asked: Asked) -> Answered:
        """The rehearsal's own switches."""
        if (asked.method, asked.path) == ("POST", "/faults"):
            wish = asked.json
            self.faults[str(wish.pop("path"))] = Fault(**wish)
            return Answered(200, {})
        if (asked.method, asked.path) == ("POST", "/forget"):
            for place in self.places.values():
                place.grants.forget()
            return Answered(200, {})
        return Answered(404)


def _speak(place: Place, asked: Asked) -> Answered:
    if asked.path == place.authorize:
        return _consent(place, asked)
    form = dict(parse_qsl(asked.body.decode("latin-1")))
    if asked.path == place.token:
        return Answered(*place.grants.token(form))
    if asked.path == place.revoke:
        return Answered(*place.grants.revoke(form))
    scopes = place.grants.scopes_of(asked.headers)
    # The address of an upload is a secret of its own.
    if scopes is None and not asked.path.startswith("/upload/"):
        return place.refused
    return place.api.answer(asked, scopes or frozenset())


def _consent(place: Place, asked: Asked) -> Answered:
    """The page, and where its two buttons lead."""
    query = dict(asked.query)
    decision = query.pop("decision", "")
    wrong = place.grants.question(query)
    if wrong:
        return Answered(400, f"<!doctype html><title>Refused</title><p>{wrong}")
    if not decision:
        return Answered(200, _page(query))
    answer = {"state": query["state"]}
    if decision == "approve":
        answer["code"] = place.grants.approve(query)
    else:
        answer |= {"error": "access_denied", "error_description": "The person said no."}
    return Answered(302, None, {"location": f"{query['redirect_uri']}?{urlencode(answer)}"})


def _page(query: Mapping[str, str]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in query.items()
    )
    scopes = "".join(f"<li>{html.escape(one)}" for one in query["scope"].split())
    return (
        '<!doctype html><html lang="en"><title>Local consent</title>'
        "<h1>Intake asks for access</h1><p>This is a stand-in on your own machine.</p>"
        f"<ul>{scopes}</ul><form>{hidden}"
        '<button name="decision" value="approve">Approve</button> '
        '<button name="decision" value="deny">Deny</button></form>'
    )


async def _send(send: Send, answer: Answered) -> None:
    is_page = isinstance(answer.body, str)
    body = answer.body.encode() if is_page else json.dumps(answer.body).encode()
    if answer.body is None:
        body = b""
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await reply(send, answer.status, body, (HTML if is_page else JSON, *headers))
