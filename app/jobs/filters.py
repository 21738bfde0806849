"""Which jobs a list or a search means, in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from app.jobs.models import OpenJob

# Written into the statement, and not bound to it: only with a constant configuration can the planner
# tell a rare word from a common one, and the two need different ways.
ENGLISH: Final[ColumnElement[Any]] = literal_column("'public.intake_english'::regconfig")
FRENCH: Final[ColumnElement[Any]] = literal_column("'public.intake_french'::regconfig")
FACETS: Final = ("location_type", "job_type", "experience_level")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which active jobs are meant; empty values filter nothing."""

    location: str = ""
    location_type: Sequence[str] = ()
    job_type: Sequence[str] = ()
    experience_level: Sequence[str] = ()
    skill_keys: Sequence[str] = ()
    organization_id: UUID | None = None
    salary_min: int | None = None
    posted_after: datetime | None = None
    expression: str = field(default="", compare=False)

    def conditions(self, *, but: str = "", with_question: bool = True) -> list[ColumnElement[bool]]:
        """The SQL of the question and of all filters, or of all `but` one facet."""
        values = self.values()
        found = [condition(name, value) for name, value in values.items() if name != but]
        if self.expression and with_question:
            found.append(OpenJob.search.op("@@")(asked(self.expression)))
        return found

    def values(self) -> dict[str, Any]:
        """What is filtered by, by the names of `condition`; the words of a question apart."""
        several = (*FACETS, "skill_keys")
        lists = {name: list(values) for name in several if (values := getattr(self, name))}
        ones = {
            "location": _pattern(self.location) if self.location else None,
            "organization_id": self.organization_id,
            "salary_min": self.salary_min,
            "posted_after": self.posted_after,
        }
        return lists | {name: value for name, value in ones.items() if value is not None}


def _pattern(part: str) -> str:
    escaped = part.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


_TYPES: Final[Mapping[str, TypeEngine[Any]]] = {
    "location": Text(),
    **dict.fromkeys((*FACETS, "skill_keys"), ARRAY(Text())),
    "organization_id": Uuid(),
    "salary_min": Integer(),
    "posted_after": DateTime(timezone=True),
}


_OPEN: Final = object()


def condition(name: str, value: Any = _OPEN) -> ColumnElement[bool]:
    """The SQL of one filter; without a value its place stays open under the filter's name."""
    kind = _TYPES[name]
    given = bindparam(name, type_=kind) if value is _OPEN else bindparam(name, value, type_=kind)
    match name:
        case "location":
            unaccented = func.unaccent(OpenJob.location)
            return unaccented.ilike(func.unaccent(given), escape="\\")
        case "skill_keys":
            return OpenJob.skill_keys.op("&&")(given)
        case "organization_id":
            return OpenJob.organization_id == given
        case "salary_min":
            return func.coalesce(OpenJob.salary_max, OpenJob.salary_min) >= given
        case "posted_after":
            return OpenJob.posted_at > given
        case _:
            column: InstrumentedAttribute[str] = getattr(OpenJob, name)
            return column == any_(given)


def asked(expression: str | ColumnElement[str]) -> ColumnElement[Any]:
    """The question in the word forms of both languages; once where these are the same.

    PostgreSQL takes what is said twice for twice as frequent, and reads the indexes twice for it.
    """
    english = func.to_tsquery(ENGLISH, expression)
    french = func.to_tsquery(FRENCH, expression)
    return case((english == french, english), else_=english.op("||")(french))
