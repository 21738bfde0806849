"""The people that tests act as: two organizations, every role, and a way to sign in as each."""

from collections.abc import Sequence
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


@dataclass(frozen=True)
class Draft:
    """Somebody who is about to have an account; `role` counts in `organization_id` alone."""

    name: str
    role: str = "candidate"
    organization_id: UUID | None = None
    is_superuser: bool = False


async def make_actors(
    session: WriteSession, settings: Settings, drafts: Sequence[Draft]
) -> list[Actor]:
    """Accounts without a password, their memberships, and an open sign-in for each."""
    ids = [(new_id(), new_id()) for _ in drafts]
    emails = [
        f"{draft.name}.{user_id.hex[-6:]}@example.com"
        for draft, (user_id, _) in zip(drafts, ids, strict=True)
    ]
    people = list(zip(drafts, ids, emails, strict=True))
    users = [
        {
            "id": ids[0],
            "email": email,
            "full_name": draft.name.title(),
            "is_superuser": draft.is_superuser,
        }
        for draft, ids, email in people
    ]
    expires = clock.now() + timedelta(days=1)
    families = [{"id": family, "user_id": user, "expires_at": expires} for user, family in ids]
    memberships = [
        {"organization_id": draft.organization_id, "user_id": ids[0], "role": draft.role}
        for draft, ids, _ in people
        if draft.organization_id is not None
    ]
    # The rows beside the statement: written into it, it would be put together anew for each test.
    await session.execute(insert(User), users)
    await session.execute(insert(RefreshFamily), families)
    if memberships:
        await session.execute(insert(Membership), memberships)
    tokens = Tokens(settings.auth)
    return [
        Actor(
            user,
            email,
            draft.organization_id,
            {"Authorization": f"Bearer {tokens.access(user, family)}"},
        )
        for draft, (user, family), email in people
    ]


async def make_actor(
    session: WriteSession,
    settings: Settings,
    name: str,
    *,
    role: str = "candidate",
    organization_id: UUID | None = None,
    is_superuser: bool = False,
) -> Actor:
    """One account more."""
    draft = Draft(name, role, organization_id, is_superuser)
    return (await make_actors(session, settings, [draft]))[0]


async def make_crew(database: Database, settings: Settings) -> Crew:
    """The whole crew, committed; written in few statements, because most tests begin with it."""
    async with database.write(Scope.system()) as session:
        here = await make_organization(session, "Northwind")
        there = await make_organization(session, "Contoso")
        drafts = {
            **{role: Draft(role, role, here) for role in ("admin", "staff", "viewer", "employer")},
            "candidate": Draft("candidate"),
            "stranger": Draft("stranger", "admin", there),
            "superuser": Draft("superuser", is_superuser=True),
        }
        made = await make_actors(session, settings, list(drafts.values()))
        return Crew(
            organization_id=here,
            other_organization_id=there,
            **dict(zip(drafts, made, strict=True)),
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
