"""The upload form as one object, and the addresses of one job or practice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import Annotated, BinaryIO
from uuid import UUID

from fastapi import Depends, File, Form, Path, Query, Request, UploadFile
from pydantic import BeforeValidator, TypeAdapter, ValidationError

from app.claims.errors import DateRange, FileMissing, OptionInvalid
from app.claims.payers.details import Extra
from app.claims.queries.reading import conditions
from app.claims.schemas import Status
from app.claims.service.intake import UploadWishes, read_limits
from app.claims.tables.options import ReadOptions, parse_date_order, parse_delimiter
from app.core.dependencies import in_the_loop
from app.core.schema import ClockTime, OptionalLine
from app.core.state import services

_MAPPING = TypeAdapter(dict[str, str])
_FALSE = {"false": False, "0": False, "no": False, "off": False}
_TRUE = {"true": True, "1": True, "yes": True, "on": True}
Short = Annotated[str, Form(max_length=100)]


def _no_text(value: object) -> object:
    # A plain field of the file's name is no file: the room's own problem says so better.
    return None if isinstance(value, str) else value


OptionalFile = Annotated[
    UploadFile | None, BeforeValidator(_no_text), File(description="csv, tsv, txt or xlsx")
]


@dataclass(frozen=True, slots=True)
class Upload:
    """What came in: the file, still unread, and the wishes about it."""

    file: BinaryIO
    filename: str
    wishes: UploadWishes


@dataclass(frozen=True, slots=True)
class ReadingFields:
    """The optional fields that say how the file is to be read."""

    mapping: str
    date_order: str
    encoding: str
    delimiter: str


async def reading_fields(
    mapping: Annotated[
        str, Form(max_length=10_000, description="JSON object: our field to your header")
    ] = "",
    date_order: Short = "auto",
    encoding: Short = "",
    delimiter: Short = "",
) -> ReadingFields:
    """The form's fields about reading, as text."""
    return ReadingFields(mapping, date_order, encoding, delimiter)


class Dates:
    """The two optional dates of the search; an empty field is none."""

    def __init__(
        self,
        start_date: Annotated[str, Form(max_length=100, description="YYYY-MM-DD")] = "",
        end_date: Annotated[str, Form(max_length=100, description="YYYY-MM-DD")] = "",
    ) -> None:
        self.start = parse_day("start_date", start_date)
        self.end = parse_day("end_date", end_date)


class Asking:
    """Who is asked, how, and for what."""

    def __init__(
        self,
        provider: Short = "uhc",
        use_batch_query: Annotated[
            str, Form(max_length=100, description='"true" or "false"')
        ] = "true",
        include: Annotated[
            str,
            Form(
                max_length=100, description="details, payments or both: more about each claim found"
            ),
        ] = "",
    ) -> None:
        self.provider = provider.strip().lower()
        self.use_batch_query = parse_flag(use_batch_query)
        self.include = parse_include(include)


async def upload_form(
    request: Request,
    reading: Annotated[ReadingFields, Depends(reading_fields)],
    dates: Annotated[Dates, Depends(in_the_loop(Dates))],
    asking: Annotated[Asking, Depends(in_the_loop(Asking))],
    file: OptionalFile = None,
) -> Upload:
    """The whole form.

    Raises:
        FileMissing: no file, or one without content or name.
        OptionInvalid: an option that means nothing.
        DateRange: a date that is none.
    """
    if file is None:
        raise FileMissing
    options = ReadOptions(
        encoding=None if reading.encoding in ("", "auto") else reading.encoding,
        delimiter=parse_delimiter(reading.delimiter),
        mapping=parse_mapping(reading.mapping),
        date_order=parse_date_order(reading.date_order),
        limits=read_limits(services(request).settings),
    )
    wishes = UploadWishes(
        provider=asking.provider,
        use_batch_query=asking.use_batch_query,
        start_date=dates.start,
        end_date=dates.end,
        options=options,
        include=asking.include,
    )
    return Upload(file.file, file.filename or "", wishes)


def parse_day(name: str, value: str) -> date | None:
    """A day in ISO form, or None for an empty field.

    Raises:
        DateRange: the field holds something else.
    """
    text = value.strip()
    if not text:
        return None
    try:
        if len(text) != 10:
            raise DateRange(f"{name} is not a date of the form YYYY-MM-DD.")
        return date.fromisoformat(text)
    except ValueError:
        raise DateRange(f"{name} is not a date of the form YYYY-MM-DD.") from None


def parse_flag(value: str) -> bool:
    """The word of a form for yes or no.

    Raises:
        OptionInvalid: neither.
    """
    word = value.strip().lower()
    found = {**_TRUE, **_FALSE, "": True}.get(word)
    if found is None:
        raise OptionInvalid("`use_batch_query` is true or false.")
    return found


def parse_include(value: str) -> frozenset[Extra]:
    """What the form wants of each claim found, beside its summary; words with commas between.

    Raises:
        OptionInvalid: a word that is none of them.
    """
    words = [word.strip().lower() for word in value.split(",")]
    try:
        return frozenset(Extra(word) for word in words if word)
    except ValueError:
        known = " and ".join(extra.value for extra in Extra)
        raise OptionInvalid(f"`include` takes {known}, with a comma between them.") from None


def parse_mapping(value: str) -> Mapping[str, str]:
    """The form's JSON object of our field to their header.

    Raises:
        OptionInvalid: no JSON object of strings.
    """
    if not value.strip():
        return {}
    try:
        return _MAPPING.validate_json(value)
    except ValidationError:
        raise OptionInvalid("`mapping` is a JSON object of strings.") from None


class JobFilters:
    """What a list of jobs is narrowed to."""

    def __init__(
        self,
        status: Status | None = None,
        provider: Annotated[OptionalLine | None, Query()] = None,
        filename: Annotated[
            OptionalLine | None, Query(description="A part of the file's name")
        ] = None,
        has_errors: bool | None = None,
        created_after: ClockTime | None = None,
    ) -> None:
        if created_after is not None and created_after.tzinfo is None:
            # A time without an offset is taken as UTC, as all times here are.
            created_after = created_after.replace(tzinfo=UTC)
        self.conditions = conditions(
            status=status,
            provider=provider,
            filename=filename,
            has_errors=has_errors,
            created_after=created_after,
        )


Filters = Annotated[JobFilters, Depends(in_the_loop(JobFilters))]
UploadForm = Annotated[Upload, Depends(upload_form)]
JobId = Annotated[UUID, Path(description="The job's id")]
