"""Who somebody is elsewhere is nobody else's to read: row-level security under the raw statements."""

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.accounts.models import ExternalIdentity
from app.core.db import Database, Scope
from tests.people import Crew


@pytest.fixture
async def known(database: Database, crew: Crew) -> Crew:
    """Staff and stranger have an identity at the same issuer."""
    async with database.write(Scope.system()) as session:
        for actor in (crew.staff, crew.stranger):
            await session.execute(
                text(
                    "INSERT INTO external_identities"
                    " (issuer, subject, provider, user_id, claims_digest, claims_at)"
                    " VALUES ('https://i.example', :subject, 'keycloak', :user, '', now())"
                ),
                {"subject": str(actor.id), "user": actor.id},
            )
    return crew


async def test_people_see_their_own(database: Database, known: Crew) -> None:
    rows = select(func.count()).select_from(ExternalIdentity)
    scopes = {
        Scope.system(): 2,
        Scope.public(): 0,
        Scope.person(known.staff.id): 1,
        Scope.tenant(known.organization_id): 0,
        Scope.tenant(known.organization_id, known.admin.id): 0,
        Scope.tenant(known.other_organization_id, known.stranger.id): 1,
    }
    for scope, count in scopes.items():
        async with database.read(scope) as session:
            assert await session.scalar(rows) == count


async def test_nobody_makes_themselves_somebody_else(database: Database, known: Crew) -> None:
    scope = Scope.tenant(known.organization_id, known.staff.id)
    async with database.write(scope) as session:
        changed = await session.execute(update(ExternalIdentity).values(user_id=known.staff.id))
        assert changed.rowcount == 0  # type: ignore[attr-defined]
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.write(scope) as session:
            await session.execute(
                text(
                    "INSERT INTO external_identities"
                    " (issuer, subject, provider, user_id, claims_digest, claims_at)"
                    " VALUES ('https://i.example', 'admin', 'keycloak', :user, '', now())"
                ),
                {"user": known.staff.id},
            )
