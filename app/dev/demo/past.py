"""Puts what was just made into the past, where a demonstration needs a history.

The services know only the present, as they should, and the application's own role may not change a
history at all. So the dates are moved afterwards, by the owner of the tables. The audit log is not
touched: it says when it really was.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, pool, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.applications.models import Application, ApplicationMove
from app.core.db import database_url
from app.jobs.models import Job
from app.organizations.models import Membership, Organization

_FOUNDED: Final = 400
_BETWEEN_COLLEAGUES: Final = 37


@dataclass(slots=True)
class Past:
    """How many days ago things are to have been; gathered while they are made."""

    colleagues: list[UUID] = field(default_factory=list)
    jobs: dict[UUID, float] = field(default_factory=dict)
    applications: dict[UUID, float] = field(default_factory=dict)

    async def settle(self, url: str) -> None:
        """Move all of it; `url` is the database's, by the login that owns the tables."""
        engine = create_async_engine(database_url(url), poolclass=pool.NullPool)
        try:
            async with engine.begin() as connection:
                await self._people(connection)
                for job_id, age in self.jobs.items():
                    await _job(connection, job_id, age)
                for application_id, age in self.applications.items():
                    await _application(connection, application_id, age)
        finally:
            await engine.dispose()

    async def _people(self, connection: AsyncConnection) -> None:
        """Everybody has joined some weeks after the one before."""
        await connection.execute(update(Organization).values(created_at=_ago(_FOUNDED)))
        for number, user_id in enumerate(self.colleagues):
            joined = _ago(_FOUNDED - _BETWEEN_COLLEAGUES * number)
            own = update(Membership).where(Membership.user_id == user_id)
            await connection.execute(own.values(created_at=joined))


def _ago(days: float) -> Any:
    return func.now() - timedelta(days=days)


async def _job(connection: AsyncConnection, job_id: UUID, age: float) -> None:
    own = update(Job).where(Job.id == job_id)
    await connection.execute(own.values(created_at=_ago(age)))
    await connection.execute(own.where(Job.posted_at.is_not(None)).values(posted_at=_ago(age)))


async def _application(connection: AsyncConnection, application_id: UUID, age: float) -> None:
    """Spread the steps evenly from `age` days ago until a fifth of that."""
    steps = (
        select(ApplicationMove.id)
        .where(ApplicationMove.application_id == application_id)
        .order_by(ApplicationMove.id)
    )
    moves = (await connection.scalars(steps)).all()
    pace = age * 0.8 / max(1, len(moves) - 1)
    days = [age - number * pace for number in range(len(moves))]
    for move_id, ago in zip(moves, days, strict=True):
        step = update(ApplicationMove).where(ApplicationMove.id == move_id)
        await connection.execute(step.values(at=_ago(ago)))
    own = update(Application).where(Application.id == application_id)
    await connection.execute(own.values(created_at=_ago(age), updated_at=_ago(days[-1])))
    answered = own.where(Application.responded_at.is_not(None))
    await connection.execute(answered.values(responded_at=_ago(days[min(1, len(days) - 1)])))
    accepted = own.where(Application.accepted_at.is_not(None))
    await connection.execute(accepted.values(accepted_at=_ago(days[-1])))
