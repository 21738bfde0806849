"""Which jobs are new: for those who want to be told, in the room above."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, func, select

from app.core.db import ReadSession, driver
from app.core.plans import plan_for_each_question
from app.jobs import finding
from app.jobs.filters import Filters
from app.jobs.models import OpenJob
from app.jobs.search import correctable, corrections, expression, words_of
from app.jobs.skills import keys_of_filter
from app.jobs.synonyms import meant_by

__all__ = ["SETTLED", "Filters", "keys_of_filter", "looked_for", "posted", "settled"]

# A job's `posted_at` is taken before its transaction ends, which is over in 15 s at the longest
# (statement and idle timeouts); the rest is for clocks that differ. What lies this far back is whole.
SETTLED: Final = timedelta(minutes=2)


async def looked_for(session: ReadSession, question: str) -> str:
    """The words of a question, slips of the keyboard corrected by what is known now, for
    `Filters.expression`: a job has to answer all of them. Empty for a question without words.
    """
    words = words_of(question)
    near = await finding.near_words(await driver(session), correctable(words))
    corrected = {word: corrections(word, known) for word, known in near.items()}
    return expression(words, corrected, await meant_by(words)) if words else ""


async def settled(session: ReadSession) -> tuple[datetime, datetime | None]:
    """Up to when every job that was posted can be seen, and when the newest of them was posted.

    What this transaction asks afterwards is planned for its own words.
    """
    await plan_for_each_question(session)
    until = func.now() - SETTLED
    newest = (
        select(OpenJob.posted_at)
        .where(OpenJob.posted_at <= until)
        .order_by(OpenJob.posted_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = (await session.execute(select(until, newest))).one()
    return row[0], row[1]


async def posted(
    session: ReadSession, filters: Filters, until: datetime, most: int
) -> tuple[Sequence[Row[Any]], int]:
    """Id, title, company and location of the newest `most` jobs that match, and how many do."""
    total = func.count().over().label("total")
    columns: list[Any] = [OpenJob.id, OpenJob.title, OpenJob.company, OpenJob.location, total]
    statement: Select[Any] = (
        select(*columns)
        .where(*filters.conditions(), OpenJob.posted_at <= until)
        .order_by(OpenJob.posted_at.desc(), OpenJob.id.desc())
        .limit(most)
    )
    rows: Sequence[Row[Any]] = (await session.execute(statement)).all()
    return rows, rows[0].total if rows else 0
