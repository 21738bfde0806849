"""The local payer as a bare ASGI application: tokens, the summary, faults, and its own switches."""

import asyncio
import json
import random
import secrets
import time
import urllib.parse
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import pydantic

from app.dev.payer.book import Books
from app.dev.payer.desk import Desk, Reply
from app.dev.payer.example import DEMO_TIN, example_claims
from app.dev.payer.faults import Faults
from app.dev.payer.questions import payer_today
from app.dev.payer.tally import Tally
from app.dev.payer.wire import error

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SUMMARY_PATH: Final = "/Claims/api/claim/summary/byprovider/v2.0"
_TOKEN: Final = "/v1/oauthtoken"  # noqa: S105 -- a path
_JSON: Final = (b"content-type", b"application/json")
_HTML: Final = (b"content-type", b"text/html; charset=utf-8")
_PAGE: Final = b"<!doctype html><title>Service unavailable</title><p>Please try again later."
_SPOILERS: Final = (
    "share_500",
    "share_429",
    "share_hang",
    "share_drop",
    "share_bad_json",
    "share_html",
    "share_wrong_key",
    "share_missing_claims",
)


@dataclass(frozen=True, slots=True)
class PayerOptions:
    """Who may ask, and how large the books are."""

    client_id: str = "sandbox"
    client_secret: str = "sandbox-secret"  # noqa: S105 -- opens nothing but this rehearsal
    seed: int = 1
    claims: int = 10_000
    days: int = 600


class NewBook(pydantic.BaseModel):
    """POST /_sandbox/books: a book of another size for one TIN."""

    model_config = pydantic.ConfigDict(extra="forbid")

    tin: str = pydantic.Field(pattern=r"^[0-9]{9}$")
    claims: int = pydantic.Field(ge=1, le=5_000_000)
    days: int = pydantic.Field(default=600, ge=1, le=729)
    seed: int | None = None


class LocalPayer:
    """Speaks UnitedHealthcare's wire format over HTTP; for one event loop."""

    def __init__(
        self, options: PayerOptions | None = None, *, faults: Faults | None = None
    ) -> None:
        self.options = options or PayerOptions()
        self.faults = faults or Faults()
        self.tally = Tally()
        today = payer_today()
        self.books = Books(
            seed=self.options.seed,
            claims=self.options.claims,
            days=self.options.days,
            today=today,
            extras={DEMO_TIN: example_claims(today)},
        )
        self.desk = Desk(self.books, self.tally)
        self._tokens: dict[bytes, float] = {}
        self._dice = random.Random(self.options.seed)
        self._refused_once = False

    def play(self, faults: Faults) -> None:
        """Put other faults in place of the present ones."""
        self.faults = faults
        self._refused_once = False

    def reset(self) -> None:
        """Behave, and count from nothing; tokens and books stay."""
        self.play(Faults())
        self.tally = self.desk.tally = Tally()
        self.desk.forget()

    def revoke_tokens(self) -> None:
        """Let every token that was given end now."""
        self._tokens.clear()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path == SUMMARY_PATH and scope["method"] == "GET":
            await self._summary(dict(scope["headers"]), receive, send)
            return
        status, body = self._other(scope["method"], path, await _body(receive))
        await _send(send, status, body)

    def _other(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        routes: dict[tuple[str, str], Callable[[bytes], tuple[int, bytes]]] = {
            ("POST", _TOKEN): self._token,
            ("GET", "/_sandbox/calls"): lambda _: (200, _dump(self.tally.report())),
            ("GET", "/_sandbox/faults"): lambda _: (200, self.faults.model_dump_json().encode()),
            ("POST", "/_sandbox/faults"): self._switch,
            ("POST", "/_sandbox/reset"): self._reset,
            ("POST", "/_sandbox/books"): self._write_book,
        }
        route = routes.get((method, path))
        if route is None:
            return 404, error("NOT_FOUND", "There is nothing here")
        try:
            return route(body)
        except pydantic.ValidationError as invalid:
            return 422, invalid.json(include_url=False).encode()

    def _switch(self, body: bytes) -> tuple[int, bytes]:
        self.play(Faults.model_validate_json(body or b"{}"))
        return 200, self.faults.model_dump_json().encode()

    def _reset(self, _: bytes) -> tuple[int, bytes]:
        self.reset()
        return 200, b"{}"

    def _write_book(self, body: bytes) -> tuple[int, bytes]:
        book = NewBook.model_validate_json(body)
        self.books.write(book.tin, claims=book.claims, days=book.days, seed=book.seed)
        return 200, book.model_dump_json().encode()

    def _token(self, body: bytes) -> tuple[int, bytes]:
        self.tally.token_calls += 1
        if self.faults.token_status != 200:
            return self.faults.token_status, error("TOKEN", "No token now")
        wanted = {
            "grant_type": "client_credentials",
            "client_id": self.options.client_id,
            "client_secret": self.options.client_secret,
        }
        if {key: _fields(body).get(key) for key in wanted} != wanted:
            return 401, error("INVALID_CLIENT", "Unknown client")
        token = secrets.token_urlsafe(32)
        seconds = self.faults.token_seconds
        self._tokens[f"Bearer {token}".encode()] = time.monotonic() + seconds
        return 200, _dump({"access_token": token, "token_type": "Bearer", "expires_in": seconds})

    async def _summary(self, headers: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        tally, status = self.tally, 0
        tally.begin()
        try:
            faults = self._present_faults()
            if faults.latency_ms or faults.latency_jitter_ms:
                jitter = self._dice.random() * faults.latency_jitter_ms
                await asyncio.sleep((faults.latency_ms + jitter) / 1000)
            spoiler = self._spoiler(faults)
            if spoiler == "share_hang":
                await _hang(receive, faults.hang_seconds)
                return
            reply, extra = self._spoilt(headers, faults, spoiler)
            status = reply.status
            await _send(send, status, reply.body, extra, drop=spoiler == "share_drop")
        finally:
            tally.end(status)

    def _present_faults(self) -> Faults:
        until = self.faults.first_calls
        return self.faults if until is None or self.tally.calls <= until else Faults()

    def _spoiler(self, faults: Faults) -> str | None:
        for name in _SPOILERS:
            share: float = getattr(faults, name)
            if share and self._dice.random() < share:
                return name
        return None

    def _spoilt(
        self, headers: dict[bytes, bytes], faults: Faults, spoiler: str | None
    ) -> tuple[Reply, tuple[tuple[bytes, bytes], ...]]:
        if spoiler == "share_500":
            return Reply(500, error("INTERNAL", "Internal failure")), (_JSON,)
        if spoiler == "share_429":
            after = faults.retry_after
            wait = () if after is None else ((b"retry-after", str(after).encode()),)
            return Reply(429, error("TOO_MANY_REQUESTS", "Slow down")), (_JSON, *wait)
        if spoiler == "share_html":
            return Reply(200, _PAGE), (_HTML,)
        if not self._let_in(headers, faults):
            return Reply(401, error("UNAUTHORIZED", "Token missing or invalid")), (_JSON,)
        key = {"share_wrong_key": "claimsSummaryInfo", "share_missing_claims": None}
        reply = self.desk.answer(headers, faults, key.get(spoiler or "", "claims"))
        if spoiler == "share_bad_json":
            reply = Reply(200, reply.body[:-1])
        request_id = (b"x-request-id", f"local-{self.tally.calls}".encode())
        return reply, (_JSON, request_id)

    def _let_in(self, headers: dict[bytes, bytes], faults: Faults) -> bool:
        if faults.unauthorized == "always":
            return False
        if faults.unauthorized == "once" and not self._refused_once:
            self._refused_once = True
            return False
        until = self._tokens.get(headers.get(b"authorization", b""), 0.0)
        return time.monotonic() < until


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body") or len(body) > 1_000_000:
            return bytes(body)


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a form, or of a JSON object: which one the real payer wants is not certain."""
    try:
        fields = json.loads(body) if body[:1] == b"{" else None
    except ValueError:
        return {}
    if isinstance(fields, dict):
        return {name: str(value) for name, value in fields.items()}
    return dict(urllib.parse.parse_qsl(body.decode("latin-1")))


async def _hang(receive: Receive, seconds: float) -> None:
    """Say nothing until the caller has gone."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


async def _send(
    send: Send,
    status: int,
    body: bytes,
    headers: Iterable[tuple[bytes, bytes]] = (_JSON,),
    *,
    drop: bool = False,
) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    part = body[: len(body) // 2] if drop else body
    await send({"type": "http.response.body", "body": part, "more_body": drop})


def _dump(value: object) -> bytes:
    return json.dumps(value).encode()
