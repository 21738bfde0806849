"""The same numbers as sums over what the database has counted at each write (decisions 32 and 37).

A range is whole steps of tallies, the long ones first, and what sticks out at both ends, which is
counted from the applications. How long something took is known to a twentieth from the tallies: that
says between which lengths the middle one lies, and only those few are read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    SmallInteger,
    Uuid,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from app.applications.models import Application
from app.core.db import ReadSession
from app.optimus import arrivals
from app.optimus.counting import (
    ACCEPTED,
    MOST_SOURCES,
    Counted,
    Field,
    Moment,
    Standing,
    Took,
    rounded,
    slot_of,
)
from app.optimus.models import ApplicationTally, TallyBacklog, TallyTotal
from app.optimus.places import Place, place_of
from app.optimus.ranges import Range
from app.optimus.steps import DAY, WEEK, Span, cut

Columns = tuple[ColumnElement[Any], ...]
Table = type[ApplicationTally] | type[TallyTotal]
_Asked = tuple[Moment, Range]


@dataclass(frozen=True, slots=True)
class _Measure:
    """What is summed: its name, its short step, the moment of an application that it counts by."""

    name: str
    step: timedelta
    moment: Moment


_STANDS: Final = _Measure("stands", DAY, Application.created_at)
_STANDS_OF: Final = (
    Application.status.label("status"),
    Application.reached.label("reached"),
    Application.source.label("source"),
)


async def counts_of(session: ReadSession, field: Field) -> "Counted | Tallied":
    """The tallies, or while they do not hold all of the field's applications, these themselves."""
    if field.job_id is not None:
        return Counted(session, field)
    waiting = select(TallyBacklog.organization_id).where(*field.of(TallyBacklog)).limit(1)
    if (await session.execute(waiting)).first() is None:
        return Tallied(session, field)
    return Counted(session, field)


@dataclass(frozen=True, slots=True)
class Tallied:
    """The numbers of an organization or the platform, by its tallies."""

    session: ReadSession
    field: Field

    async def arrivals(self, during: Range) -> dict[int, int]:
        """How many applied, by slot: 1 is the range before, 2 its first day."""
        if self.field.organization_id is not None:
            return await arrivals.by_slot(self.session, self.field.organization_id, during)
        slot = slot_of(ApplicationTally.at, during)
        statement = (
            select(slot, _sum(ApplicationTally.count))
            .where(
                ApplicationTally.measure == "arrived",
                ApplicationTally.at >= during.previous().begins,
                ApplicationTally.at < during.ends,
            )
            .group_by(slot)
        )
        return dict((await self.session.execute(statement)).all())

    async def standing(self, during: Range) -> Standing:
        """How those who applied in `during` stand, and where they came from, read in one go."""
        entries = union_all(
            *self._entries(_STANDS, (during.begins, during.ends), _stands, _STANDS_OF)
        ).subquery()
        columns = (entries.c.status, entries.c.reached, entries.c.source)
        total = _sum(entries.c.n)
        few = select(*columns, total.label("n")).group_by(*columns).having(total != 0)
        group = few.cte("few").prefix_with("MATERIALIZED")
        many = _sum(group.c.n)
        hires = func.coalesce(many.filter(group.c.reached == ACCEPTED), 0)
        stages = select(group.c.status, group.c.reached, null().label("source"), many, literal(0))
        sources = (
            select(null().label("status"), literal(0), group.c.source, many.label("n"), hires)
            .group_by(group.c.source)
            .order_by(many.desc(), group.c.source.asc().nulls_last())
            .limit(MOST_SOURCES)
            .subquery()
        )
        rows = await self.session.execute(
            union_all(stages.group_by(group.c.status, group.c.reached), select(sources))
        )
        found = Standing([], [])
        for status, reached, source, each, hired in rows:
            if status is None:
                found.sources.append((source, each, hired))
            else:
                found.stages.append((status, reached, each))
        return found

    async def durations(
        self, untils: Sequence[Moment], during: Range
    ) -> list[tuple[Took, Took | None]]:
        """From applying to each of `untils`: over what ended in `during`, and in the range before."""
        asked = [(until, one) for until in untils for one in (during, during.previous())]
        ranks = await self._ranks(asked)
        wanted = [
            place_of(which, each, share)
            for which, each in enumerate(ranks)
            for share in ((0.5, 0.9) if asked[which][1] is during else (0.5,))
            if each
        ]
        found = await self._lengths(asked, wanted)
        if found is None:
            # Something was written between the two questions.
            return await Counted(self.session, self.field).durations(untils, during)
        took = [
            Took(found.get((which, 0.5)), found.get((which, 0.9)), sum(each.values()))
            for which, each in enumerate(ranks)
        ]
        return list(zip(took[::2], took[1::2], strict=True))

    async def _ranks(self, asked: Sequence[_Asked]) -> list[dict[int, int]]:
        """How many took how long, to a twentieth, for each of what is asked."""
        parts: list[Select[Any]] = []
        for at, (until, one) in enumerate(asked):
            which = literal(at).label("which")
            parts += self._entries(
                _Measure(_name_of(until), WEEK, until),
                (one.begins, one.ends),
                _ranked(which),
                (which, func.duration_rank(Application.created_at, until).label("rank")),
            )
        entries = union_all(*parts).subquery()
        total = _sum(entries.c.n)
        statement = (
            select(entries.c.which, entries.c.rank, total)
            .group_by(entries.c.which, entries.c.rank)
            .having(total != 0)
            .order_by(entries.c.rank)
        )
        found: list[dict[int, int]] = [{} for _ in asked]
        for at, length, many in await self.session.execute(statement):
            found[at][length] = many
        return found

    async def _lengths(
        self, asked: Sequence[_Asked], wanted: Sequence[Place]
    ) -> dict[tuple[int, float], float | None] | None:
        """The hours at each place; None when they do not stand there any more."""
        if not wanted:
            return {}
        parts = []
        for number, place in enumerate(wanted):
            until, one = asked[place.which]
            hours = (
                func.application_hours(
                    _name_of(until),
                    literal(self.field.organization_id, Uuid()),
                    one.begins,
                    one.ends,
                    literal(place.ranks, ARRAY(SmallInteger)),
                    place.skipped,
                    place.taken,
                )
                .table_valued("hours")
                .render_derived()
            )
            parts.append(select(literal(number).label("number"), hours.c.hours))
        rows: dict[int, list[float]] = {}
        for number, length in await self.session.execute(union_all(*parts)):
            rows.setdefault(number, []).append(length)
        if any(len(rows.get(number, ())) != place.taken for number, place in enumerate(wanted)):
            return None
        return {
            (place.which, place.share): rounded(place.between(sorted(rows[number])))
            for number, place in enumerate(wanted)
        }

    def _entries(
        self,
        measure: _Measure,
        span: Span,
        tallied: Callable[[Table], Columns],
        counted: Columns,
    ) -> list[Select[Any]]:
        """Rows whose counts `n` add up to the span's: of both tables, and applications at its ends."""
        parts = cut(*span, measure.step)
        found: list[Select[Any]] = [
            select(*counted, literal(1).label("n")).where(
                *self.field.applications(), measure.moment >= begins, measure.moment < ends
            )
            for begins, ends in parts.edges
        ]
        folded, fresh = ApplicationTally.is_folded, ~ApplicationTally.is_folded
        for table, spans, further in (
            (TallyTotal, [parts.long], []),
            (ApplicationTally, parts.short, [folded]),
            (ApplicationTally, [parts.whole], [fresh]),
        ):
            within = [
                and_(table.at >= one[0], table.at < one[1]) for one in spans if one is not None
            ]
            if within:
                found.append(
                    select(*tallied(table), table.count.label("n")).where(
                        *self.field.of(table),
                        table.measure == measure.name,
                        or_(*within),
                        *further,
                    )
                )
        return found


def _name_of(until: Moment) -> str:
    return until.key.removesuffix("_at")


def _ranked(which: ColumnElement[int]) -> Callable[[Table], Columns]:
    return lambda table: (which, table.rank.label("rank"))


def _stands(table: Table) -> Columns:
    """A source as the application says it: without the mark that tells an empty one from none."""
    source = case((table.source == "", null()), else_=func.substr(table.source, 2))
    return table.status.label("status"), table.rank.label("reached"), source.label("source")


def _sum(counts: Any) -> Any:
    return func.sum(counts, type_=BigInteger)
