"""What every room's settings are made of."""

from typing import Annotated, Any

from pydantic import Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

CommaList = Annotated[tuple[str, ...], NoDecode]


def variable(name: str, default: object, description: str, **limits: float) -> Any:
    """A field read from the environment variable `name`; `description` goes to `.env.template`."""
    return Field(default=default, validation_alias=name, description=description, **limits)  # type: ignore[call-overload]


class Room(BaseSettings):
    """The settings of one room."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, populate_by_name=True, env_ignore_empty=True
    )


def split_list(value: object) -> object:
    """The entries of a comma-separated variable, without blanks and closing slashes."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
