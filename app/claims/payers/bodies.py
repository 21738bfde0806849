"""Answers' bodies, read strictly; and what may be kept of one that was refused."""

import hashlib
import re
from typing import Any, Final

import pydantic
import pydantic_core

from app.claims.payers.port import FaultFacts
from app.core.http import Answer

NUL: Final = b"\\u0000"
"""Legal in JSON, and PostgreSQL cannot store it; no claim has a use for one."""

_REQUEST_ID_HEADERS: Final = (
    "x-request-id",
    "x-correlation-id",
    "x-optum-consumer-correlation-id",
    "optum-cid-ext",
)
_PLAIN_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}", re.ASCII)


class Strict(pydantic.BaseModel):
    """Keys beyond those that are read are tolerated; a missing one or a wrong type is not."""

    model_config = pydantic.ConfigDict(strict=True, extra="ignore", frozen=True)


def decode(answer: Answer) -> Any:
    """The body's JSON; None for what is none."""
    if NUL in answer.body:
        return None
    try:
        return pydantic_core.from_json(answer.body, allow_inf_nan=False)
    except ValueError:
        return None


def facts(answer: Answer, body: Any = None, code: str | None = None) -> FaultFacts:
    """What may be kept of an answer that was refused: its digest and its keys, no value."""
    keys = sorted(body) if isinstance(body, dict) else ()
    return FaultFacts(
        payer_code=code if code and _PLAIN_WORD.fullmatch(code) else None,
        http_status=answer.status,
        request_id=request_id(answer),
        body_sha256=hashlib.sha256(answer.body).hexdigest(),
        body_keys=tuple(key for key in keys if _PLAIN_WORD.fullmatch(key))[:20],
    )


def request_id(answer: Answer) -> str | None:
    """The payer's own id of the call, by which its support finds it."""
    for name in _REQUEST_ID_HEADERS:
        value = answer.headers.get(name, "")
        if value.isascii() and value.isprintable() and 0 < len(value) <= 100:
            return value
    return None


def plain(text: str | None) -> str | None:
    """Without white space around it; None for nothing."""
    return (text or "").strip() or None
