"""Both local issuers as one bare ASGI application, with faults and their own switches.

The issuer's name is the address that it was called by, as Keycloak's is without a fixed hostname.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

import pydantic
from cryptography.hazmat.primitives.asymmetric import rsa

from app.dev.issuers.codes import choice
from app.dev.issuers.instance import INSTANCE_PATH, SECRET_KEY, Instance
from app.dev.issuers.keys import SigningKeys
from app.dev.issuers.people import rehearsal_people
from app.dev.issuers.realm import REALM_PATH, Realm, Shape

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Reply = tuple[int, dict[str, Any]]

_OPENID: Final = f"{REALM_PATH}/protocol/openid-connect"
# Where browsers are sent, and the issuer that each belongs to.
_PAGES: Final = {
    f"{_OPENID}/auth": REALM_PATH,
    f"{INSTANCE_PATH}/oauth/authorize": INSTANCE_PATH,
}
_MAX_BODY: Final = 100_000


class Faults(pydantic.BaseModel):
    """What goes wrong on purpose at keys and the users' API; the default is that nothing does."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    status: int = pydantic.Field(default=200, ge=200, le=599)
    """This status instead of an answer."""
    delay_seconds: float = pydantic.Field(default=0.0, ge=0.0, le=600.0)
    body: Literal["right", "garbage", "deep", "endless"] = "right"
    """An answer that is no JSON, nested JSON, or far too long."""


class Dialect(pydantic.BaseModel):
    """How claims look: the shape of Keycloak's organization claim, the version of Clerk's."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    organization: Shape = "list"
    clerk_version: Literal[1, 2] = 2


_WRONG: Final = {
    "garbage": b"<!doctype html><title>Sign in</title>",
    "deep": b"[" * 100_000,
    "endless": b'{"keys": [' + b'"' + b"x" * 1_000_000 + b'"]}',
}


class LocalIssuers:
    """Keycloak's realm and Clerk's instance over HTTP; for one event loop."""

    def __init__(self, *, keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey] | None = None) -> None:
        """`keys` are those that the realm and the instance sign with; made here when not given."""
        first, second = keys or (None, None)
        people = rehearsal_people()
        self.realm = Realm(SigningKeys(first=first), people)
        self.instance = Instance(SigningKeys("ins_", first=second), people)
        self.faults = Faults()
        self.calls: Counter[str] = Counter()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        base = f"http://{headers.get('host', '127.0.0.1')}"
        method, path = scope["method"], scope["path"]
        self.calls[path] += 1
        body = await _body(receive)
        if method == "GET" and path in _PAGES:
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            await self._let_choose(path, query, base, send)
            return
        reply = self._switch(method, path, body) or self._speak(method, path, body, base, headers)
        await self._answer(path, reply, send)

    def _speak(
        self, method: str, path: str, body: bytes, base: str, headers: dict[str, str]
    ) -> Reply:
        realm, instance = base + REALM_PATH, base + INSTANCE_PATH
        form = dict(parse_qsl(body.decode("latin-1")))
        routes: dict[tuple[str, str], Callable[[], Reply]] = {
            ("GET", f"{REALM_PATH}/.well-known/openid-configuration"): lambda: self.realm.discovery(
                realm
            ),
            ("GET", f"{_OPENID}/certs"): lambda: (200, self.realm.keys.key_set()),
            ("POST", f"{_OPENID}/token"): lambda: self.realm.token(form, realm),
            ("POST", f"{INSTANCE_PATH}/oauth/token"): lambda: self.instance.oauth_token(
                form, instance
            ),
            ("GET", f"{INSTANCE_PATH}/.well-known/jwks.json"): lambda: (
                200,
                self.instance.keys.key_set(),
            ),
        }
        route = routes.get((method, path))
        if route is not None:
            return route()
        return self._backend_api(method, path.split("/")[1:], instance, headers)

    def _backend_api(
        self, method: str, parts: list[str], issuer: str, headers: dict[str, str]
    ) -> Reply:
        if parts[0] != "v1":
            return 404, {}
        if headers.get("authorization") != f"Bearer {SECRET_KEY}":
            return 401, {"errors": [{"code": "authentication_invalid"}]}
        match (method, parts[1:]):
            case ("GET", ["users", user_id]):
                return self.instance.user(user_id)
            case ("POST", ["sessions", session, "tokens"]):
                return self.instance.session_token(session, issuer)
            case _:
                return 404, {}

    def _switch(self, method: str, path: str, body: bytes) -> Reply | None:
        """The rehearsal's own switches; None for every other path."""
        if not path.startswith("/_sandbox/"):
            return None
        try:
            return self._switched(method, path.removeprefix("/_sandbox/"), body or b"{}")
        except pydantic.ValidationError as invalid:
            return 422, {"errors": json.loads(invalid.json(include_url=False))}

    def _switched(self, method: str, name: str, body: bytes) -> Reply:
        match (method, name):
            case ("POST", "faults"):
                self.faults = Faults.model_validate_json(body)
                return 200, self.faults.model_dump()
            case ("POST", "dialect"):
                dialect = Dialect.model_validate_json(body)
                self.realm.organization_shape = dialect.organization
                self.instance.version = dialect.clerk_version
                return 200, dialect.model_dump()
            case ("POST", "rotate"):
                return 200, {
                    "keycloak": self.realm.keys.rotate(),
                    "clerk": self.instance.keys.rotate(),
                }
            case ("GET", "calls"):
                return 200, dict(self.calls)
            case _:
                return 404, {}

    async def _answer(self, path: str, reply: Reply, send: Send) -> None:
        status, body = reply[0], json.dumps(reply[1]).encode()
        if not path.startswith("/_sandbox/") and not path.endswith(("/token", "/tokens")):
            await asyncio.sleep(self.faults.delay_seconds)
            if self.faults.status != 200:
                status, body = self.faults.status, b"{}"
            body = _WRONG.get(self.faults.body, body)
        await _send(send, status, body, (b"content-type", b"application/json"))

    async def _let_choose(self, path: str, query: dict[str, str], base: str, send: Send) -> None:
        """The page of a provider, or straight on for whom the address names already."""
        if "login_hint" not in query:
            page = choice(path, query, self.realm.people.values())
            await _send(send, 200, page, (b"content-type", b"text/html; charset=utf-8"))
            return
        side = self.realm if path.startswith(REALM_PATH) else self.instance
        await self._redirect(side.authorize(query, base + _PAGES[path]), send)

    async def _redirect(self, target: str | None, send: Send) -> None:
        if target is None:
            await _send(send, 400, b"{}", (b"content-type", b"application/json"))
            return
        await _send(send, 302, b"", (b"location", target.encode("ascii")))


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body") or len(body) > _MAX_BODY:
            return bytes(body)


async def _send(send: Send, status: int, body: bytes, header: tuple[bytes, bytes]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [header, length]})
    await send({"type": "http.response.body", "body": body})
