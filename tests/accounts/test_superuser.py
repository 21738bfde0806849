"""The superuser that is made at start."""

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from app.accounts import service
from app.accounts.models import User
from app.core.db import Database, Scope
from app.core.settings import AuthSettings, DatabaseSettings, Settings
from tests.conftest import Stage
from tests.people import API, log_in, register

EMAIL, PASSWORD = "root@example.com", "a long enough secret"


@pytest.fixture
def named(settings: Settings) -> Settings:
    """Settings that name a superuser."""
    auth = AuthSettings(
        secret_key=settings.auth.secret_key,
        superuser_email=EMAIL,
        superuser_password=SecretStr(PASSWORD),
    )
    return settings.model_copy(update={"auth": auth})


async def test_it_is_made_once_and_can_sign_in(
    client: httpx.AsyncClient, named: Settings, database: Database
) -> None:
    for _ in range(2):
        await service.ensure_superuser_from(named, database)
    answer = await log_in(client, EMAIL, PASSWORD)
    assert answer.status_code == 200
    assert answer.json()["user"]["is_superuser"] is True
    async with database.read(Scope.system()) as session:
        assert len((await session.scalars(select(User))).all()) == 1


async def test_an_account_that_exists_is_not_raised(
    client: httpx.AsyncClient, named: Settings, database: Database
) -> None:
    """Somebody else may have registered the address."""
    await register(client, EMAIL)
    await service.ensure_superuser_from(named, database)
    answer = await log_in(client, EMAIL)
    assert answer.json()["user"]["is_superuser"] is False
    assert (await log_in(client, EMAIL, PASSWORD)).status_code == 401


async def test_without_settings_nobody_is_made(settings: Settings, database: Database) -> None:
    await service.ensure_superuser_from(settings, database)
    async with database.read(Scope.system()) as session:
        assert (await session.scalars(select(User))).all() == []


async def test_a_process_starts_without_its_database(named: Settings, stage: Stage) -> None:
    nowhere = DatabaseSettings(url=SecretStr("postgresql://nobody@127.0.0.1:1/none"))
    database = Database(nowhere)
    await service.ensure_superuser_from(named, database)
    await database.close()


async def test_the_api_needs_no_organization_of_a_superuser(
    client: httpx.AsyncClient, named: Settings, database: Database
) -> None:
    await service.ensure_superuser_from(named, database)
    token = (await log_in(client, EMAIL, PASSWORD)).json()["access_token"]
    users = await client.get(f"{API}/users", headers={"Authorization": f"Bearer {token}"})
    assert [user["email"] for user in users.json()["results"]] == [EMAIL]
