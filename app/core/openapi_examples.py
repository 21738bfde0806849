"""An example for every body that has none of its own, made from its schema."""

from typing import Any

_BY_FORMAT = {
    "uuid": "0199d3c8-5a10-7c3e-9f00-2b8f6f6a1c11",
    "email": "ada@example.org",
    "date": "2026-11-21",
    "date-time": "2026-11-21T09:30:00Z",
    "uri": "https://example.org/page",
    "password": "a long sentence nobody guesses",
    "binary": "",
}
_DEPTH = 6


def example_of(schema: dict[str, Any], schemas: dict[str, Any], depth: int = 0) -> Any:
    """A value that fits `schema`: its own example where it has one, else the plainest."""
    schema = _resolved(schema, schemas)
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return example_of(schema[key][0], schemas, depth)
    return _by_type(schema, schemas, depth)


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _by_type(schema: dict[str, Any], schemas: dict[str, Any], depth: int) -> Any:
    match schema.get("type"):
        case "object":
            return _object(schema, schemas, depth)
        case "array":
            count = max(1, schema.get("minItems", 0)) if depth < _DEPTH else 0
            return [example_of(schema.get("items", {}), schemas, depth + 1)] * count
        case "string":
            return _text(schema)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return None


def _object(schema: dict[str, Any], schemas: dict[str, Any], depth: int) -> dict[str, Any]:
    if depth >= _DEPTH:
        return {}
    return {
        name: example_of(part, schemas, depth + 1)
        for name, part in schema.get("properties", {}).items()
    }


def _text(schema: dict[str, Any]) -> str:
    known = _BY_FORMAT.get(schema.get("format", ""))
    if known is not None:
        return known
    text = "Example"
    shortest = schema.get("minLength", 0)
    if len(text) < shortest:
        text = (text * shortest)[:shortest]
    return text[: schema.get("maxLength", len(text))]
