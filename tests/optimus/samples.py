"""A year of hiring that is counted twice: by the product in SQL, and by tests in Python."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert

from app.accounts.models import User
from app.applications.models import Application, ApplicationMove
from app.applications.moves import ALLOWED, STAGES, Party
from app.core.db import Database, Scope
from app.core.ids import new_id

SOURCES = (None, "linkedin", "referral", "Journée portes ouvertes")


@dataclass
class Letter:
    """An application as a plain value; `moves` after `applied`, with their moments."""

    id: UUID
    candidate_id: UUID
    job_id: UUID
    at: datetime
    source: str | None
    score: float | None
    moves: list[tuple[str, datetime]] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Where it stands."""
        return self.moves[-1][0] if self.moves else "applied"

    @property
    def reached(self) -> int:
        """The furthest stage."""
        order = (*STAGES, "accepted")
        return max([0, *(order.index(to) for to, _ in self.moves if to in order)])

    def moment(self, *statuses: str) -> datetime | None:
        """When it first became one of these."""
        return next((at for to, at in self.moves if to in statuses), None)


def letters(seed: int, jobs: Sequence[UUID], count: int, before: datetime) -> list[Letter]:
    """Applications of the seventy days before a moment, each moved at random by the rules."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        at = before - timedelta(hours=chance.uniform(1, 70 * 24))
        score = chance.choice([None, round(chance.uniform(0, 100), 1), 100.0])
        one = Letter(new_id(), new_id(), chance.choice(jobs), at, chance.choice(SOURCES), score)
        while chance.random() < 0.9:
            party: Party = "applicant" if chance.random() < 0.3 else "employer"
            allowed = sorted(ALLOWED[party].get(one.status, ()))
            at += timedelta(hours=chance.uniform(0.1, 60))
            if not allowed or at >= before:
                break
            one.moves.append((chance.choice(allowed), at))
        made.append(one)
    return made


async def keep(database: Database, organization_id: UUID, made: Sequence[Letter]) -> None:
    """Write the applications as the product would have, each by a candidate of its own."""
    people = [
        {"id": one.candidate_id, "email": f"{one.id}@example.com", "full_name": "Ada Byron"}
        for one in made
    ]
    applications = [
        {
            "id": one.id,
            "job_id": one.job_id,
            "organization_id": organization_id,
            "candidate_id": one.candidate_id,
            "status": one.status,
            "source": one.source,
            "score": one.score,
            "created_at": one.at,
        }
        for one in made
    ]
    moves = [
        {"application_id": one.id, "to_status": to, "at": at}
        for one in made
        for to, at in [("applied", one.at), *one.moves]
    ]
    async with database.write(Scope.system()) as session:
        await session.execute(insert(User), people)
        await session.execute(insert(Application), applications)
        await session.execute(insert(ApplicationMove), moves)
