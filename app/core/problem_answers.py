"""The one renderer of failures: every way to fail becomes application/problem+json here.

What the caller sent is never repeated, and no exception's text leaves the process.
"""

import json
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from fastapi.routing import iter_route_contexts
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Scope

from app.core.http_problems import (
    BadRequest,
    BodyTooLarge,
    Internal,
    InvalidRequest,
    MalformedBody,
    MethodNotAllowed,
    TooManyRequests,
    UnsupportedMediaType,
)
from app.core.log import logger
from app.core.problems import FieldError, Forbidden, NotFound, Problem, Unauthorized, Unavailable
from app.core.state import facts
from app.core.text import pointer_part

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100
_BY_STATUS: dict[int, type[Problem]] = {
    problem.status: problem
    for problem in (
        MalformedBody,
        Unauthorized,
        Forbidden,
        NotFound,
        BodyTooLarge,
        UnsupportedMediaType,
        InvalidRequest,
        TooManyRequests,
        Unavailable,
    )
}
# pydantic's own sentences for these repeat a part of what was sent.
_OWN_WORDS = {
    "uuid_parsing": "Must be a UUID",
    "union_tag_invalid": "Must be one of the known kinds",
    "date_parsing": "Must be a date, YYYY-MM-DD",
    "date_from_datetime_parsing": "Must be a date, YYYY-MM-DD",
    "datetime_parsing": "Must be a time, RFC 3339",
    "datetime_from_date_parsing": "Must be a time, RFC 3339",
    "time_parsing": "Must be a time of day",
    "time_delta_parsing": "Must be a duration, ISO 8601",
    "url_parsing": "Must be a URL",
    "url_syntax_violation": "Must be a URL",
    "json_invalid": "Must be JSON",
    "decimal_parsing": "Must be a decimal number",
    "string_pattern_mismatch": "Has the wrong form",
}


def render(problem: Problem, scope: Scope) -> Response:
    """The answer for `problem`; `instance` is the path that was asked, without its query."""
    body: dict[str, Any] = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "instance": scope["path"],
        "request_id": facts(scope).request_id,
    }
    if problem.errors:
        body["errors"] = [
            {"pointer": error.pointer, "code": error.code, "message": error.message}
            for error in problem.errors[:MOST_ERRORS]
        ]
    # Escaped to ASCII: a path or a message with a lone surrogate cannot break the answer.
    return Response(
        json.dumps(body),
        status_code=problem.status,
        headers={"Cache-Control": "no-store", **problem.headers},
        media_type=MEDIA_TYPE,
    )


def pointer_of(location: Sequence[object]) -> str:
    """A JSON pointer into the body; `/query/limit` and the like for the other parts."""
    parts = location[1:] if location and location[0] == "body" else location
    return "".join(f"/{pointer_part(part)}" for part in parts)


def field_errors(errors: Sequence[Mapping[str, Any]]) -> Iterator[FieldError]:
    """pydantic's findings without what was sent."""
    for error in errors:
        kind = str(error["type"])
        message = _OWN_WORDS.get(kind) or str(error["msg"]).removeprefix("Value error, ")
        yield FieldError(pointer_of(error["loc"]), kind, message)


def summary(errors: Sequence[FieldError]) -> str:
    """One readable sentence for a toast."""
    first = errors[0]
    place = first.pointer.strip("/").replace("/", ".") or "body"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{place}: {first.message}{more}"


def invalid(errors: Sequence[FieldError]) -> InvalidRequest:
    """The problem for a list of faults in single fields."""
    return InvalidRequest(summary(errors), errors=errors)


def _has_wrong_media_type(request: Request) -> bool:
    """Whether the route reads one kind of body and the caller declared another."""
    field = getattr(request.scope.get("route"), "body_field", None)
    if field is None or not request.headers.get("content-length", "0").strip("0"):
        return False
    declared = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if isinstance(field.field_info, Form):
        return declared not in ("multipart/form-data", "application/x-www-form-urlencoded")
    return declared != "application/json" and not declared.endswith("+json")


async def _on_validation(request: Request, error: RequestValidationError) -> Response:
    if _has_wrong_media_type(request):
        return render(UnsupportedMediaType(), request.scope)
    faults = error.errors()
    if any(fault["loc"][:1] == ("path",) for fault in faults):
        # What is no id may be the name of a neighbour that does not know the method.
        allowed = allowed_methods(request.app, request.scope["path"])
        if request.method not in allowed:
            return _method_not_allowed(request, allowed)
    return render(invalid(list(field_errors(faults))), request.scope)


def _method_not_allowed(request: Request, allowed: Sequence[str]) -> Response:
    return render(MethodNotAllowed(headers={"Allow": ", ".join(allowed)}), request.scope)


def allowed_methods(app: Starlette, path: str) -> list[str]:
    """Every method that some route knows for `path`; FastAPI names the first route's only.

    `/users/me` also has the form of `/users/{user_id}`, and is not it: routes with the fewest
    parameters count alone.
    """
    by_parameters: dict[int, set[str]] = {}
    for route in iter_route_contexts(app.routes):
        pattern = getattr(route, "path_regex", None)
        if pattern is not None and route.methods and pattern.match(path):
            by_parameters.setdefault(pattern.groups, set()).update(route.methods)
    methods = by_parameters[min(by_parameters)] if by_parameters else set()
    if "GET" in methods:
        methods.add("HEAD")
    return sorted(methods)


async def _on_http(request: Request, error: HTTPException) -> Response:
    """What Starlette and FastAPI raise by themselves; their wording is replaced by ours."""
    if error.status_code in (204, 304):
        return Response(status_code=error.status_code, headers=error.headers)
    if error.status_code == 405:
        return _method_not_allowed(request, allowed_methods(request.app, request.scope["path"]))
    fallback = BadRequest if error.status_code < 500 else Internal
    problem = _BY_STATUS.get(error.status_code, fallback)
    return render(problem(headers=error.headers), request.scope)


async def _on_problem(request: Request, problem: Problem) -> Response:
    if problem.status == 401:
        # A route of the same form asks who it is before it finds that this is no id of its own.
        allowed = allowed_methods(request.app, request.scope["path"])
        if allowed and request.method not in allowed:
            return _method_not_allowed(request, allowed)
    return render(problem, request.scope)


async def _on_unhandled(request: Request, error: Exception) -> Response:
    """A failure that nobody foresaw, or one from a middleware inside FastAPI's own stack."""
    return answer_to(error, request.scope)


def answer_to(error: Exception, scope: Scope) -> Response:
    """The answer to any exception; an unforeseen one is logged, once, and says nothing outside."""
    if isinstance(error, Problem):
        return render(error, scope)
    if isinstance(error, ClientDisconnect):
        return render(MalformedBody(), scope)
    logger.exception("http.unhandled", method=scope["method"], path=scope["path"])
    return render(Internal(), scope)


def handlers() -> dict[
    int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]
]:
    """What FastAPI is to do with each family of exceptions."""
    return {
        Problem: _on_problem,
        RequestValidationError: _on_validation,
        HTTPException: _on_http,
        Exception: _on_unhandled,
    }
