"""Refresh families: rotation, the grace, reuse, idle and absolute ends, leaving."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update

from app.accounts import service, sessions
from app.accounts.errors import RefreshReused
from app.accounts.identity import Identity
from app.accounts.letters import Letters
from app.accounts.models import RefreshFamily, RefreshToken, User
from app.core import clock
from app.core.db import Database, Scope
from app.core.settings import AuthSettings, Settings
from app.main import Intake, create_app
from tests.conftest import Stage
from tests.people import API, PASSWORD, bearer, register


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post(f"{API}/login/refresh-token", json={"refresh_token": token})


def later(monkeypatch: pytest.MonkeyPatch, **span: float) -> None:
    """Move the process's clock on, from the time that it shows now."""
    moment = clock.now() + timedelta(**span)
    monkeypatch.setattr(clock, "now", lambda: moment)


async def test_each_use_gives_a_new_pair(client: httpx.AsyncClient) -> None:
    token = (await register(client)).json()["refresh_token"]
    seen = {token}
    for _ in range(3):
        answer = await refresh(client, token)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json()["user"]["email"] == "ada@example.com"
        me = await client.get(f"{API}/users/me", headers=bearer(answer))
        assert me.status_code == 200
        token = answer.json()["refresh_token"]
        seen.add(token)
    assert len(seen) == 4


async def test_a_lost_answer_is_given_again(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (await register(client)).json()["refresh_token"]
    first = await refresh(client, token)
    later(monkeypatch, seconds=29)
    second = await refresh(client, token)
    assert second.status_code == 200
    assert second.json()["refresh_token"] == first.json()["refresh_token"]
    assert (await refresh(client, second.json()["refresh_token"])).status_code == 200


async def test_a_new_secret_keeps_everybody_signed_in(
    client: httpx.AsyncClient, app: Intake, settings: Settings
) -> None:
    """Also whoever's answer got lost just then: the token of before is said again as it was."""
    registered = await register(client)
    token = registered.json()["refresh_token"]
    lost = await refresh(client, token)
    fresh = AuthSettings(
        secret_key=SecretStr("another-secret-of-the-tests-with-32-bytes-or-more"),
        secret_key_previous=settings.auth.secret_key,
    )
    app.state.identity = Identity.from_settings(fresh)
    assert (await client.get(f"{API}/users/me", headers=bearer(registered))).status_code == 200
    again = await refresh(client, token)
    assert again.json()["refresh_token"] == lost.json()["refresh_token"]
    newest = (await refresh(client, again.json()["refresh_token"])).json()["refresh_token"]
    alone = fresh.model_copy(update={"secret_key_previous": SecretStr("")})
    app.state.identity = Identity.from_settings(alone)
    assert (await client.get(f"{API}/users/me", headers=bearer(registered))).status_code == 401
    assert (await refresh(client, newest)).status_code == 200


async def test_after_the_grace_reuse_ends_the_family(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (await register(client)).json()["refresh_token"]
    successor = await refresh(client, token)
    later(monkeypatch, seconds=31)
    reused = await refresh(client, token)
    assert (reused.status_code, reused.json()["code"]) == (401, "auth.refresh_reused")
    assert reused.headers["www-authenticate"] == "Bearer"
    heir = await refresh(client, successor.json()["refresh_token"])
    assert (heir.status_code, heir.json()["code"]) == (401, "auth.refresh_reused")
    me = await client.get(f"{API}/users/me", headers=bearer(successor))
    assert me.status_code == 401


async def test_two_generations_old_is_reuse_even_within_the_grace(
    client: httpx.AsyncClient,
) -> None:
    oldest = (await register(client)).json()["refresh_token"]
    middle = (await refresh(client, oldest)).json()["refresh_token"]
    newest = (await refresh(client, middle)).json()["refresh_token"]
    assert (await refresh(client, oldest)).json()["code"] == "auth.refresh_reused"
    assert (await refresh(client, newest)).status_code == 401


async def test_other_sign_ins_outlive_a_reuse(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(client)
    form = {"username": "ada@example.com", "password": PASSWORD}
    here = (await client.post(f"{API}/login/access-token", data=form)).json()["refresh_token"]
    there = (await client.post(f"{API}/login/access-token", data=form)).json()["refresh_token"]
    await refresh(client, here)
    later(monkeypatch, seconds=31)
    assert (await refresh(client, here)).status_code == 401
    assert (await refresh(client, there)).status_code == 200


async def test_an_idle_session_ends(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (await register(client)).json()["refresh_token"]
    later(monkeypatch, days=6, hours=23)
    token = (await refresh(client, token)).json()["refresh_token"]
    later(monkeypatch, days=7, seconds=31)
    answer = await refresh(client, token)
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.token_expired")


async def test_no_session_outlives_thirty_days(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (await register(client)).json()["refresh_token"]
    statuses = []
    for _ in range(6):
        later(monkeypatch, days=5, hours=12)
        answer = await refresh(client, token)
        statuses.append(answer.status_code)
        if answer.status_code != 200:
            assert answer.json()["code"] == "auth.token_expired"
            break
        token = answer.json()["refresh_token"]
    assert statuses == [200] * 5 + [401]


async def test_without_rotation_the_token_stays(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = settings.auth.secret_key
    keeping = settings.model_copy(
        update={"auth": AuthSettings(secret_key=secret, refresh_rotation="off")}
    )
    app = create_app(keeping, database=database)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://intake.example") as client,
    ):
        token = (await register(client)).json()["refresh_token"]
        for _ in range(3):
            later(monkeypatch, days=2)
            answer = await refresh(client, token)
            assert answer.status_code == 200
            assert answer.json()["refresh_token"] == token
        later(monkeypatch, days=2)
        assert (await refresh(client, token)).json()["code"] == "auth.token_expired"


@pytest.mark.parametrize("body", [{}, {"refresh_token": ""}, {"refresh_token": 7}, []])
async def test_a_body_without_a_token_is_invalid(client: httpx.AsyncClient, body: object) -> None:
    answer = await client.post(f"{API}/login/refresh-token", json=body)
    assert answer.status_code == 422


async def test_an_access_token_is_no_refresh_token(client: httpx.AsyncClient) -> None:
    made = (await register(client)).json()
    answer = await refresh(client, made["access_token"])
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.token_invalid")
    swapped = {"Authorization": f"Bearer {made['refresh_token']}"}
    assert (await client.get(f"{API}/users/me", headers=swapped)).status_code == 401


async def test_a_disabled_user_gets_no_new_pair(
    client: httpx.AsyncClient, database: Database
) -> None:
    token = (await register(client)).json()["refresh_token"]
    async with database.write(Scope.system()) as session:
        await session.execute(update(User).values(is_active=False))
    answer = await refresh(client, token)
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.token_invalid")


async def test_leaving_with_the_access_token_alone(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await register(client)
    later(monkeypatch, hours=1)
    assert (await client.post(f"{API}/login/logout", headers=bearer(made))).status_code == 204
    answer = await refresh(client, made.json()["refresh_token"])
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.token_invalid")


async def test_leaving_ends_the_access_token_too(client: httpx.AsyncClient) -> None:
    made = await register(client)
    assert (await client.get(f"{API}/users/me", headers=bearer(made))).status_code == 200
    await client.post(f"{API}/login/logout", headers=bearer(made))
    assert (await client.get(f"{API}/users/me", headers=bearer(made))).status_code == 401


async def test_leaving_with_the_refresh_token(client: httpx.AsyncClient) -> None:
    token = (await register(client)).json()["refresh_token"]
    answer = await client.post(f"{API}/login/logout", json={"refresh_token": token})
    assert answer.status_code == 204
    assert (await refresh(client, token)).status_code == 401


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Basic YTpi"])
async def test_leaving_never_fails(client: httpx.AsyncClient, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for _ in range(2):
        answer = await client.post(f"{API}/login/logout", headers=headers)
        assert answer.status_code == 204


async def stage_session(stage: Stage) -> tuple[Identity, str]:
    """A signed-in user that other connections see."""
    identity = Identity.from_settings(stage.settings.auth)
    grant = await service.register(
        stage.database,
        identity,
        Letters.from_settings(stage.settings),
        service.Newcomer(email="ada@example.com", password=PASSWORD, full_name="Ada"),
    )
    return identity, grant.refresh_token


async def test_fifty_at_once_get_one_successor(stage: Stage) -> None:
    identity, token = await stage_session(stage)
    grants = []
    for _ in range(10):
        grants += await asyncio.gather(
            *(sessions.refresh(stage.database, identity, token) for _ in range(5))
        )
    assert len({grant.refresh_token for grant in grants}) == 1
    async with stage.database.read(Scope.system()) as session:
        count = select(func.count()).select_from(RefreshToken)
        assert (await session.execute(count)).scalar_one() == 2


async def test_a_reuse_is_committed_although_it_is_refused(stage: Stage) -> None:
    identity, token = await stage_session(stage)
    second = await sessions.refresh(stage.database, identity, token)
    await sessions.refresh(stage.database, identity, second.refresh_token)
    with pytest.raises(RefreshReused):
        await sessions.refresh(stage.database, identity, token)
    async with stage.database.read(Scope.system()) as session:
        family = (await session.scalars(select(RefreshFamily))).one()
    assert family.ended_at is not None
    assert family.end_reason == "reuse"


async def test_sessions_that_are_over_are_removed(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await register(client)
    await register(client, "grace@example.com")
    await client.post(f"{API}/login/logout", headers=bearer(made))
    async with database.write(Scope.system()) as session:
        assert await sessions.purge(session) == 0
    later(monkeypatch, days=2)
    async with database.write(Scope.system()) as session:
        assert await sessions.purge(session) == 1
    later(monkeypatch, days=40)
    async with database.write(Scope.system()) as session:
        assert await sessions.purge(session) == 1
        left = await session.execute(select(func.count()).select_from(RefreshToken))
        assert left.scalar_one() == 0
