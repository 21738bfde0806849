"""Reads a Dockerfile as far as ours goes: instructions, stages, variables."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """One instruction, with its continuation lines joined."""

    word: str
    rest: str

    @property
    def exec_form(self) -> list[str]:
        """The words of an instruction that is written as a JSON list."""
        return [str(word) for word in json.loads(self.rest[self.rest.index("[") :])]


def steps_of(path: Path) -> list[Step]:
    """Every instruction in its order; comments and blank lines are left out."""
    lines = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    parts = (line.partition(" ") for line in joined.splitlines())
    return [Step(word, rest.strip()) for word, _, rest in parts]


def stages_of(steps: list[Step]) -> list[list[Step]]:
    """The instructions of each stage; what stands before the first one is left out."""
    found: list[list[Step]] = []
    for step in steps:
        if step.word == "FROM":
            found.append([])
        if found:
            found[-1].append(step)
    return found


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with its variables replaced; one that nobody gave is empty, as Docker has it."""
    return re.sub(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?", lambda m: values.get(m[1], ""), text)
