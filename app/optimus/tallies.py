"""The same numbers as sums over what the database has counted at each write (decision 32).

A range is whole steps of a tally and what sticks out at both ends, which is counted from the
applications. How long something took is known to a twentieth from the tallies: that says between
which lengths the middle one lies, and only those few are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Row,
    Select,
    SmallInteger,
    Uuid,
    case,
    func,
    literal,
    null,
    select,
    union_all,
)

from app.applications.models import Application
from app.core.db import ReadSession
from app.optimus.counting import (
    ACCEPTED,
    MOST_SOURCES,
    Counted,
    Field,
    Moment,
    Took,
    rounded,
    slot_of,
)
from app.optimus.models import ApplicationTally, TallyBacklog
from app.optimus.ranges import Range

# A Monday, as the database counts from (migration 0032).
_ORIGIN: Final = datetime(2000, 1, 3, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A span of time as whole steps, if there are any, and what sticks out."""

    whole: Span | None
    edges: tuple[Span, ...]


def pieces(begins: datetime, ends: datetime, step: timedelta) -> Pieces:
    """The span in steps that are counted from a Monday of UTC."""
    begins, ends = begins.astimezone(UTC), ends.astimezone(UTC)
    first = _ORIGIN - (_ORIGIN - begins) // step * step
    last = _ORIGIN + (ends - _ORIGIN) // step * step
    if first >= last:
        return Pieces(None, ((begins, ends),))
    edges = ((begins, first), (last, ends))
    return Pieces((first, last), tuple(edge for edge in edges if edge[0] < edge[1]))


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
        slot = slot_of(ApplicationTally.at, during)
        span = (during.previous().begins, during.ends)
        entries = union_all(*self._tallied("arrived", span, slot.label("slot"))).subquery()
        statement = select(entries.c.slot, _sum(entries.c.n)).group_by(entries.c.slot)
        return dict((await self.session.execute(statement)).all())

    async def standing(self, during: Range) -> Sequence[Row[str, int, int]]:
        """(status, reached, count) of those who applied in `during`."""
        entries = self._stands(
            during,
            (ApplicationTally.status.label("status"), ApplicationTally.rank.label("reached")),
            (Application.status.label("status"), Application.reached.label("reached")),
        )
        total = _sum(entries.c.n)
        statement: Select[str, int, int] = (
            select(entries.c.status, entries.c.reached, total)
            .group_by(entries.c.status, entries.c.reached)
            .having(total != 0)
        )
        return (await self.session.execute(statement)).all()

    async def sources(self, during: Range) -> Sequence[Row[str | None, int, int]]:
        """(source, applications, those of them that were accepted), the most first."""
        given = case(
            (ApplicationTally.source == "", null()), else_=func.substr(ApplicationTally.source, 2)
        )
        entries = self._stands(
            during,
            (given.label("source"), ApplicationTally.rank.label("reached")),
            (Application.source.label("source"), Application.reached.label("reached")),
        )
        total = _sum(entries.c.n)
        hires = func.coalesce(_sum(entries.c.n).filter(entries.c.reached == ACCEPTED), 0)
        statement: Select[str | None, int, int] = (
            select(entries.c.source, total, hires)
            .group_by(entries.c.source)
            .having(total != 0)
            .order_by(total.desc(), entries.c.source.asc().nulls_last())
            .limit(MOST_SOURCES)
        )
        return (await self.session.execute(statement)).all()

    async def durations(self, until: Moment, during: Range) -> tuple[Took, Took | None]:
        """From applying to `until`: over those that ended in `during`, and in the range before."""
        ranges = (during, during.previous())
        ranks = await self._ranks(until, ranges)
        wanted = [
            _place(at, ranks[at], share)
            for at, share in ((0, 0.5), (0, 0.9), (1, 0.5))
            if ranks[at]
        ]
        found = await self._lengths(until, ranges, wanted)
        if found is None:
            # Something was written between the two questions.
            return await Counted(self.session, self.field).durations(until, during)
        now, before = (sum(each.values()) for each in ranks)
        return (
            Took(found.get((0, 0.5)), found.get((0, 0.9)), now),
            Took(found.get((1, 0.5)), None, before),
        )

    async def _ranks(self, until: Moment, ranges: Sequence[Range]) -> list[dict[int, int]]:
        """How many took how long, to a twentieth, in each of the ranges."""
        rank = func.duration_rank(Application.created_at, until)
        parts: list[Select[Any]] = []
        for at, one in enumerate(ranges):
            which = literal(at).label("which")
            cut = pieces(one.begins, one.ends, _WEEK)
            if cut.whole is not None:
                parts += self._tallied(
                    _measure(until), cut.whole, which, ApplicationTally.rank.label("rank")
                )
            parts += self._counted(until, cut.edges, which, rank.label("rank"))
        entries = union_all(*parts).subquery()
        total = _sum(entries.c.n)
        statement = (
            select(entries.c.which, entries.c.rank, total)
            .group_by(entries.c.which, entries.c.rank)
            .having(total != 0)
            .order_by(entries.c.rank)
        )
        found: list[dict[int, int]] = [{} for _ in ranges]
        for at, length, many in await self.session.execute(statement):
            found[at][length] = many
        return found

    async def _lengths(
        self, until: Moment, ranges: Sequence[Range], wanted: Sequence["_Place"]
    ) -> dict[tuple[int, float], float | None] | None:
        """The hours at each place; None when they do not stand there any more."""
        if not wanted:
            return {}
        parts = []
        for number, place in enumerate(wanted):
            one = ranges[place.which]
            hours = (
                func.application_hours(
                    _measure(until),
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

    def _stands(
        self,
        during: Range,
        columns: tuple[ColumnElement[Any], ...],
        counted: tuple[ColumnElement[Any], ...],
    ) -> Any:
        cut = pieces(during.begins, during.ends, _DAY)
        parts = self._counted(Application.created_at, cut.edges, *counted)
        if cut.whole is not None:
            parts += self._tallied("stands", cut.whole, *columns)
        return union_all(*parts).subquery()

    def _tallied(self, measure: str, span: Span, *columns: ColumnElement[Any]) -> list[Select[Any]]:
        """Rows of tallies with their count `n`; those that are folded and the others."""
        statement: Select[Any] = select(*columns, ApplicationTally.count.label("n")).where(
            *self.field.of(ApplicationTally),
            ApplicationTally.measure == measure,
            ApplicationTally.at >= span[0],
            ApplicationTally.at < span[1],
        )
        return [
            statement.where(ApplicationTally.is_folded),
            statement.where(~ApplicationTally.is_folded),
        ]

    def _counted(
        self, moment: Moment, edges: Sequence[Span], *columns: ColumnElement[Any]
    ) -> list[Select[Any]]:
        """Rows of applications whose moment lies in one of the spans, each with `n` of 1."""
        return [
            select(*columns, literal(1).label("n")).where(
                *self.field.applications(), moment >= begins, moment < ends
            )
            for begins, ends in edges
        ]


def _measure(until: Moment) -> str:
    return until.key.removesuffix("_at")


def _sum(counts: ColumnElement[int]) -> Any:
    return func.sum(counts, type_=BigInteger)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a quantile stands: between two of the sorted lengths of a range, or on one of them.

    It is what `percentile_cont` gives: https://www.postgresql.org/docs/current/functions-aggregate.html
    """

    which: int
    share: float
    ranks: list[int]
    skipped: int
    taken: int
    weight: float

    def between(self, lengths: Sequence[float]) -> float:
        """The quantile, by the one or two lengths that it stands between."""
        return lengths[0] + self.weight * (lengths[-1] - lengths[0])


def _place(which: int, ranks: Mapping[int, int], share: float) -> _Place:
    """The place of the quantile, by how many lengths there are of each rank in order."""
    exact = share * (sum(ranks.values()) - 1)
    lower, upper = floor(exact), ceil(exact)
    passed, skipped = 0, 0
    read: list[int] = []
    for rank, many in ranks.items():
        if passed <= upper and passed + many > lower:
            if not read:
                skipped = lower - passed
            read.append(rank)
        passed += many
    return _Place(which, share, read, skipped, upper - lower + 1, exact - lower)
