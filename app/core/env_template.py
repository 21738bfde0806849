"""Writes `.env.template` from the settings, so that the two cannot part.

python -m app.core.env_template
"""

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.core.settings import PROJECT, ROOMS

_HEAD = "# Copy to .env and fill in what you need; ./scripts/dev needs none of it.\n"


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)


def env_template() -> str:
    """The text of the template: every variable, its default and what it is for, by room."""
    parts = [_HEAD]
    for room in ROOMS:
        parts.append(f"\n# {(room.__doc__ or '').strip()}\n")
        parts += [
            f"# {field.description}\n# {field.validation_alias}={_default(field)}\n"
            for field in room.model_fields.values()
        ]
    return "".join(parts)


if __name__ == "__main__":
    (PROJECT / ".env.template").write_text(env_template(), encoding="utf-8")
