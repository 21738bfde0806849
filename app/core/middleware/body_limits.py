"""Body limits, counted in raw bytes while they stream in, before anything is parsed or stored."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.http_problems import BodyTooLarge
from app.core.middleware.headers import header, media_type
from app.core.problem_answers import render
from app.core.problems import PROBLEM_CODES, Problem

MEGABYTE = 1024 * 1024
JSON_LIMIT = MEGABYTE
# Boundary, part headers and the small fields that travel beside a file.
_FORM_ROOM = 64 * 1024
_LINGER_SECONDS = 1.0


Gate = Callable[[Scope], Awaitable[Problem | None]]


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """The largest multipart body below a path; `code` is the room's own problem for it."""

    prefix: str
    megabytes: int
    code: str = BodyTooLarge.code

    @property
    def size(self) -> int:
        """Bytes on the wire: the file and the form around it."""
        return self.megabytes * MEGABYTE + _FORM_ROOM


class BodyLimits:
    """Refuses on Content-Length at once, else at the byte that is one too many.

    Uploads have their own limit by path prefix; every other body, and any that is not multipart,
    ends at 1 MB. An upload is read as a whole before its route looks at the token, so `gate` is
    asked before: from somebody who is not let in, not one byte is taken.
    """

    def __init__(
        self, app: ASGIApp, *, limits: tuple[BodyLimit, ...], gate: Gate | None = None
    ) -> None:
        self.app = app
        self.gate = gate
        self.limits = tuple(sorted(limits, key=lambda limit: -len(limit.prefix)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        size, limit = self._limit_of(scope)
        meter = _Meter(receive, send, size)
        refusal = await self.gate(scope) if self.gate is not None and limit is not None else None
        if refusal is not None:
            refusal.headers.setdefault("Connection", "close")
            await meter.refuse(refusal, scope)
            return
        declared = header(scope, b"content-length")
        if declared and int(declared) > size:
            meter.is_over = True
        else:
            try:
                await self.app(scope, meter.receive, meter.send)
            except Exception:
                # Whatever the layers inside made of the cut body, the answer is ours.
                if not meter.is_over or meter.has_started:
                    raise
        if meter.is_over and not meter.has_started:
            await meter.refuse(_too_large(limit), scope)

    def _limit_of(self, scope: Scope) -> tuple[int, BodyLimit | None]:
        if media_type(scope).startswith("multipart/"):
            for limit in self.limits:
                if scope["path"].startswith(limit.prefix):
                    return limit.size, limit
        return JSON_LIMIT, None


def _too_large(limit: BodyLimit | None) -> Problem:
    """The room's own problem where it has one; the connection ends either way."""
    headers = {"Connection": "close"}
    if limit is None:
        return BodyTooLarge("The body is larger than 1 MB.", headers=headers)
    kind = PROBLEM_CODES.get(limit.code, BodyTooLarge)
    return kind(f"The file is larger than {limit.megabytes} MB.", headers=headers)


class _Meter:
    """Counts what comes in and holds back what goes out once the limit is passed."""

    def __init__(self, receive: Receive, send: Send, size: int) -> None:
        self._receive = receive
        self._send = send
        self._size = size
        self._read = 0
        self.is_over = False
        self.has_started = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._read += len(message.get("body", b""))
            if self._read > self._size:
                self.is_over = True
                # FastAPI passes its own exception on as it stands and wraps all others.
                raise HTTPException(status_code=413)
        return message

    async def send(self, message: Message) -> None:
        if self.is_over and not self.has_started:
            return
        self.has_started = True
        await self._send(message)

    async def refuse(self, problem: Problem, scope: Scope) -> None:
        """Answer, then read on a little: a reset right away could destroy the answer on its way."""
        answer = render(problem, scope)
        await self._send(
            {
                "type": "http.response.start",
                "status": problem.status,
                "headers": answer.raw_headers,
            }
        )
        await self._send(
            {"type": "http.response.body", "body": bytes(answer.body), "more_body": True}
        )
        await self._linger()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        """Discard a little more, a thirty-second part of the limit, for up to a second."""
        left = self._size // 32
        try:
            async with asyncio.timeout(_LINGER_SECONDS):
                while left > 0:
                    message = await self._receive()
                    if message["type"] != "http.request" or not message.get("more_body", False):
                        return
                    left -= len(message.get("body", b""))
        except TimeoutError:
            return
