"""Every act that the code records is told in words, in both languages; read out of the source."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import app as package
from app.console.language import WORDS
from app.console.routes.audit import ROOMS

APP: Final = Path(str(package.__file__)).parent
RECORDERS: Final = {"note", "_note", "add", "_write", "reviewed", "of_job"}
# Rooms whose writer stands in another of their files: only there a call of `x.note` is an act.
WRITERS: Final = {"service", "connecting", "trail"}
TABLES: Final = {"_ENDED", "_VERBS"}


def texts(node: ast.AST | None) -> Iterator[str]:
    """The constant texts that an expression may stand for."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from texts(body)
            yield from texts(other)
        case ast.Dict(values=values):
            for value in values:
                yield from texts(value)
        case ast.Call(args=args):
            for argument in args:
                yield from texts(argument)
        case _:
            return


def named(call: ast.Call) -> tuple[str, str]:
    """Name of what is called, and of the module that it is called on."""
    match call.func:
        case ast.Name(id=name):
            return name, ""
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return name, owner
        case _:
            return "", ""


def found_in(tree: ast.AST, *, writes: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(args=args, keywords=keywords):
                name, owner = named(node)
                given = [*args, *(one.value for one in keywords if one.arg == "action")]
                is_act = name in RECORDERS and (owner in WRITERS or (writes and not owner))
                if name == "Entry" and given:
                    yield from texts(given[0])
                elif is_act:
                    # The first text is the act; what follows is told about it.
                    yield from next((some for one in given if (some := [*texts(one)])), [])
            case ast.Assign(targets=[ast.Name(id="act" | "action")], value=ast.Tuple(elts=elts)):
                yield from texts(elts[0])
            case ast.Assign(targets=[ast.Name(id="action")], value=value):
                yield from texts(value)
            case (
                ast.AnnAssign(target=ast.Name(id=name), value=value)
                | ast.Assign(targets=[ast.Name(id=name)], value=value)
            ) if name in TABLES:
                yield from texts(value)
            case _:
                pass


def prefix(tree: ast.AST, room: str) -> str:
    """What stands before the verb in this file: its own name for acts, or the room's."""
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr(
                values=[ast.Constant(value=str() as text), ast.FormattedValue(), *_]
            ):
                if text.endswith(".") and text[:-1] in {*ROOMS, "practices"}:
                    return text[:-1]
            case _:
                pass
    return room


@cache
def recorded() -> frozenset[str]:
    """All actions that the source names."""
    actions = set()
    for path in APP.rglob("*.py"):
        room = path.relative_to(APP).parts[0]
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        writes = "app.core.audit" in source or re.search(r"import .*\bnote\b", source) is not None
        own = prefix(tree, room)
        for text in found_in(tree, writes=writes):
            action = text if "." in text else f"{own}.{text}"
            head, _, verb = action.partition(".")
            if head in {*ROOMS, "practices"} and verb.replace("_", "").isalpha():
                actions.add(action)
    return frozenset(actions)


def test_every_recorded_act_has_words() -> None:
    found = recorded()
    assert {"accounts.signed_in", "applications.moved", "practices.created"} <= found
    assert {"organizations.invite_resent", "integrations.disconnected"} <= found
    assert len(found) > 60, sorted(found)
    missing = {one for one in found for words in WORDS.values() if f"audit_act.{one}" not in words}
    assert missing == set()


def test_no_words_are_kept_for_what_nobody_does() -> None:
    kept = {
        name.removeprefix("audit_act.") for name in WORDS["en"] if name.startswith("audit_act.")
    }
    assert kept - recorded() == set()
