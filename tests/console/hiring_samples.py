"""Jobs with applicants that the tests of the hiring pages look at."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.accounts.models import User
from app.applications.models import Application, ApplicationMove
from app.core.clock import now
from app.core.db import Database, Scope
from app.core.ids import new_id
from tests.people import Crew

HERE = {"Sec-Fetch-Site": "same-origin"}


async def make_applicants(
    database: Database, crew: Crew, job_id: UUID, people: dict[str, dict[str, Any]]
) -> dict[str, UUID]:
    """An application of a person of each name; the ids by their names."""
    users, applications, moves = [], [], []
    for name, changes in people.items():
        person, application = new_id(), new_id()
        users.append({"id": person, "email": f"{person.hex}@example.com", "full_name": name})
        applications.append(
            {
                "id": application,
                "job_id": job_id,
                "organization_id": crew.organization_id,
                "candidate_id": person,
                **_usual(now()),
                **changes,
            }
        )
        moves.append({"application_id": application, "to_status": "applied", "by_id": person})
    async with database.write(Scope.system()) as session:
        await session.execute(insert(User), users)
        await session.execute(insert(Application), applications)
        await session.execute(insert(ApplicationMove), moves)
    return {name: one["id"] for name, one in zip(people, applications, strict=True)}


def _usual(at: datetime) -> dict[str, Any]:
    return {
        "status": "applied",
        "score": None,
        "source": None,
        "tags": [],
        "rating": None,
        "created_at": at,
    }
