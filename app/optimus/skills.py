"""Skills that are asked for beside those that are offered, told to be the same by the taxonomy."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from app.core.db import ReadSession
from app.optimus import queries
from app.optimus.arithmetic import share
from app.optimus.counting import Field
from app.optimus.ranges import Range
from app.optimus.schemas import CoverageOut, JobSkillsOut, SkillOut, SkillsOut
from app.skills.keys import key_of

MOST_SHOWN: Final = 15
# A skill that fewer than this share of the applicants have is a gap.
GAP_SHARE: Final = 0.25


async def market(session: ReadSession, field: Field, during: Range, at: datetime) -> SkillsOut:
    """What open jobs ask for most, and how many of the period's applicants have it."""
    asked = await queries.demand(session, field, at)
    keys = await _keys(asked)
    jobs: dict[str, int] = {}
    names: dict[str, str] = {}
    for name, many in asked.items():
        jobs[keys[name]] = jobs.get(keys[name], 0) + many
        names.setdefault(keys[name], name)
    top = sorted(jobs, key=lambda key: (-jobs[key], names[key].casefold()))[:MOST_SHOWN]
    read, offered = await queries.offers(session, field, during, top)
    shown = [
        SkillOut(
            name=names[key],
            jobs=jobs[key],
            applicants=offered.get(key, 0),
            share=share(offered.get(key, 0), read),
        )
        for key in top
    ]
    return SkillsOut(in_demand=shown, applicants_read=read)


async def of_job(
    session: ReadSession, field: Field, during: Range | None, wanted: Iterable[str]
) -> JobSkillsOut:
    """How many applicants have each of the job's skills, and which are rare among them."""
    keys = await _keys(wanted)
    read, offered = await queries.offers(session, field, during, list(keys.values()))
    coverage = [
        CoverageOut(
            name=name, applicants=offered.get(key, 0), share=share(offered.get(key, 0), read)
        )
        for name, key in keys.items()
    ]
    gaps = [one.name for one in coverage if one.share is not None and one.share < GAP_SHARE]
    return JobSkillsOut(applicants_read=read, coverage=coverage, gaps=gaps)


async def _keys(names: Iterable[str]) -> Mapping[str, str]:
    # The taxonomy is loaded at its first use, which takes a moment.
    return await asyncio.to_thread(lambda: {name: key_of(name) for name in names})
