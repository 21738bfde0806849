"""Authorization codes of the local issuers: given to a browser, taken once, with PKCE."""

import base64
import hashlib
import html
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from app.dev.issuers.people import Person


@dataclass(frozen=True, slots=True)
class Given:
    """What a grant stands for."""

    person: Person
    scope: str
    nonce: str = ""


@dataclass
class Codes:
    """The codes that have been given and not taken, with the challenge and address of each."""

    _open: dict[str, tuple[Given, str, str]] = field(default_factory=dict)

    def give(
        self, query: Mapping[str, str], people: Mapping[str, Person], issuer: str
    ) -> str | None:
        """The address to go back to with a code for whoever `login_hint` names; None without PKCE."""
        person = people.get(query.get("login_hint", ""))
        is_pkce = query.get("code_challenge_method") == "S256" and query.get("code_challenge")
        if person is None or not is_pkce:
            return None
        code = secrets.token_urlsafe(24)
        given = Given(person, query.get("scope", "openid"), query.get("nonce", ""))
        target = query.get("redirect_uri", "")
        self._open[code] = (given, query["code_challenge"], target)
        answer = {"code": code, "state": query.get("state", ""), "iss": issuer}
        return f"{target}?{urlencode(answer)}"

    def take(self, form: Mapping[str, str]) -> Given | None:
        """What a code stands for; it is gone afterwards, whoever has asked."""
        given, challenge, target = self._open.pop(form.get("code", ""), (None, "", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        is_right = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
        return given if is_right and form.get("redirect_uri", "") == target else None


def choice(path: str, query: Mapping[str, str], people: Iterable[Person]) -> bytes:
    """A page to choose on who one is, in place of a password."""
    links = "".join(
        f'<li><a href="{html.escape(path)}?'
        f'{html.escape(urlencode({**query, "login_hint": one.username}))}">'
        f"{html.escape(f'{one.first_name} {one.last_name}')}</a></li>"
        for one in people
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Local sign-in</title>'
        f"<h1>Who are you?</h1><p>A local stand-in for an identity provider.</p><ul>{links}</ul>"
    ).encode()
