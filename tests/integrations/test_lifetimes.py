"""Grants over time: refreshed once by many, warned of in time, ended, rotated, erased."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import insert, text

from app.core.clock import now
from app.core.crypto import KeyRing
from app.core.db import Database, DatabaseAway, Scope
from app.core.http import open_client
from app.core.ids import new_id
from app.core.models import Base
from app.core.rotation import rotate
from app.dev.bridges.asgi import Fault, LocalProviders
from app.integrations import privacy, tasks
from app.integrations.engine.oauth import Account
from app.integrations.models import ACCESS, REFRESH, Connection
from app.integrations.queries import connections as queries
from app.integrations.queries.connections import Owner
from app.integrations.service import vault
from app.integrations.service.bench import Bench
from app.integrations.service.tokens import open_access
from app.worker.registry import TaskContext
from tests.conftest import ORIGIN, Stage
from tests.integrations.stage import INTEGRATIONS, Bridges, with_providers
from tests.people import Crew, make_crew


async def all_of(database: Database, statement: str) -> list[dict[str, Any]]:
    async with database.read(Scope.system()) as session:
        return [dict(row) for row in (await session.execute(text(statement))).mappings()]


async def do(database: Database, statement: str, **values: object) -> None:
    async with database.write(Scope.system()) as session:
        await session.execute(text(statement), values)


@asynccontextmanager
async def working(bridges: Bridges, database: Database) -> AsyncIterator[TaskContext]:
    settings = bridges.settings
    async with (
        Redis.from_url(settings.redis.url.get_secret_value()) as redis,
        open_client(timeout_seconds=2, connections=2) as http,
    ):
        yield TaskContext(settings, database, redis, http)


async def keep(
    database: Database, ring: KeyRing, owner: Owner, refresh_token: str, **changes: Any
) -> None:
    """A connection whose access token is over."""
    connection_id = new_id()
    values = {
        "id": connection_id,
        "organization_id": owner.organization_id,
        "user_id": owner.user_id,
        "provider": owner.provider,
        "access_token": vault.seal(ring, ACCESS, "old", connection_id, owner),
        "refresh_token": vault.seal(ring, REFRESH, refresh_token, connection_id, owner),
        "account": vault.sealed_account(ring, Account("1", "ada@x.example"), connection_id, owner),
        "expires_at": now() - timedelta(minutes=1),
        **changes,
    }
    async with database.write(Scope.system()) as session:
        await session.execute(insert(Connection).values(**values))


async def test_many_at_once_refresh_once(
    stage: Stage, provider_server: tuple[LocalProviders, str]
) -> None:
    """Several connections, a real lease: one call to the provider, and all get the new token."""
    providers, address = provider_server
    providers.reset()
    grants = providers.places["microsoft"].grants
    grants.refresh["rt-1"] = ("Calendars.ReadWrite",)
    settings = with_providers(stage.settings, address)
    crew = await make_crew(stage.database, stage.settings)
    owner = Owner(crew.organization_id, crew.employer.id, "outlook_calendar")
    async with open_client(timeout_seconds=5, connections=8) as http:
        bench = Bench(settings, stage.database, http)
        await keep(stage.database, bench.ring, owner, "rt-1")
        found = await asyncio.gather(*(open_access(bench, owner) for _ in range(8)))
    assert {access.token for access in found} == set(grants.access)
    assert len(grants.access) == 1
    assert len([one for one in providers.asked if one.path.endswith("/token")]) == 1


async def test_whoever_died_while_refreshing_is_followed(
    stage: Stage, provider_server: tuple[LocalProviders, str]
) -> None:
    """A lease ends; who held it and comes back late writes nothing."""
    providers, address = provider_server
    providers.reset()
    providers.places["google"].grants.refresh["rt-1"] = ("calendar.events",)
    settings = with_providers(stage.settings, address)
    crew = await make_crew(stage.database, stage.settings)
    owner = Owner(crew.organization_id, crew.employer.id, "google_calendar")
    async with open_client(timeout_seconds=5, connections=2) as http:
        bench = Bench(settings, stage.database, http)
        await keep(stage.database, bench.ring, owner, "rt-1")
        async with stage.database.write(Scope.system()) as session:
            row = await queries.find(session, owner)
            assert row is not None
            late = await queries.lease(session, row.id, row.grants, -1.0)
            assert late is not None
        access = await open_access(bench, owner)
        assert access.grants == 2
        async with stage.database.write(Scope.system()) as session:
            assert not await queries.write_leased(session, row.id, late, {"last_error": "late"})


async def test_an_old_token_does_while_the_provider_is_away(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    """Refreshing begins minutes before the end, so that an outage then is no outage here."""
    bridges.place("google").grants.access_seconds = 200
    await bridges.connect(crew.employer, "google")
    bridges.providers.faults["/google/token"] = Fault(503, times=99)
    span = {"starts_at": now().isoformat(), "ends_at": (now() + timedelta(days=1)).isoformat()}
    path = f"{INTEGRATIONS}/google-calendar/free-busy"
    answer = await bridges.client.get(path, params=span, headers=crew.employer.headers)
    assert answer.status_code == 200
    standing = await bridges.standing(crew.employer, "google")
    assert (standing["is_connected"], standing["needs_reconnect"]) == (True, False)


async def test_the_end_of_sixty_days_is_told_in_time_and_once(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    await bridges.connect(crew.employer, "linkedin")
    told = "SELECT params, kind FROM notifications WHERE kind = 'integration.needs_reconnect'"
    async with working(bridges, database) as context:
        await tasks.keep_alive(context)
        assert await all_of(database, told) == []
        await do(
            database,
            "UPDATE connections SET connected_at = now() - interval '55 days',"
            " grant_ends_at = now() + interval '5 days', expires_at = now() + interval '5 days'",
        )
        for _ in range(2):
            await tasks.keep_alive(context)
        (notice,) = await all_of(database, told)
        assert notice["params"]["provider"] == "linkedin"
        assert (await bridges.standing(crew.employer, "linkedin"))["is_connected"]
        await do(database, "UPDATE connections SET grant_ends_at = now() - interval '1 minute'")
        for _ in range(2):
            await tasks.keep_alive(context)
    assert len(await all_of(database, told)) == 2
    standing = await bridges.standing(crew.employer, "linkedin")
    assert (standing["needs_reconnect"], standing["last_error"]) == (True, "expired")


async def test_an_idle_grant_is_kept_alive(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    await bridges.connect(crew.employer, "microsoft")
    await do(
        database,
        "UPDATE connections SET refreshed_at = now() - interval '8 days',"
        " expires_at = now() - interval '8 days'",
    )
    async with working(bridges, database) as context:
        for _ in range(2):
            await tasks.keep_alive(context)
    (row,) = await all_of(database, "SELECT * FROM connections")
    assert row["grants"] == 2
    assert row["expires_at"] > now()


@pytest.mark.parametrize("how", ["erased", "left", "unheard"])
async def test_what_is_left_behind_is_revoked_by_a_worker(
    bridges: Bridges, crew: Crew, database: Database, how: str
) -> None:
    """Erased accounts, people who left, and a provider that did not answer at first."""
    await bridges.connect(crew.employer, "google")
    if how == "erased":
        async with database.write(Scope.system()) as session:
            await privacy.erase(session, crew.employer.id)
    elif how == "left":
        await do(database, "DELETE FROM memberships WHERE user_id = :who", who=crew.employer.id)
    else:
        bridges.providers.faults["/google/revoke"] = Fault(503, None, {"Retry-After": "9"})
        path = f"{INTEGRATIONS}/google-calendar/disconnect"
        await bridges.client.delete(path, headers=crew.employer.headers)
    assert bridges.place("google").grants.revoked == []
    async with working(bridges, database) as context:
        for _ in range(2):
            await tasks.revoke(context)
    assert len(bridges.place("google").grants.revoked) == 1
    assert await all_of(database, "SELECT * FROM connections") == []


async def test_ones_own_data_names_connections_and_no_tokens(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    await bridges.connect(crew.employer, "google")
    scope = Scope.tenant(crew.organization_id, crew.employer.id)
    async with database.read(scope) as session:
        held = await privacy.personal_data(session, crew.employer.id)
    (connection,) = held.facts["connections"]
    assert set(connection) == {"provider", "connected_at", "last_used_at"}


async def test_keys_are_rotated(bridges: Bridges, crew: Crew, database: Database) -> None:
    """What an older key sealed is sealed anew, and still opens."""
    await bridges.connect(crew.employer, "google")
    (before,) = await all_of(database, "SELECT * FROM connections")
    auth = bridges.settings.auth
    keys = SecretStr(f"new:{base64.b64encode(b'n' * 32).decode()}")
    fresh = KeyRing.from_settings(auth.model_copy(update={"encryption_keys": keys}))
    await rotate(database, fresh, Base.metadata)
    (after,) = await all_of(database, "SELECT * FROM connections")
    for column in ("access_token", "refresh_token", "account"):
        assert after[column].startswith("v1.new.")
        assert not before[column].startswith("v1.new.")
    async with database.read(Scope.system()) as session:
        row = await queries.find(
            session, Owner(crew.organization_id, crew.employer.id, "google_calendar")
        )
        assert row is not None
        assert vault.access_token(fresh, row) in bridges.place("google").grants.access


async def test_tokens_of_another_row_do_not_open(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    """A token copied into somebody else's row is nothing: reconnect, and never a 500."""
    for who in (crew.employer, crew.admin):
        await bridges.connect(who, "google")
    await do(
        database,
        "UPDATE connections SET access_token = (SELECT access_token FROM connections"
        " WHERE user_id = :admin) WHERE user_id = :employer",
        admin=crew.admin.id,
        employer=crew.employer.id,
    )
    standing = await bridges.standing(crew.employer, "google")
    assert (standing["is_connected"], standing["needs_reconnect"]) == (False, True)
    span = {"starts_at": now().isoformat(), "ends_at": (now() + timedelta(days=1)).isoformat()}
    path = f"{INTEGRATIONS}/google-calendar/free-busy"
    answer = await bridges.client.get(path, params=span, headers=crew.employer.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "integrations.not_connected")


async def test_the_status_without_a_database(
    bridges: Bridges, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed in a moment ago; the query for the connections does not get through."""
    await bridges.connect(crew.employer, "google")

    async def away(*_: object) -> None:
        raise DatabaseAway

    monkeypatch.setattr(queries, "of_person", away)
    headers = {**crew.employer.headers, "Origin": ORIGIN}
    answer = await bridges.client.get("/api/integrations/status", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert [one["is_known"] for one in answer.json().values()] == [False] * 3
    assert not any(one["is_connected"] for one in answer.json().values())


async def test_a_second_organization_sees_nothing(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    """By the database's own rules, whatever a query forgets."""
    await bridges.connect(crew.employer, "google")
    await bridges.auth_url(crew.employer, "linkedin")
    others = [
        Scope.tenant(crew.other_organization_id, crew.stranger.id),
        Scope.tenant(crew.organization_id, crew.admin.id),
        Scope.tenant(crew.other_organization_id, crew.employer.id),
        Scope.person(crew.employer.id),
        Scope.public(),
    ]
    for scope in others:
        async with database.read(scope) as session:
            for table in ("connections", "oauth_states"):
                found = await session.execute(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
                assert found.scalar_one() == 0
