"""Reads JSON bodies strictly before FastAPI does: the lenient parser never sees a bad one."""

import json
from typing import Any

from pydantic_core import from_json
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.http_problems import MalformedBody
from app.core.middleware.headers import media_type
from app.core.problem_answers import MOST_ERRORS, invalid
from app.core.problems import FieldError
from app.core.text import faults, pointer_part


class _DuplicateName(ValueError):
    def __init__(self, name: str) -> None:
        self.name = name


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    known = dict(pairs)
    if len(known) != len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateName(next(name for name in known if names.count(name) > 1))
    return known


def check_json(body: bytes) -> None:
    """Refuse what RFC 8259 forbids, and what two parsers could read in two ways.

    Raises:
        MalformedBody: no JSON in UTF-8, or nested too deep.
        InvalidRequest: JSON with a name twice in an object (the last would win silently), with
            control characters or lone surrogates in text, or with numbers that no column holds.
    """
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise MalformedBody("The body is not JSON in UTF-8 (RFC 8259).") from None
    found = list(faults(value))[:MOST_ERRORS]
    if found:
        raise invalid(found)
    if body.count(b":") > 1:
        try:
            json.loads(body, object_pairs_hook=_unique)
        except _DuplicateName as error:
            place = f"/{pointer_part(error.name)}"
            message = "The name stands twice in one object"
            raise invalid([FieldError(place, "json.duplicate_name", message)]) from None


def _is_json(scope: Scope) -> bool:
    declared = media_type(scope)
    return declared == "application/json" or (
        declared.startswith("application/") and declared.endswith("+json")
    )


class JsonBodies:
    """Holds a JSON body (the limit around it is 1 MB) until it is known to be good."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or not _is_json(scope):
            await self.app(scope, receive, send)
            return
        body = await _read(receive)
        if body:
            check_json(body)
        is_given = False

        async def replay() -> Message:
            nonlocal is_given
            if is_given:
                return await receive()
            is_given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, replay, send)


async def _read(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)
