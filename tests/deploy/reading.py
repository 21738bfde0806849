"""What the files that deploy Intake say, read as far as their tests have to know."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
import yaml

from app.cli import cli
from app.core.settings import ROOMS

PROJECT = Path(__file__).resolve().parents[2]
VARIABLES = {str(field.validation_alias) for room in ROOMS for field in room.model_fields.values()}
DOCUMENT = json.loads((PROJECT / "docs" / "openapi.json").read_text(encoding="utf-8"))
# Typer brings a click of its own and gives out some of its faults only.
_REFUSED: type[Exception] = typer.BadParameter.__mro__[1]
_SHELL_VARIABLES = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)")


def documents(path: Path) -> list[dict[str, Any]]:
    """The documents of a YAML file."""
    return [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]


def refusal(command: str | list[str]) -> str:
    """Why the command line would not take a command; empty when it would."""
    words = shlex.split(command) if isinstance(command, str) else command
    if words[:1] != ["intake"]:
        return f"not one of ours: {words}"
    try:
        _parse(typer.main.get_command(cli), words[1:])
    except _REFUSED as error:
        return f"{' '.join(words)}: {error}"
    return ""


def _parse(command: Any, words: list[str]) -> None:
    """Parse as a shell's call would be, and run nothing."""
    while hasattr(command, "resolve_command"):
        context = typer.Context(command)
        _, rest, _ = command.make_parser(context).parse_args(list(words))
        if not rest:
            return
        _, command, words = command.resolve_command(context, rest)
    command.make_context("intake", list(words))


def strings(node: object) -> Iterator[str]:
    """Every text in a parsed document."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from strings(key)
            yield from strings(value)
    elif isinstance(node, list):
        for one in node:
            yield from strings(one)


def interpolated(text: str) -> set[str]:
    """The variables that a compose file takes from the shell or from .env."""
    return set(_SHELL_VARIABLES.findall(text))


def pinned(image: str) -> bool:
    """Whether an image is named without a registry's host, and by a version of three numbers or two."""
    name, _, tag = image.partition(":")
    has_host = "/" in name and ("." in name.partition("/")[0] or "localhost" in name)
    return not has_host and re.match(r"\d+\.\d+", tag) is not None
