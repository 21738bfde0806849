"""Parameters are read as FastAPI reads them, whatever was given."""

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from fastapi.dependencies import utils
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers, QueryParams

from app.core import parameters
from app.core.openapi import settings_for_document
from app.main import create_app

VALUES = ("", "1", "true", "x", "REMOTE", "full_time", "2026-01-01", "é" * 300, "-5", "None")


@cache
def all_fields() -> list[tuple[str, Any]]:
    """The query and header parameters of every dependency of every route."""

    def of(dependant: Dependant) -> Iterator[tuple[str, Any]]:
        yield "query", dependant.query_params
        yield "header", dependant.header_params
        yield "path", dependant.path_params
        for inner in dependant.dependencies:
            yield from of(inner)

    routes = iter_route_contexts(create_app(settings_for_document()).routes)
    found = [of(route.dependant) for route in routes if hasattr(route, "dependant")]
    return [one for fields in found for one in fields]


def given(kind: str, names: list[str], drawn: random.Random) -> Any:
    """Some of the parameters, some of them twice, and some that nobody knows."""
    chosen = [name for name in [*names, *names, "other"] if drawn.random() < 0.4]
    pairs = [(name, drawn.choice(VALUES)) for name in chosen]
    if kind == "query":
        return QueryParams(pairs)
    if kind == "header":
        return Headers(raw=[(name.encode(), value.encode()) for name, value in pairs])
    return dict(pairs)


def test_every_route_reads_what_it_would_without() -> None:
    """The values and the faults that FastAPI's own function finds, in their order."""
    drawn, several = random.Random(7), 0
    seen: set[tuple[Any, ...]] = set()
    for kind, fields in all_fields():
        names = [utils._get_param_aliases(field)[0][1] for field in fields]
        # A hundred routes share the parameters of paging.
        shape = (kind, *((field.name, repr(field.field_info)) for field in fields))
        if shape in seen:
            continue
        seen.add(shape)
        for received in [given(kind, names, drawn) for _ in range(12)] + [given(kind, [], drawn)]:
            wanted = parameters._original(fields, received)
            for _ in range(2):
                assert parameters.quick_params_to_args(fields, received) == wanted
            several += len(wanted[1]) > 1
    assert several > 10
    assert utils.request_params_to_args is parameters.quick_params_to_args


def test_what_was_not_given_is_not_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is the whole point."""
    asked: list[Any] = []
    monkeypatch.setattr(parameters, "_original", lambda *values: asked.append(values))
    quick = [
        fields
        for kind, fields in all_fields()
        if kind == "query" and {field.name for field in fields} >= {"limit", "cursor"}
    ]
    for fields in quick:
        values, faults = parameters.quick_params_to_args(fields, QueryParams("limit=5"))
        assert (values["limit"], values["cursor"], faults) == (5, None, [])
    assert quick
    assert asked == []
