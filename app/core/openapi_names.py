"""Names of schemas as people would give them: two rooms may each have a `ProgressOut`."""

import json
import re
from typing import Any

# FastAPI names models of one name by their whole modules: app__claims__schemas__ProgressOut.
_LONG = re.compile(r"app__(\w+?)__(?:\w+__)?(\w+)")


def shortened(document: dict[str, Any]) -> dict[str, Any]:
    """The document with `ClaimsProgressOut` in place of a module's path, wherever it is named.

    Raises:
        ValueError: two models would have one name.
    """
    schemas = document.get("components", {}).get("schemas", {})
    names = {name: _short(name) for name in schemas if name.startswith("app__")}
    taken = [*names.values(), *(name for name in schemas if name not in names)]
    if len(set(taken)) < len(taken):
        raise ValueError("two schemas would have one name")
    text = json.dumps(document)
    for long, short in names.items():
        text = text.replace(f'"{long}"', f'"{short}"').replace(f'/{long}"', f'/{short}"')
    result: dict[str, Any] = json.loads(text)
    return result


def _short(name: str) -> str:
    found = _LONG.fullmatch(name)
    if found is None:
        return name
    return found[1].title().replace("_", "") + found[2]
