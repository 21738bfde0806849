"""A job's skills as they are stored: by the names that its employer gave, and by what these mean."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select, update

from app.core.db import ReadSession, WriteSession
from app.jobs.models import Job
from app.skills.keys import key_of, keys_of
from app.skills.surface import key_of as comparable
from app.skills.taxonomy import taxonomy, version

_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Named:
    """A job's skills by name, as they were read."""

    job_id: UUID
    skills: Sequence[str]


def columns_of(skills: Sequence[str]) -> dict[str, Any]:
    """The columns that follow from the names: each one's key in their order, and what is searched.

    That is the names and, where the taxonomy calls a skill otherwise, its own name for it.
    """
    known = taxonomy() if skills else None
    said = {comparable(name) for name in skills}
    also: dict[str, str] = {}
    for name in skills:
        concept = None if known is None else known.named(name)
        if concept is not None and comparable(concept.name) not in said:
            also[concept.id] = concept.name
    return {
        "skill_keys": keys_of(skills),
        "skills_text": ", ".join([*skills, *also.values()]),
        "skills_version": version(),
    }


async def written(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a job with all that follows from its skills, where they name any."""
    if "skills" not in values:
        return values
    # The taxonomy is loaded at its first use, which takes a moment.
    return {**values, **await asyncio.to_thread(columns_of, values["skills"])}


async def keys_of_filter(names: Sequence[str]) -> list[str]:
    """What a filter by these names looks for."""
    return (
        await asyncio.to_thread(lambda: sorted({key_of(name) for name in names})) if names else []
    )


async def unnamed(session: ReadSession) -> list[Named]:
    """Some jobs whose keys were never found, or by another taxonomy than today's."""
    found = await session.execute(
        select(Job.id, Job.skills)
        .where(
            func.cardinality(Job.skills) > 0,
            or_(Job.skills_version.is_(None), Job.skills_version != version()),
        )
        .order_by(Job.id)
        .limit(_BATCH)
    )
    return [Named(each.id, each.skills) for each in found]


def named(rows: Sequence[Named]) -> list[tuple[Named, dict[str, Any]]]:
    """Each with the columns that follow from its names."""
    return [(each, columns_of(each.skills)) for each in rows]


async def name(session: WriteSession, rows: Sequence[tuple[Named, dict[str, Any]]]) -> None:
    """Write the keys of jobs that still have these skills. To the outside nothing has changed."""
    for each, columns in rows:
        await session.execute(
            update(Job).where(Job.id == each.job_id, Job.skills == each.skills).values(columns)
        )
