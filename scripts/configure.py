#!/usr/bin/env python3
"""Write docs/configure.md from the settings; `--check` only compares and exits 1 when it drifted."""

import sys
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.core.settings import ROOMS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "configure.md"
_HEAD = """\
# Settings

Made by `python -m scripts.configure` from the settings themselves; [.env.template](../.env.template) has
the same to be filled in. A variable is read once, when a process starts, from the environment or from
`.env` in its folder; the environment wins, and an empty one counts as not set. Lists are comma-separated.

Needed everywhere: `DATABASE_URL`, `REDIS_URL`, `SECRET_KEY`. With `ENVIRONMENT=production` a process
refuses to start on a weak secret, on `CORS_ORIGINS=*`, with `RATE_LIMITS=off` or `WEBHOOKS_ALLOW_LOCAL=on`,
and on mails that would lead to plain http; it names the variable and never its value. `intake doctor`
shows where each value comes from and tries what it leads to.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for room in ROOMS:
        title = (room.__doc__ or "").strip().splitlines()[0]
        parts.append(
            f"\n## {title}\n\n| variable | default | what it is | may be |\n| --- | --- | --- | --- |\n"
        )
        parts += [_line(field) for field in room.model_fields.values()]
    return "".join(parts)


def _line(field: FieldInfo) -> str:
    said = (field.description or "").replace("|", "\\|")
    return f"| `{field.validation_alias}` | {_default(field)} | {said} | {_range(field)} |\n"


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr):
        return "*secret*" if not value.get_secret_value() else "`…`"
    text = ",".join(value) if isinstance(value, tuple) else str(value)
    return f"`{text}`" if text else ""


def _range(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{one}`" for one in get_args(field.annotation))
    words = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    limits = [
        f"{sign} {getattr(rule, name):g}"
        for rule in field.metadata
        for name, sign in words.items()
        if getattr(rule, name, None) is not None
    ]
    return ", ".join(limits)


def main(arguments: list[str]) -> int:
    """Run the command."""
    if "--check" in arguments:
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page():
            return 0
        print("docs/configure.md is not what the settings say; run python -m scripts.configure")
        return 1
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
