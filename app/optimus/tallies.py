"""The same numbers as sums over what the database has counted at each write (decisions 32 and 37).

A range is whole steps of tallies, the long ones first, and what sticks out at both ends, which is
counted from the applications. How long something took is known to a twentieth from the tallies: that
says between which lengths the middle one lies, and only those few are read. The database's own
functions do the reading (migrations 0032 and 0036), each with the organization that it is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ARRAY,
    BigInteger,
    SmallInteger,
    Uuid,
    func,
    literal,
    select,
    text,
    union_all,
)

from app.core.db import ReadSession
from app.optimus.counting import (
    MOST_SOURCES,
    Counted,
    Field,
    Moment,
    Standing,
    Took,
    rounded,
    slot_of,
)
from app.optimus.models import ApplicationTally, TallyBacklog
from app.optimus.places import Place, place_of
from app.optimus.ranges import Range

_ARRIVALS = text(
    "SELECT slot, n FROM application_arrivals("
    "CAST(:organization AS uuid), CAST(:midnights AS timestamptz[]))"
)
_STANDING = text(
    "SELECT status, reached, source, n, accepted FROM application_standing("
    "CAST(:organization AS uuid), :begins, :ends, :most)"
)
_RANKS = text(
    "SELECT measure, is_former, rank, n FROM application_ranks("
    "CAST(:organization AS uuid), :former, :begins, :ends)"
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
        if self.field.organization_id is None:
            return await self._arrivals_anywhere(during)
        asked = {"organization": self.field.organization_id, "midnights": during.moments()}
        found: dict[int, int] = {}
        for slot, many in await self.session.execute(_ARRIVALS, asked):
            found[slot] = found.get(slot, 0) + many
        return found

    async def _arrivals_anywhere(self, during: Range) -> dict[int, int]:
        """The platform's, in one walk: day by day each organization would be looked up again."""
        slot = slot_of(ApplicationTally.at, during)
        statement = (
            select(slot, func.sum(ApplicationTally.count, type_=BigInteger))
            .where(
                ApplicationTally.measure == "arrived",
                ApplicationTally.at >= during.previous().begins,
                ApplicationTally.at < during.ends,
            )
            .group_by(slot)
        )
        return dict((await self.session.execute(statement)).all())

    async def standing(self, during: Range) -> Standing:
        """How those who applied in `during` stand, and where they came from."""
        asked = {
            "organization": self.field.organization_id,
            "begins": during.begins,
            "ends": during.ends,
            "most": MOST_SOURCES,
        }
        found = Standing([], [])
        for status, reached, source, many, hires in await self.session.execute(_STANDING, asked):
            if status is None:
                found.sources.append((source, many, hires))
            else:
                found.stages.append((status, reached, many))
        return found

    async def durations(
        self, untils: Sequence[Moment], during: Range
    ) -> list[tuple[Took, Took | None]]:
        """From applying to each of `untils`: over what ended in `during`, and in the range before."""
        asked = [(until, one) for until in untils for one in (during, during.previous())]
        ranks = await self._ranks(untils, during)
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

    async def _ranks(self, untils: Sequence[Moment], during: Range) -> list[dict[int, int]]:
        """How many took how long, to a twentieth: of each until in the range, and in the one before."""
        asked = {
            "organization": self.field.organization_id,
            "former": during.previous().begins,
            "begins": during.begins,
            "ends": during.ends,
        }
        found: dict[tuple[str, bool], dict[int, int]] = {}
        for measure, is_former, rank, many in await self.session.execute(_RANKS, asked):
            found.setdefault((measure, is_former), {})[rank] = many
        return [
            found.get((_name_of(until), is_former), {})
            for until in untils
            for is_former in (False, True)
        ]

    async def _lengths(
        self, asked: Sequence[tuple[Moment, Range]], wanted: Sequence[Place]
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


def _name_of(until: Moment) -> str:
    return until.key.removesuffix("_at")
