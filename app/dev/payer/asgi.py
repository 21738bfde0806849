"""The local payer as a bare ASGI application: tokens, both wire formats, faults, its switches."""

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pydantic

from app.dev.payer import optum, uhc
from app.dev.payer.book import Books
from app.dev.payer.desk import Desk, Reply
from app.dev.payer.example import DEMO_TIN, example_claims
from app.dev.payer.faults import Faults
from app.dev.payer.http import (
    HTML,
    JSON,
    PAGE,
    Message,
    Receive,
    Send,
    dump,
    fields,
    hang,
    read_body,
    reply,
)
from app.dev.payer.questions import payer_today
from app.dev.payer.tally import Tally
from app.dev.payer.wire import error

SUMMARY_PATH: Final = "/Claims/api/claim/summary/byprovider/v2.0"
CLAIM_NUMBER_PATH: Final = "/Claims/api/claim/summary/byclaimnumber/v2.0"
"""The real one is not public; this is where the local payer has its own."""
DETAIL_PATH: Final = "/Claims/api/claim/detail/v2.0"
PAYMENT_PATH: Final = "/Claims/api/claim/payment/v2.0"
OPTUM_PATH: Final = "/oihub/claim/inquiry/v1"
_TOKEN: Final = "/v1/oauthtoken"  # noqa: S105 -- a path
_OPTUM_TOKEN: Final = "/apip/auth/sntl/v1/token"  # noqa: S105 -- a path
Headers = dict[bytes, bytes]
Answer = Callable[[Headers, bytes, Faults, str | None], Reply]
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
_UNSPOILT: Final = {
    **dict.fromkeys(_SPOILERS, 0.0),
    **dict.fromkeys(("latency_ms", "latency_jitter_ms"), 0.0),
    "error_code": None,
    "nonsense_amounts": False,
    "optum_partial": False,
}


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
        self._questions = self._answers()
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
        method, path = scope["method"], scope["path"]
        answer = self._questions.get((method, path))
        if answer is not None:
            body = await read_body(receive) if method == "POST" else b""
            await self._played(answer, dict(scope["headers"]), body, receive, send)
            return
        status, made = self._other(method, path, await read_body(receive))
        await reply(send, status, made)

    def _answers(self) -> dict[tuple[str, str], "_Asked"]:
        desk = self.desk

        def search(headers: Headers, _: bytes, faults: Faults, key: str | None) -> Reply:
            return uhc.search(desk, headers, faults, key=key)

        def details(headers: Headers, _: bytes, faults: Faults, __: str | None) -> Reply:
            return uhc.claim_details(desk, headers, faults)

        def payments(headers: Headers, _: bytes, faults: Faults, __: str | None) -> Reply:
            return uhc.claim_payments(desk, headers, faults)

        def claims(headers: Headers, body: bytes, faults: Faults, key: str | None) -> Reply:
            return optum.search(desk, headers, body, faults, key=key)

        return {
            ("GET", SUMMARY_PATH): _Asked(search),
            ("GET", CLAIM_NUMBER_PATH): _Asked(search),
            ("GET", DETAIL_PATH): _Asked(details, is_search=False),
            ("GET", PAYMENT_PATH): _Asked(payments, is_search=False),
            ("POST", OPTUM_PATH): _Asked(claims, is_optum=True),
        }

    def _other(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        routes: dict[tuple[str, str], Callable[[bytes], tuple[int, bytes]]] = {
            ("POST", _TOKEN): self._token,
            ("POST", _OPTUM_TOKEN): self._token,
            ("GET", "/_sandbox/calls"): lambda _: (200, dump(self.tally.report())),
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
        if {key: fields(body).get(key) for key in wanted} != wanted:
            return 401, error("INVALID_CLIENT", "Unknown client")
        token = secrets.token_urlsafe(32)
        seconds = self.faults.token_seconds
        self._tokens[f"Bearer {token}".encode()] = time.monotonic() + seconds
        return 200, dump({"access_token": token, "token_type": "Bearer", "expires_in": seconds})

    async def _played(
        self, asked: "_Asked", headers: Headers, body: bytes, receive: Receive, send: Send
    ) -> None:
        tally, status = self.tally, 0
        is_search = asked.is_search and b"claimDetailedInformation" not in body
        tally.begin(is_search=is_search)
        try:
            faults = self._present_faults("searches" if is_search else "claims")
            if faults.latency_ms or faults.latency_jitter_ms:
                jitter = self._dice.random() * faults.latency_jitter_ms
                await asyncio.sleep((faults.latency_ms + jitter) / 1000)
            spoiler = self._spoiler(faults)
            if spoiler == "share_hang":
                await hang(receive, faults.hang_seconds)
                return
            made, extra = self._spoilt(asked, headers, body, faults, spoiler)
            status = made.status
            await reply(send, status, made.body, extra, drop=spoiler == "share_drop")
        finally:
            tally.end(status)

    def _present_faults(self, kind: str) -> Faults:
        faults, until = self.faults, self.faults.first_calls
        if until is not None and self.tally.calls + self.tally.claim_calls > until:
            return Faults()
        return faults if faults.spoil in ("all", kind) else faults.model_copy(update=_UNSPOILT)

    def _spoiler(self, faults: Faults) -> str | None:
        for name in _SPOILERS:
            share: float = getattr(faults, name)
            if share and self._dice.random() < share:
                return name
        return None

    def _spoilt(
        self, asked: "_Asked", headers: Headers, body: bytes, faults: Faults, spoiler: str | None
    ) -> tuple[Reply, tuple[tuple[bytes, bytes], ...]]:
        refuse = optum.rest_error if asked.is_optum else _refusal
        if spoiler == "share_500":
            name = "INTERNAL_SERVER_ERROR" if asked.is_optum else "INTERNAL"
            return refuse(500, name, "Internal failure"), (JSON,)
        if spoiler == "share_429":
            after = faults.retry_after
            wait = () if after is None else ((b"retry-after", str(after).encode()),)
            return refuse(429, "TOO_MANY_REQUESTS", "Slow down"), (JSON, *wait)
        if spoiler == "share_html":
            return Reply(200, PAGE), (HTML,)
        if not self._let_in(headers, faults):
            if asked.is_optum and faults.optum_errors == "graphql":
                return optum.graphql_error("UNAUTHENTICATED"), (JSON,)
            code = "AUTH_FAILURE" if asked.is_optum else "UNAUTHORIZED"
            return refuse(401, code, "Invalid or expired token"), (JSON,)
        key = {"share_wrong_key": "claimsSummaryInfo", "share_missing_claims": None}
        made = asked.answer(headers, body, faults, key.get(spoiler or "", "claims"))
        if spoiler == "share_bad_json":
            made = Reply(200, made.body[:-1])
        request_id = (b"x-request-id", f"local-{self.tally.calls}".encode())
        return made, (JSON, request_id)

    def _let_in(self, headers: dict[bytes, bytes], faults: Faults) -> bool:
        if faults.unauthorized == "always":
            return False
        if faults.unauthorized == "once" and not self._refused_once:
            self._refused_once = True
            return False
        until = self._tokens.get(headers.get(b"authorization", b""), 0.0)
        return time.monotonic() < until


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for at one address."""

    answer: Answer
    is_search: bool = True
    is_optum: bool = False


def _refusal(status: int, code: str, message: str) -> Reply:
    return Reply(status, error(code, message), code)
