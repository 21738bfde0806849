"""Tallies say at every moment exactly what counting the applications says."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import pytest
from sqlalchemy import ARRAY, DateTime, column, delete, func, literal, select, text, update
from sqlalchemy.exc import ProgrammingError

from app.applications.models import Application, ApplicationMove
from app.core.clock import now
from app.core.db import Database, ReadSession, Scope, as_owner
from app.optimus import tasks
from app.optimus.counting import Counted, Field
from app.optimus.models import ApplicationTally, TallyTotal
from app.optimus.ranges import Range, range_of
from app.optimus.tallies import Tallied, counts_of
from app.worker.registry import TaskContext
from tests.applications.samples import make_application
from tests.conftest import Stage
from tests.jobs.samples import make_job
from tests.optimus.samples import Letter, keep, letters
from tests.people import Crew, make_crew

_COUNTED = "created_at, status, reached, source, responded_at, accepted_at"
_KEY = "organization_id, measure, at, rank, status, source"
_DRIFT = text(
    f"""
    SELECT {_KEY}, sum(n) FROM (
        SELECT {_KEY}, count AS n FROM application_tallies UNION ALL
        SELECT a.organization_id, t.*, -1
        FROM applications a, tallied({", ".join(f"a.{name}" for name in _COUNTED.split(", "))}) t
    ) AS both_sides GROUP BY {_KEY} HAVING sum(n) <> 0
    """  # noqa: S608 - the values are constants of this test.
)
# Sums over longer steps are those of what is folded, and of nothing else.
_OTHER_TOTALS = text(
    f"""
    SELECT {_KEY}, sum(n) FROM (
        SELECT {_KEY}, count AS n FROM tally_totals UNION ALL
        SELECT organization_id, measure,
            date_bin(CASE measure WHEN 'arrived' THEN interval '6 hours' ELSE '28 days' END, at,
                timestamptz '2000-01-03 00:00:00+00'), rank, status, source, -count
        FROM application_tallies WHERE is_folded
    ) AS both_sides GROUP BY {_KEY} HAVING sum(n) <> 0
    """  # noqa: S608 - the values are constants of this test.
)
_ZONES = (
    "UTC",
    "Europe/Paris",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Los_Angeles",
)
_ALL = Scope.system()


async def drift(database: Database) -> list[Any]:
    """Where tallies and applications differ, or tallies and their sums."""
    async with database.read(_ALL) as session:
        return [*await session.execute(_DRIFT), *await session.execute(_OTHER_TOTALS)]


async def fold(database: Database, most: int) -> int:
    async with database.write(_ALL) as session:
        return int((await session.execute(select(func.fold_tallies(most)))).scalar_one())


async def _everything(counts: Counted | Tallied, during: Range) -> dict[str, Any]:
    ends = (Application.responded_at, Application.accepted_at)
    standing = await counts.standing(during)
    return {
        "arrivals": {slot: n for slot, n in (await counts.arrivals(during)).items() if n},
        "standing": sorted(standing.stages),
        "sources": standing.sources,
        "durations": [_shown(took) for took in await counts.durations(ends, during)],
    }


def _shown(took: Any) -> Any:
    present, before = took
    return (present, before.median, before.count)


async def _disturb(database: Database, made: list[Letter], chance: random.Random) -> None:
    """What happens to applications besides moves: they are deleted, and told otherwise."""
    async with database.write(_ALL) as session:
        gone = [one.id for one in made if chance.random() < 0.1]
        await session.execute(delete(Application).where(Application.id.in_(gone)))
        changed = [one.id for one in made if chance.random() < 0.2]
        await session.execute(
            update(Application)
            .where(Application.id.in_(changed))
            .values(source=chance.choice([None, "", "salon de l'emploi"]), status="rejected")
        )
        late = Application.created_at - timedelta(days=chance.choice([0, 1, 400]))
        await session.execute(
            update(Application)
            .where(Application.id.in_(chance.sample(changed, min(3, len(changed)))))
            .values(created_at=late)
        )


@pytest.mark.parametrize("seed", range(3))
async def test_sums_are_what_counting_says(database: Database, crew: Crew, seed: int) -> None:
    chance = random.Random(seed)
    jobs = [await make_job(database, crew) for _ in range(2)]
    for _ in range(2):
        made = letters(chance.randrange(1000), jobs, 90, now())
        await keep(database, crew.organization_id, made)
        await _disturb(database, made, chance)
        await fold(database, chance.choice([0, 40, 5000]))
    assert await drift(database) == []
    today = now().date()
    async with database.read(Scope.tenant(crew.organization_id)) as session:
        for zone in _ZONES:
            last = today - timedelta(days=chance.randrange(20))
            first = last - timedelta(days=chance.choice([0, 1, 6, 13, 40, 500]))
            during = range_of(first, last, zone)
            field = Field(crew.organization_id)
            sums = await _everything(Tallied(session, field), during)
            assert sums == await _everything(Counted(session, field), during)


async def test_the_platforms_are_the_sum_of_all(
    database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    await keep(database, crew.organization_id, letters(5, [job_id], 60, now()))
    await tasks.fold(context)
    during = range_of(now().date() - timedelta(days=30), None, "UTC")
    async with database.read(_ALL) as session:
        counts = await counts_of(session, Field())
        assert isinstance(counts, Tallied)
        assert await _everything(counts, during) == await _everything(
            Counted(session, Field()), during
        )


async def test_what_stood_before_is_counted_in_steps(
    database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    await keep(database, crew.organization_id, letters(1, [job_id], 40, now()))
    async with database.write(_ALL) as session, as_owner(session):
        await session.execute(delete(ApplicationTally))
        await session.execute(
            text("INSERT INTO tally_backlog (organization_id) SELECT id FROM organizations")
        )
    # It goes on being counted while the steps are taken.
    await keep(database, crew.organization_id, letters(2, [job_id], 40, now()))
    field = Field(crew.organization_id)
    async with database.write(Scope.tenant(crew.organization_id)) as session:
        assert isinstance(await counts_of(session, field), Counted)
        assert (await session.execute(select(func.fill_tallies()))).scalar_one()
    await fold(database, 30)
    assert await drift(database) != []
    await tasks.fold(context)
    assert await drift(database) == []
    async with database.read(Scope.tenant(crew.organization_id)) as reader:
        assert isinstance(await counts_of(reader, field), Tallied)
        rows = await reader.execute(
            select(func.count()).where(ApplicationTally.is_folded.is_not(True))
        )
        assert rows.scalar_one() == 0


async def test_what_adds_up_to_nothing_is_gone(
    database: Database, crew: Crew, context: TaskContext
) -> None:
    job_id = await make_job(database, crew)
    await keep(database, crew.organization_id, letters(3, [job_id], 20, now()))
    await tasks.fold(context)
    async with database.write(_ALL) as session, as_owner(session):
        await session.execute(text("DELETE FROM organizations"))
    await tasks.fold(context)
    async with database.read(_ALL) as reader:
        for table in (ApplicationTally, TallyTotal):
            left = await reader.execute(select(func.count()).select_from(table))
            assert left.scalar_one() == 0


async def test_nobody_sees_or_writes_anothers_tallies(database: Database, crew: Crew) -> None:
    job_id = await make_job(database, crew)
    await keep(database, crew.organization_id, letters(3, [job_id], 40, now()))
    await fold(database, 20)

    async def seen(session: ReadSession) -> tuple[int, int, int]:
        rows = await session.execute(select(func.count()).select_from(ApplicationTally))
        totals = await session.execute(select(func.count()).select_from(TallyTotal))
        long_ago = now() - timedelta(days=100)
        hours = func.application_hours(
            "responded", crew.organization_id, long_ago, now(), list(range(300)), 0, 100
        )
        hours_seen = len((await session.execute(select(hours))).all())
        return rows.scalar_one(), totals.scalar_one(), hours_seen

    scopes: list[Callable[[UUID], Scope]] = [Scope.tenant, Scope.person]
    async with database.read(Scope.tenant(crew.organization_id)) as session:
        assert min(await seen(session)) > 0
    for scope in (*(one(crew.stranger.organization_id) for one in scopes), Scope.public()):  # type: ignore[arg-type]
        async with database.read(scope) as session:
            assert await seen(session) == (0, 0, 0)
    for statement in (
        "UPDATE application_tallies SET count = 9",
        "DELETE FROM tally_totals",
        "DELETE FROM tally_backlog",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with database.write(_ALL) as session:
                await session.execute(text(statement))


async def test_writers_and_the_sweep_at_once(stage: Stage) -> None:
    crew = await make_crew(stage.database, stage.settings)
    made = [await make_application(stage.database, crew) for _ in range(4)]
    async with stage.database.write(_ALL) as session, as_owner(session):
        await session.execute(delete(ApplicationTally))
        await session.execute(
            text("INSERT INTO tally_backlog (organization_id) SELECT id FROM organizations")
        )

    async def move(application_id: UUID) -> None:
        for status in ("viewed", "interview", "offer", "accepted"):
            async with stage.database.write(_ALL) as session:
                session.add(ApplicationMove(application_id=application_id, to_status=status))
                await session.flush()
                await session.execute(
                    update(Application)
                    .where(Application.id == application_id)
                    .values(status=status)
                )

    async def sweep() -> None:
        for _ in range(8):
            async with stage.database.write(_ALL) as session:
                await session.execute(select(func.fill_tallies()))
            await fold(stage.database, 3)

    await asyncio.gather(*(move(one) for _, one in made), sweep(), sweep())
    async with stage.database.write(_ALL) as session:
        while (await session.execute(select(func.fill_tallies()))).scalar_one():
            pass
    assert await drift(stage.database) == []


def test_every_midnight_falls_on_a_quarter_of_an_hour() -> None:
    months = [datetime(2020 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(180)]
    for name in available_timezones():
        zone = ZoneInfo(name)
        for month in months:
            offset = month.astimezone(zone).utcoffset()
            assert offset is not None
            assert offset % timedelta(minutes=15) == timedelta(0), (name, month)


@pytest.mark.parametrize("short", [timedelta(days=1), timedelta(days=7)])
async def test_a_span_is_cut_into_whole_steps_and_the_rest(
    database: Database, short: timedelta
) -> None:
    chance, origin, long = random.Random(5), datetime(2000, 1, 3, tzinfo=UTC), timedelta(days=28)
    spans = []
    for _ in range(200):
        begins = origin + timedelta(minutes=15 * chance.randrange(-100_000, 1_000_000))
        length = timedelta(minutes=15 * chance.choice([0, 1, 96, 97, 700, 5000, 70_272]))
        spans.append((begins, begins + length))
    cut = select(func.tally_spans(column("begins"), column("ends"), short)).select_from(
        func.unnest(
            literal([one for one, _ in spans], ARRAY(DateTime(timezone=True))),
            literal([one for _, one in spans], ARRAY(DateTime(timezone=True))),
        )
        .table_valued("begins", "ends")
        .render_derived()
    )
    async with database.read(_ALL) as session:
        found = (await session.execute(cut)).scalars().all()
    for (begins, ends), moments in zip(spans, found, strict=True):
        assert (moments[0], moments[-1]) == (begins, ends)
        assert moments == sorted(moments)
        whole, longest = moments[4] - moments[1], moments[3] - moments[2]
        # What sticks out is less than a step at either end, and whole steps begin where one does.
        assert max(moments[1] - begins, ends - moments[4]) < short or not whole
        assert (
            not whole or (moments[1] - origin) % short == (moments[4] - origin) % short == 0 * short
        )
        assert not longest or (moments[2] - origin) % long == longest % long == 0 * long
        assert whole - longest < 2 * long
        assert whole or ends - begins < 2 * short


def test_days_begin_where_clocks_change_at_midnight() -> None:
    during = range_of(date(2024, 4, 25), date(2024, 4, 27), "Africa/Cairo")
    lengths = [
        after - before
        for before, after in zip(during.moments()[1:], during.moments()[2:], strict=False)
    ]
    assert lengths == [timedelta(hours=24), timedelta(hours=23), timedelta(hours=24)]
