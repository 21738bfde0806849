"""The people that tests act as: two organizations, every role, and a way to sign in as each."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert

from app.accounts.models import RefreshFamily, User
from app.auth.tokens import Tokens
from app.core import clock
from app.core.db import Database, Scope, WriteSession
from app.core.ids import new_id
from app.core.settings import Settings
from app.organizations.models import Membership, Organization

PASSWORD = "correct horse battery"
API = "/api/v1"


@dataclass(frozen=True)
class Actor:
    """Somebody with an account, and the header that proves it."""

    id: UUID
    email: str
    organization_id: UUID | None
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Crew:
    """One of each role in `organization_id`; `stranger` is the admin of another organization.

    `candidate` and `superuser` belong to no organization.
    """

    organization_id: UUID
    other_organization_id: UUID
    admin: Actor
    staff: Actor
    viewer: Actor
    employer: Actor
    candidate: Actor
    stranger: Actor
    superuser: Actor

    def headers(self, name: str) -> dict[str, str]:
        """The headers of the actor with this name; none for `anonymous`."""
        if name == "anonymous":
            return {}
        actor: Actor = getattr(self, name)
        return actor.headers


async def make_organization(session: WriteSession, name: str) -> UUID:
    """An organization without members."""
    organization_id = new_id()
    await session.execute(
        insert(Organization).values(
            id=organization_id, name=name, slug=f"{name.lower()}-{organization_id.hex[-6:]}"
        )
    )
    return organization_id


async def make_actor(
    session: WriteSession,
    settings: Settings,
    name: str,
    *,
    role: str = "candidate",
    organization_id: UUID | None = None,
    is_superuser: bool = False,
) -> Actor:
    """An account without a password, its membership and an open sign-in."""
    user_id, family_id = new_id(), new_id()
    email = f"{name}.{user_id.hex[-6:]}@example.com"
    await session.execute(
        insert(User).values(
            id=user_id, email=email, full_name=name.title(), is_superuser=is_superuser
        )
    )
    expires = clock.now() + timedelta(days=1)
    await session.execute(
        insert(RefreshFamily).values(id=family_id, user_id=user_id, expires_at=expires)
    )
    if organization_id is not None:
        await session.execute(
            insert(Membership).values(organization_id=organization_id, user_id=user_id, role=role)
        )
    token = Tokens(settings.auth).access(user_id, family_id)
    return Actor(user_id, email, organization_id, {"Authorization": f"Bearer {token}"})


async def make_crew(database: Database, settings: Settings) -> Crew:
    """The whole crew, committed."""
    async with database.write(Scope.system()) as session:
        here = await make_organization(session, "Northwind")
        there = await make_organization(session, "Contoso")
        members = {
            role: await make_actor(session, settings, role, role=role, organization_id=here)
            for role in ("admin", "staff", "viewer", "employer")
        }
        return Crew(
            organization_id=here,
            other_organization_id=there,
            **members,
            candidate=await make_actor(session, settings, "candidate"),
            stranger=await make_actor(
                session, settings, "stranger", role="admin", organization_id=there
            ),
            superuser=await make_actor(session, settings, "superuser", is_superuser=True),
        )


@pytest.fixture
async def crew(database: Database, settings: Settings) -> Crew:
    """The crew in the database that is rolled back after the test."""
    return await make_crew(database, settings)


async def register(
    client: httpx.AsyncClient, email: str = "ada@example.com", password: str = PASSWORD
) -> httpx.Response:
    """Register over the API."""
    body = {"email": email, "password": password, "full_name": "Ada Lovelace"}
    return await client.post(f"{API}/users", json=body)


async def log_in(
    client: httpx.AsyncClient, email: str = "ada@example.com", password: str = PASSWORD
) -> httpx.Response:
    """Sign in over the API."""
    form = {"username": email, "password": password}
    return await client.post(f"{API}/login/access-token", data=form)


def bearer(answer: httpx.Response) -> dict[str, str]:
    """The header that a token answer gives a right to."""
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
