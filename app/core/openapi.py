"""The OpenAPI document: FastAPI's own, completed and put in order once.

What is added centrally: a problem answer for every way a route can fail, binary upload fields,
event streams in the words of OpenAPI 3.1, an example for every body, sorted keys.
"""

import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Header
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import SecretStr
from starlette.routing import BaseRoute

from app.core.db import DatabaseAway, DatabaseBusy
from app.core.http_problems import (
    BodyTooLarge,
    CursorInvalid,
    Internal,
    InvalidRequest,
    KeyInProgress,
    KeyMalformed,
    KeyReused,
    MalformedBody,
    PreconditionFailed,
    TooManyRequests,
    UnsupportedMediaType,
)
from app.core.openapi_examples import example_of
from app.core.openapi_names import shortened
from app.core.problem_answers import MEDIA_TYPE
from app.core.problems import PROBLEM_CODES, Forbidden, NotFound, Problem, Unauthorized
from app.core.settings import (
    AuthSettings,
    DatabaseSettings,
    RedisSettings,
    ServerSettings,
    Settings,
)

API_VERSION = "1.0.0"
# What a bearer of an identity provider's token may be told on any route.
_OF_PROVIDERS = frozenset({"auth.account_disabled", "auth.provider_unavailable"})
_OF_HEADERS = {
    "idempotency-key": {KeyInProgress.code, KeyMalformed.code, KeyReused.code},
    "if-match": {PreconditionFailed.code},
    # Said by a room above this one.
    "x-organization": {"organization.required", "organization.ambiguous"},
}
_METHODS = frozenset({"get", "put", "post", "delete", "patch"})
_FIELD_ERROR = {
    "type": "object",
    "required": ["pointer", "code", "message"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) to the place"},
        "code": {"type": "string", "description": "Stable word for the rule that was broken"},
        "message": {"type": "string", "description": "One sentence for people"},
    },
}
_PROBLEM = {
    "type": "object",
    "description": "Why a request failed (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "instance", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Explains the code"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, in one readable string"},
        "code": {"type": "string", "description": "Stable word, room.reason"},
        "instance": {"type": "string", "description": "The path that was asked"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
    },
}

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=257,
        json_schema_extra={"pattern": "^[!-~]{1,255}$"},
        description="Sent again with the same body, the first answer is given again for a day",
    ),
]
"""Declared by routes that use `idempotency.run_once`, so that the document names the header."""
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="ETag of the version that the change was made to"),
]
"""Declared by routes that use `etags.require_match`."""


def operation_id(route: APIRoute) -> str:
    """`tag_verb`: routes are named by their verb, so that the two read as words."""
    tag = str(route.tags[0]) if route.tags else "root"
    return f"{tag}_{route.name}".replace("-", "_").replace(" ", "_")


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """`responses=problems(FileEmpty, NoHeader)`: what a route can answer beside success.

    The common ones (sign-in, limits, validation, unforeseen failures) are added by themselves.
    """
    by_status: dict[int, set[str]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, set()).add(kind.code)
    return {status: _answer(codes) for status, codes in by_status.items()}


def _answer(codes: set[str]) -> dict[str, Any]:
    titles = [PROBLEM_CODES[code].title for code in sorted(codes)]
    narrowed = {"properties": {"code": {"enum": sorted(codes)}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]}
    return {"description": "; ".join(titles), "content": {MEDIA_TYPE: {"schema": schema}}}


def _codes(answer: dict[str, Any]) -> set[str]:
    schema = answer.get("content", {}).get(MEDIA_TYPE, {}).get("schema", {})
    return {
        code
        for part in schema.get("allOf", [])
        for code in part.get("properties", {}).get("code", {}).get("enum", [])
    }


def _common(operation: dict[str, Any]) -> Iterator[type[Problem]]:
    """The problems that follow from a route's shape."""
    yield from (TooManyRequests, Internal, DatabaseAway, DatabaseBusy)
    parameters = operation.get("parameters", [])
    if operation.get("security"):
        yield from (Unauthorized, Forbidden)
        yield from (
            kind
            for code, kind in PROBLEM_CODES.items()
            if (code.startswith("auth.token_") and kind.status == 401) or code in _OF_PROVIDERS
        )
    if any(one["in"] == "path" for one in parameters):
        yield NotFound
    if parameters or "requestBody" in operation:
        yield InvalidRequest
    if "requestBody" in operation:
        yield from (MalformedBody, BodyTooLarge, UnsupportedMediaType)
    if any(one["name"] == "cursor" for one in parameters):
        yield CursorInvalid
    for header in (one["name"].lower() for one in parameters if one["in"] == "header"):
        yield from (
            kind for code, kind in PROBLEM_CODES.items() if code in _OF_HEADERS.get(header, ())
        )


def _complete_answers(operation: dict[str, Any]) -> None:
    answers = operation.setdefault("responses", {})
    for status in [status for status in answers if status.startswith(("4", "5"))]:
        if "HTTPValidationError" in str(answers[status]):
            # FastAPI's own description of a 422 is not what is answered here.
            del answers[status]
    by_status: dict[str, set[str]] = {}
    for kind in _common(operation):
        by_status.setdefault(str(kind.status), set()).add(kind.code)
    for status, codes in by_status.items():
        former = answers.get(status, {})
        answers[status] = _answer(codes | _codes(former))
        # A probe that is not well answers its own words beside what anybody may be told.
        own = former.get("content", {}).get("application/json", {})
        if own.get("schema"):
            answers[status]["content"]["application/json"] = own


def _complete_body(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        given = {"example", "examples"} & content.keys()
        if not given and media_type != "multipart/form-data":
            content["example"] = example_of(content.get("schema", {}), schemas)


def _complete_streams(operation: dict[str, Any]) -> None:
    """3.2's itemSchema, and the text type beside a reference, are unknown to generators of 3.1."""
    for answer in operation["responses"].values():
        stream = answer.get("content", {}).get("text/event-stream")
        if stream is None:
            continue
        item = stream.pop("itemSchema", None)
        if item is not None:
            data = item.get("properties", {}).get("data", {})
            stream["schema"] = data.get("contentSchema", {"type": "string"})
        if "$ref" in stream.get("schema", {}):
            stream["schema"].pop("type", None)


def _mark_binary(node: Any) -> None:
    if isinstance(node, dict):
        if node.get("contentMediaType") == "application/octet-stream":
            node["format"] = "binary"
        for child in node.values():
            _mark_binary(child)
    elif isinstance(node, list):
        for child in node:
            _mark_binary(child)


def build(routes: list[BaseRoute]) -> dict[str, Any]:
    """The document for `routes`, with sorted keys."""
    document = get_openapi(
        title="Intake",
        version=API_VERSION,
        summary="Résumés become hiring decisions, claim files become answers from payers.",
        description="Errors are problems (RFC 9457): GET /problems lists every code.",
        routes=routes,
        separate_input_output_schemas=True,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = _PROBLEM
    schemas["FieldError"] = _FIELD_ERROR
    for path in document.get("paths", {}).values():
        for method in _METHODS & path.keys():
            _complete_answers(path[method])
            _complete_body(path[method], schemas)
            _complete_streams(path[method])
    _mark_binary(document)
    ordered: dict[str, Any] = json.loads(json.dumps(shortened(document), sort_keys=True))
    return ordered


def as_text(document: dict[str, Any]) -> str:
    """The document as it is kept in docs/openapi.json."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def stream_of(model: Any) -> dict[int | str, dict[str, Any]]:
    """`responses=stream_of(Progress)` on a route whose response_class is EventStream."""
    return {200: {"model": model, "description": "Events; each one's data is this object"}}


def settings_for_document() -> Settings:
    """Settings with which the document can be made on a machine that has none; they reach nothing."""
    return Settings(
        server=ServerSettings(environment="test"),
        database=DatabaseSettings(url=SecretStr("postgresql://nowhere.invalid/none")),
        redis=RedisSettings(url=SecretStr("redis://nowhere.invalid/0")),
        auth=AuthSettings(secret_key=SecretStr("only for the document")),
    )
