"""The ground of all tests: one PostgreSQL and one Valkey a test process, the whole application.

`client` speaks to the application over its whole middleware stack while everything that it writes
is rolled back. `stage` has a database of its own, really committed, for work that needs several
connections; it is emptied afterwards.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import hypothesis
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import pool, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from starlette.datastructures import State
from typing_extensions import override

from app.core import log
from app.core.db import Database, Scope, database_url, driver
from app.core.http import open_client
from app.core.migrations import upgrade
from app.core.settings import (
    AuthSettings,
    DatabaseSettings,
    LimitSettings,
    RedisSettings,
    ServerSettings,
    Settings,
)
from app.dev.postgres import PostgresServer
from app.dev.valkey import ValkeyServer
from app.main import Intake, create_app
from app.worker.registry import TaskContext
from tests.broom import Broom

# The cores are shared with the servers under test: slowness of a draw says nothing about the code.
# What lands must not depend on luck, so CI draws the same examples each time.
hypothesis.settings.register_profile(
    "intake",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
hypothesis.settings.load_profile("intake")

pytest_plugins = ("tests.order", "tests.rooms", "tests.passwords", "tests.people", "tests.issuers")

TEMPLATE = "intake_test_template"
TEST_SECRET = "a-secret-of-the-tests-with-more-than-32-bytes"
ORIGIN = "https://front.example"


def pytest_sessionstart() -> None:
    """Log as in production: loguru's own way shows each value of each frame, at 40 ms a failure."""
    log.configure(as_json=True, release="test", role="test")


@dataclass(frozen=True)
class Servers:
    """The two servers of this test process."""

    postgres: PostgresServer
    valkey: ValkeyServer


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A PostgreSQL and a Valkey of this process's own, on sockets in a folder of the test run."""
    home: Path = tmp_path_factory.mktemp("servers")
    quick = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    with (
        PostgresServer(home / "postgres", settings=quick) as postgres,
        ValkeyServer(home / "valkey") as valkey,
    ):
        yield Servers(postgres, valkey)


async def make_database(servers: Servers, name: str) -> str:
    """Make a database with the schema in it and give its address; the name says it is a test's.

    The first one of a server goes through all migrations, into a template; the others are copies.
    """
    assert name.startswith("intake_test_"), "tests only ever touch databases of their own"
    owner = _owner_engine(servers.postgres.url_of("postgres"))
    async with owner.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        names = await connection.scalars(text("SELECT datname FROM pg_database"))
        if TEMPLATE not in names.all():
            await connection.execute(text(f"CREATE DATABASE {TEMPLATE}"))
            fresh = _owner_engine(servers.postgres.url_of(TEMPLATE))
            async with fresh.connect() as inside:
                await inside.run_sync(upgrade)
            await fresh.dispose()
        await connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    await owner.dispose()
    return servers.postgres.url_of(name)


def _owner_engine(url: str) -> AsyncEngine:
    return create_async_engine(database_url(url), poolclass=pool.NullPool)


def make_settings(servers: Servers, url: str) -> Settings:
    """Settings as in production, but for the addresses; nothing is read from the environment."""
    return Settings(
        server=ServerSettings(environment="test", cors_origins=(ORIGIN,), frontend_url=ORIGIN),
        database=DatabaseSettings(url=SecretStr(url), pool_size=4),
        redis=RedisSettings(url=SecretStr(servers.valkey.url)),
        auth=AuthSettings(secret_key=SecretStr(TEST_SECRET)),
        limits=LimitSettings(rate_limits="off"),
    )


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's own settings."""
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


# Set while the present task, or the one that began it, is inside a transaction of the test's own.
_INSIDE: ContextVar[bool] = ContextVar("inside", default=False)


class RollbackDatabase(Database):
    """The application's database over one connection, whose transaction the test rolls back.

    Savepoints of one connection end in the reverse order of their beginning, so transactions that
    in the product run side by side (a request, a probe in the background) take turns here.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        super().__init__(settings)
        self._connection: AsyncConnection | None = None
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def rolled_back(self) -> AsyncIterator[None]:
        """Everything written while the block lasts is undone at its end."""
        async with self.engine.connect() as connection:
            transaction = await connection.begin()
            self._connection = connection
            try:
                yield
            finally:
                self._connection = None
                await transaction.rollback()

    @override
    def open_session(self) -> AsyncSession:
        return AsyncSession(
            bind=self._connection,
            join_transaction_mode="create_savepoint",
            expire_on_commit=False,
        )

    @asynccontextmanager
    @override
    async def glance(self) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """Inside the test's transaction the eyes of whoever came before would stay."""
        async with self.read(Scope.public()) as session:
            yield await driver(session)

    @asynccontextmanager
    async def _session(self, scope: Scope, *, read_only: bool) -> AsyncIterator[AsyncSession]:
        turn = nullcontext() if _INSIDE.get() else self._turn
        async with turn:
            outer = _INSIDE.get()
            _INSIDE.set(True)
            try:
                # A read-only savepoint would make the whole outer transaction read-only.
                async with super()._session(scope, read_only=False) as session:
                    yield session
            finally:
                _INSIDE.set(outer)


@pytest.fixture(scope="session")
async def settings(servers: Servers) -> Settings:
    """Settings over the database that `client` writes to and rolls back."""
    return make_settings(servers, await make_database(servers, "intake_test_rollback"))


@pytest.fixture(scope="session")
async def rollback_database(settings: Settings) -> AsyncIterator[RollbackDatabase]:
    """The database of all tests of the process; a test takes `database`."""
    database = RollbackDatabase(settings.database)
    yield database
    await database.close()


@pytest.fixture
async def database(rollback_database: RollbackDatabase) -> AsyncIterator[Database]:
    """A database whose every change is undone after the test."""
    async with rollback_database.rolled_back():
        yield rollback_database


@asynccontextmanager
async def running(app: Intake) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app` with its lifespan entered; an unhandled error is an answer, not a raise."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://intake.example") as client,
    ):
        yield client


@pytest.fixture(scope="session")
def built_app(settings: Settings, rollback_database: RollbackDatabase) -> Intake:
    """The application, built once a process: a third of a short test would go into building it."""
    return create_app(settings, database=rollback_database)


@pytest.fixture
def app(built_app: Intake, database: Database) -> Intake:
    """The application over the database that is rolled back, with nothing in its memory."""
    assert isinstance(database, RollbackDatabase)
    built_app.state = State()
    return built_app


@pytest.fixture
async def client(app: Intake) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with running(app) as client:
        yield client


@dataclass(frozen=True)
class Stage:
    """A database that is really committed to, and the settings that lead there."""

    settings: Settings
    database: Database
    servers: Servers


@pytest.fixture(scope="session")
async def _stage_url(servers: Servers) -> str:
    return await make_database(servers, "intake_test_stage")


@pytest.fixture(scope="session")
async def _broom(_stage_url: str) -> AsyncIterator[Broom]:
    broom = await Broom.over(_stage_url)
    yield broom
    await broom.owner.close()


@pytest.fixture(scope="session")
async def _stage_connections(servers: Servers, _stage_url: str) -> AsyncIterator[AsyncEngine]:
    """Kept over all tests: each new connection learns the whole schema from the beginning."""
    database = Database(make_settings(servers, _stage_url).database)
    yield database.engine
    await database.close()


@pytest.fixture
async def stage(
    servers: Servers, _stage_url: str, _stage_connections: AsyncEngine, _broom: Broom
) -> AsyncIterator[Stage]:
    """Committed work with several connections; every table is emptied afterwards."""
    settings = make_settings(servers, _stage_url)
    # A database of the test's own: what a process keeps of its own belongs to its database.
    database = Database(settings.database)
    database.engine = _stage_connections
    yield Stage(settings, database, servers)
    if database.gauges()["pool_used"]:
        # Somebody was cancelled and has not let go yet: the next test begins with other connections.
        await database.close()
    await _broom.sweep()


@pytest.fixture
async def context(settings: Settings, database: Database) -> AsyncIterator[TaskContext]:
    """What a worker lends to tasks, over the database that is rolled back."""
    async with (
        Redis.from_url(settings.redis.url.get_secret_value()) as redis,
        open_client(timeout_seconds=1, connections=1) as http,
    ):
        yield TaskContext(settings, database, redis, http)
