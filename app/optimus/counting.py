"""Applications counted one by one, in SQL: of one job, and while tallies are not complete."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Double,
    Row,
    Select,
    case,
    func,
    literal,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from app.applications.models import Application
from app.core.db import ReadSession
from app.optimus.ranges import Range

MOST_SOURCES: Final = 20
ACCEPTED: Final = 5
Moment = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


@dataclass(frozen=True, slots=True)
class Field:
    """Whose rows are counted: an organization's, one job's, or with neither the platform's."""

    organization_id: UUID | None = None
    job_id: UUID | None = None

    def applications(self) -> list[ColumnElement[bool]]:
        """The same as conditions on applications."""
        conditions = []
        if self.organization_id is not None:
            conditions.append(Application.organization_id == self.organization_id)
        if self.job_id is not None:
            conditions.append(Application.job_id == self.job_id)
        return conditions

    def of(self, table: Any) -> list[ColumnElement[bool]]:
        """The same as conditions on a table that knows only organizations."""
        if self.organization_id is None:
            return []
        return [table.organization_id == self.organization_id]


@dataclass(frozen=True, slots=True)
class Took:
    """How long something took, in hours, over the `count` applications for which it ended."""

    median: float | None
    ninetieth: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How those who applied stand now: (status, reached, count), and (source, count, accepted).

    The source that brought most is the first; at most MOST_SOURCES.
    """

    stages: list[tuple[str, int, int]]
    sources: list[tuple[str | None, int, int]]


def within(column: Any, during: Range | None) -> list[ColumnElement[bool]]:
    """The condition that a moment lies in the range; none without a range."""
    return [] if during is None else [column >= during.begins, column < during.ends]


def slot_of(moment: Any, during: Range) -> ColumnElement[int]:
    """1 for the range before, 2 and up for the days of the range."""
    days = literal(during.moments()[1:], ARRAY(DateTime(timezone=True)))
    # Half of what is counted lies in the range before, where no day need be found.
    return case((moment < during.begins, 1), else_=func.width_bucket(moment, days) + 1)


def hours_until(until: Moment) -> ColumnElement[Any]:
    """How long it took from applying."""
    return func.date_part("epoch", until - Application.created_at, type_=Double) / 3600.0


def rounded(hours: Any) -> float | None:
    """To a hundredth, as numbers go out."""
    return None if hours is None else round(float(hours), 2)


@dataclass(frozen=True, slots=True)
class Counted:
    """The numbers of a field, each counted from its applications."""

    session: ReadSession
    field: Field

    async def arrivals(self, during: Range) -> dict[int, int]:
        """How many applied, by slot: 1 is the range before, 2 its first day."""
        slot = slot_of(Application.created_at, during)
        statement = (
            select(slot, func.count())
            .where(
                *self.field.applications(),
                Application.created_at >= during.previous().begins,
                Application.created_at < during.ends,
            )
            .group_by(slot)
        )
        return dict((await self.session.execute(statement)).all())

    async def standing(self, during: Range | None) -> Standing:
        """How those who applied in `during` stand, and where they came from."""
        stages, sources = await self._stages(during), await self._sources(during)
        return Standing(
            [(status, reached, many) for status, reached, many in stages],
            [(source, many, hires) for source, many, hires in sources],
        )

    async def _stages(self, during: Range | None) -> Sequence[Row[str, int, int]]:
        statement = (
            select(Application.status, Application.reached, func.count())
            .where(*self.field.applications(), *within(Application.created_at, during))
            .group_by(Application.status, Application.reached)
        )
        return (await self.session.execute(statement)).all()

    async def _sources(self, during: Range | None) -> Sequence[Row[str | None, int, int]]:
        total = func.count()
        hires = func.count().filter(Application.reached == ACCEPTED)
        statement: Select[str | None, int, int] = (
            select(Application.source, total, hires)
            .where(*self.field.applications(), *within(Application.created_at, during))
            .group_by(Application.source)
            .order_by(total.desc(), Application.source.asc().nulls_last())
            .limit(MOST_SOURCES)
        )
        return (await self.session.execute(statement)).all()

    async def durations(
        self, untils: Sequence[Moment], during: Range | None
    ) -> list[tuple[Took, Took | None]]:
        """From applying to each of `untils`: over what ended in `during`, and in the range before."""
        return [await self._durations(until, during) for until in untils]

    async def _durations(self, until: Moment, during: Range | None) -> tuple[Took, Took | None]:
        quantiles = func.percentile_cont(literal([0.5, 0.9], ARRAY(Double))).within_group(
            hours_until(until).asc()
        )
        statement: Select[Any] = select(quantiles, func.count())
        conditions = [*self.field.applications(), until.is_not(None)]
        if during is None:
            found = (await self.session.execute(statement.where(*conditions))).one()
            return _took(found[0], found[1]), None
        is_now = until >= during.begins
        both = statement.with_only_columns(
            quantiles.filter(is_now),
            func.count().filter(is_now),
            quantiles.filter(~is_now),
            func.count().filter(~is_now),
        ).where(*conditions, until >= during.previous().begins, until < during.ends)
        found = (await self.session.execute(both)).one()
        return _took(found[0], found[1]), _took(found[2], found[3])


def _took(quantiles: Sequence[float] | None, count: int) -> Took:
    median, ninetieth = quantiles or (None, None)
    return Took(rounded(median), rounded(ninetieth), count)
