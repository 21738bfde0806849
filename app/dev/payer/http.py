"""What a bare ASGI application needs to read a request and to answer it, rightly or badly."""

import asyncio
import json
import urllib.parse
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON: Final = (b"content-type", b"application/json")
HTML: Final = (b"content-type", b"text/html; charset=utf-8")
PAGE: Final = b"<!doctype html><title>Service unavailable</title><p>Please try again later."


async def read_body(receive: Receive) -> bytes:
    """The whole body, of a megabyte at most."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body") or len(body) > 1_000_000:
            return bytes(body)


def fields(body: bytes) -> dict[str, str]:
    """The fields of a form, or of a JSON object: which one the real payer wants is not certain."""
    try:
        found = json.loads(body) if body[:1] == b"{" else None
    except ValueError:
        return {}
    if isinstance(found, dict):
        return {name: str(value) for name, value in found.items()}
    return dict(urllib.parse.parse_qsl(body.decode("latin-1")))


async def hang(receive: Receive, seconds: float) -> None:
    """Say nothing until the caller has gone."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


async def reply(
    send: Send,
    status: int,
    body: bytes,
    headers: Iterable[tuple[bytes, bytes]] = (JSON,),
    *,
    drop: bool = False,
) -> None:
    """Send an answer; with `drop` the connection ends in the middle of it."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    part = body[: len(body) // 2] if drop else body
    await send({"type": "http.response.body", "body": part, "more_body": drop})


def dump(value: object) -> bytes:
    """JSON."""
    return json.dumps(value).encode()
