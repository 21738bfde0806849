"""What schemathesis is told: who it is, what it draws from, what it leaves alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.naughty import NAUGHTY, NUMBERS
from tests.fuzz.peers import Peers


@dataclass(frozen=True)
class Visit:
    """One run as one kind of caller."""

    name: str
    examples: int
    """Cases that are drawn for each operation; what must be covered comes on top."""

    phases: str = "examples,coverage,fuzzing,stateful"
    peer: str | None = None
    """Who in the other tenant must not see what this one sees; None: the run has no token."""


LONG = (
    Visit("admin", 50, peer="stranger"),
    Visit("candidate", 25, peer="candidate"),
    Visit("staff", 12, "examples,coverage,fuzzing", peer="staff"),
    Visit("employer", 12, "examples,coverage,fuzzing", peer="employer"),
    Visit("superuser", 8, "examples,coverage,fuzzing", peer="superuser"),
    Visit("anonymous", 8, "examples,coverage,fuzzing"),
)
# The line of the scorecard.
CARD = LONG[:1]
SHORT = (Visit("admin", 2, "examples,fuzzing", peer="stranger"),)


def headers_of(peers: Peers, visit: Visit) -> tuple[str, str]:
    """The Authorization header of the caller and of their peer in the other tenant."""
    here = peers.here.headers(visit.name)["Authorization"]
    # The admin of the second tenant; "stranger" is somebody who belongs to a third one.
    name = "admin" if visit.peer == "stranger" else str(visit.peer)
    return here, peers.there.headers(name)["Authorization"]


def write(folder: Path, url: str, peers: Peers, visit: Visit) -> Path:
    """Write the configuration, and who is who, into `folder`; the path of the former."""
    lines = [
        "max-failures = 200",
        "continue-on-failure = true",
        "request-timeout = 90",
        # An event stream goes on for as long as its job does.
        "max-stream-events = 1",
        "suppress-health-check = ['all']",
        "warnings = false",
        "[generation]",
        f"max-examples = {visit.examples}",
        "deterministic = true",
        "no-shrink = true",
        "database = 'none'",
        "allow-x00 = true",
        "[generation.dictionaries]",
        "string = {dictionary = 'naughty', probability = 0.4}",
        "integer = {dictionary = 'numbers', probability = 0.2}",
        *_dictionary("naughty", NAUGHTY),
        *_dictionary("numbers", [number for number in NUMBERS if isinstance(number, int)]),
    ]
    if visit.peer:
        here, there = headers_of(peers, visit)
        auth = [
            {"name": name, "fixedHeaders": [{"name": "Authorization", "value": value}]}
            for name, value in (("here", here), ("there", there))
        ]
        who = folder / "who.json"
        who.write_text(json.dumps({"auth": auth}))
        lines += ["[auth.wfc]", f"path = {_quoted(str(who))}", "user = 'here'"]
        # Whoever runs the platform sees what everybody does.
        if visit.name != "superuser":
            lines.append("peers = ['here', 'there']")
    lines += _places(peers.places)
    path = folder / "schemathesis.toml"
    path.write_text("\n".join([f"base-url = {_quoted(url)}", *lines, ""]), encoding="utf-8")
    return path


def _places(places: Mapping[tuple[str, str], Mapping[str, Sequence[str]]]) -> list[str]:
    """For each route the ids that lead somewhere; one in five is anything at all."""
    lines, operations = [], []
    for number, ((method, path), values) in enumerate(sorted(places.items())):
        bound = []
        for name, ids in values.items():
            # Ids of some rooms are numbers, and a text is none.
            lines += _dictionary(
                f"{name}-{number}", [int(one) if one.isdigit() else one for one in ids]
            )
            # 1.0 would keep foreign and impossible ids away.
            bound.append(f"'path.{name}' = {{dictionary = '{name}-{number}', probability = 0.8}}")
        if bound:
            operations += [
                "[[operations]]",
                f"include-name = {_quoted(f'{method} {path}')}",
                f"parameters = {{{', '.join(bound)}}}",
            ]
    return lines + operations


def _dictionary(name: str, values: Sequence[str | int | float]) -> list[str]:
    kept = [json.dumps(one) if isinstance(one, int | float) else _quoted(one) for one in values]
    return [f"[dictionaries.{name}]", f"values = [{', '.join(kept)}]"]


def _quoted(value: str) -> str:
    """A TOML string: JSON's, but for characters beyond 16 bits and the control that JSON lets be."""
    return json.dumps(value, ensure_ascii=False).replace("\u007f", "\\u007F")
