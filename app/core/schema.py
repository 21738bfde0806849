"""The shapes of requests and answers: `In` for what comes, `Out` for what goes.

The types here close the door once: text without NUL, lone surrogates and control characters,
integers within the database's range, finite numbers, no unknown fields.
"""

import re
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.core.text import is_clean, is_one_line, normal


def _clean(text: str) -> str:
    if not is_clean(text):
        raise PydanticCustomError("text.control_character", "Control characters are refused")
    return normal(text)


def _one_line(text: str) -> str:
    text = _clean(text)
    if not is_one_line(text):
        raise PydanticCustomError("text.not_one_line", "Must be one line of plain text")
    return text


def visible(text: str) -> str:
    """The text, which says something."""
    if not text.strip():
        raise PydanticCustomError("text.blank", "Must not be blank")
    return text


def _address(text: str) -> str:
    try:
        # RFC 2606's .test is what rehearsals and test suites use; no mail can ever reach it.
        return validate_email(
            _one_line(text).strip(), check_deliverability=False, test_environment=True
        ).normalized
    except EmailNotValidError:
        # The library's sentence repeats a part of the address, which stays out of answers.
        raise PydanticCustomError("text.email", "Must be an e-mail address") from None


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


_WRITTEN_DAY = re.compile(r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written(value: Any) -> Any:
    """Only what is written as a date: pydantic would also count seconds since 1970."""
    if isinstance(value, date) or (isinstance(value, str) and _WRITTEN_DAY.match(value)):
        return value
    raise PydanticCustomError("datetime_parsing", "Must be written as in RFC 3339")


def _countable(moment: datetime) -> datetime:
    """Not in the first or the last year that there is: another time zone would leave the calendar."""
    if moment.year in (MINYEAR, MAXYEAR):
        raise PydanticCustomError("datetime_range", "Must be within the years 2 to 9998")
    return moment


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


_NOT_BOOL = BeforeValidator(_no_bool)

CleanText = Annotated[str, AfterValidator(_clean)]
"""Text of any length without control characters; the body limit is its only bound."""
Line = Annotated[
    str, StringConstraints(max_length=200), AfterValidator(_one_line), AfterValidator(visible)
]
"""One line that says something: a name, a title, a place. At most 200 characters."""
OptionalLine = Annotated[str, StringConstraints(max_length=200), AfterValidator(_one_line)]
"""One line that may be empty."""
Prose = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_clean)]
"""Several lines: a description, a letter. At most 20,000 characters."""
Email = Annotated[
    str,
    StringConstraints(max_length=254),
    AfterValidator(_address),
    Field(json_schema_extra={"format": "email"}),
]
"""An address in the form of RFC 5321; its domain is lower-cased, nothing is looked up."""
Int32 = Annotated[int, Field(ge=-(2**31), le=2**31 - 1), _NOT_BOOL]
"""An integer column."""
PositiveInt32 = Annotated[int, Field(ge=1, le=2**31 - 1), _NOT_BOOL]
"""A positive integer column, as ids of practices are."""
NaturalInt32 = Annotated[int, Field(ge=0, le=2**31 - 1), _NOT_BOOL]
"""An integer column that is not negative: amounts and counts."""
Int64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1), _NOT_BOOL]
"""A bigint column."""
Finite = Annotated[float, Field(allow_inf_nan=False), _NOT_BOOL]
"""A number that JSON can carry."""
Moment = Annotated[
    AwareDatetime, BeforeValidator(_written), AfterValidator(_countable), AfterValidator(_utc)
]
"""A point in time with its offset, kept and shown in UTC."""
ClockTime = Annotated[datetime, BeforeValidator(_written), AfterValidator(_countable)]
"""A point in time with its offset, or what the clocks of a time zone named beside it show."""
Day = Annotated[date, BeforeValidator(_written)]
"""A day of the calendar."""


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts(part)]
    return []


class Schema(BaseModel):
    """The root of both directions."""

    model_config = ConfigDict(allow_inf_nan=False, hide_input_in_errors=True, from_attributes=True)


class In(Schema):
    """What a caller sends: unknown fields are refused, text is checked and nothing is stripped."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_control_characters(cls, data: Any) -> Any:
        if isinstance(data, dict) and not all(map(is_clean, _texts(data))):
            raise PydanticCustomError("text.control_character", "Control characters are refused")
        return data


class Out(Schema):
    """What the server answers; fields have no defaults, so that generated clients know them all.

    Times that are aware and in UTC, as the database and `clock.now()` give them, end in Z.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)
