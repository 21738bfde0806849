"""The document: valid 3.1, complete about failures, friendly to generators, and kept in docs/."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.core.application import Intake
from app.core.http_problems import PreconditionFailed
from app.core.openapi import as_text, problems, settings_for_document
from app.core.openapi_examples import example_of
from app.core.problems import PROBLEM_CODES, NotFound
from app.core.settings import PROJECT
from app.main import create_app

METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    """The document of the whole application."""
    return create_app(settings_for_document()).openapi()


@pytest.fixture
def bare(bare_app: Intake) -> dict[str, Any]:
    """The document of the test routes."""
    return bare_app.openapi()


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Every operation."""
    return [path[method] for path in document["paths"].values() for method in METHODS & set(path)]


def codes(operation: dict[str, Any], status: str) -> set[str]:
    """The codes that an operation can answer with a status."""
    schema = operation["responses"][status]["content"]["application/problem+json"]["schema"]
    return set(schema["allOf"][1]["properties"]["code"]["enum"])


def test_both_documents_are_valid(whole: dict[str, Any], bare: dict[str, Any]) -> None:
    """As JSON Schema 2020-12 and OpenAPI 3.1 say."""
    for document in (whole, bare):
        assert document["openapi"].startswith("3.1")
        OpenAPIV31SpecValidator(document).validate()


def test_the_kept_document_is_the_applications(whole: dict[str, Any]) -> None:
    """scripts/openapi.py writes it; a change of the outside shows in review."""
    kept = (PROJECT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert kept == as_text(whole), "run scripts/openapi.py and look at the difference"


def test_every_operation_tells_how_it_fails(whole: dict[str, Any]) -> None:
    """Only codes of the registry, each under its own status, as problem+json."""
    identifiers = [operation["operationId"] for operation in operations(whole)]
    assert len(set(identifiers)) == len(identifiers)
    for operation in operations(whole):
        assert operation["operationId"].startswith(f"{operation['tags'][0]}_".replace("-", "_"))
        assert {"429", "500", "503"} <= set(operation["responses"])
        for status, answer in operation["responses"].items():
            if status >= "400":
                # A probe that is not well says so in its own words.
                own = {"application/json"} if operation["tags"] == ["health"] else set()
                assert set(answer["content"]) - own == {"application/problem+json"}
                for code in codes(operation, status):
                    assert PROBLEM_CODES[code].status == int(status)


def test_codes_follow_from_the_shape_of_a_route(bare: dict[str, Any]) -> None:
    """A body can be malformed, a cursor wrong, a version stale; a room adds its own."""
    create = bare["paths"]["/things"]["post"]
    assert create["operationId"] == "things_create"
    assert codes(create, "409") == {"things.too_odd", "idempotency.in_progress"}
    assert codes(create, "400") == {"http.malformed_body"}
    assert codes(create, "422") >= {"http.invalid", "idempotency.key_reused"}
    assert {"413", "415"} <= set(create["responses"])
    update = bare["paths"]["/things/{thing_id}"]["put"]
    assert codes(update, "412") == {PreconditionFailed.code}
    assert codes(update, "404") == {NotFound.code}
    assert "422" not in bare["paths"]["/things/events"]["get"]["responses"]
    assert "HTTPValidationError" not in bare["components"]["schemas"]


def test_uploads_streams_and_examples(bare: dict[str, Any]) -> None:
    """What the three TypeScript generators need."""
    schemas = bare["components"]["schemas"]
    upload = bare["paths"]["/things/upload"]["post"]["requestBody"]["content"]
    name = upload["multipart/form-data"]["schema"]["$ref"].rsplit("/", 1)[-1]
    assert schemas[name]["properties"]["file"]["format"] == "binary"
    stream = bare["paths"]["/things/events"]["get"]["responses"]["200"]["content"]
    assert stream == {"text/event-stream": {"schema": {"$ref": "#/components/schemas/ThingOut"}}}
    body = bare["paths"]["/things"]["post"]["requestBody"]["content"]["application/json"]
    assert body["example"]["name"]
    assert body["example"]["email"] == "ada@example.org"


def test_keys_are_sorted(bare: dict[str, Any]) -> None:
    """Two runs give the same bytes, whatever the order of imports."""
    assert json.dumps(bare) == json.dumps(bare, sort_keys=True)


def test_problems_of_one_status_share_an_answer() -> None:
    """The enum holds them all."""
    answers = problems(NotFound, PreconditionFailed)
    assert set(answers) == {404, 412}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "format": "date"}, "2026-11-21"),
        ({"type": "string", "minLength": 12}, "ExampleExamp"),
        ({"type": "string", "maxLength": 3}, "Exa"),
        ({"enum": ["b", "a"], "type": "string"}, "b"),
        ({"anyOf": [{"type": "integer", "minimum": 3}, {"type": "null"}]}, 3),
        ({"type": "array", "items": {"type": "boolean"}}, [True]),
        ({"$ref": "#/components/schemas/Loop"}, None),
    ],
)
def test_examples_fit_their_schema(schema: dict[str, Any], expected: Any) -> None:
    """A schema that holds itself ends too."""
    loop = {"type": "object", "properties": {"again": {"$ref": "#/components/schemas/Loop"}}}
    example = example_of(schema, {"Loop": loop})
    if expected is not None:
        assert example == expected
    else:
        assert json.dumps(example).count("again") == 6
