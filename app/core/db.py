"""The one way to PostgreSQL: read and write sessions of different type, one transaction each.

Every transaction starts by saying whose eyes it has (`Scope`); row-level security lets through
nothing else, because the connection's role cannot bypass it. `write` commits when its block ends,
before the answer goes out, and then runs what `on_commit` collected.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NewType, Self, cast
from uuid import UUID

import asyncpg
from sqlalchemy import URL, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.util import greenlet_spawn

from app.core import telemetry
from app.core.db_faults import DRIVER_FAULTS, abandon, alive, is_transient, require_role, roll_back
from app.core.problems import Problem
from app.core.settings import DatabaseSettings

ReadSession = NewType("ReadSession", AsyncSession)
WriteSession = NewType("WriteSession", ReadSession)

APP_ROLE = "intake_app"
_AFTER_COMMIT = "after_commit"
_ENTER = text(
    "SELECT set_config('intake.organization', :organization, true),"
    " set_config('intake.person', :person, true), set_config('intake.system', :system, true)"
)
_ENTER_READ_ONLY = text(f"{_ENTER.text}, set_config('transaction_read_only', 'on', true)")


class DatabaseAway(Problem):
    """PostgreSQL did not answer, refused, or gave up waiting; the same request works later."""

    code = "database.unavailable"
    status = 503
    title = "The database is not available right now"
    hint = "Nothing was stored. Send the same request again after the time in Retry-After."


class DatabaseBusy(Problem):
    """No free connection within the pool's waiting time."""

    code = "database.busy"
    status = 503
    title = "Too many requests are waiting for the database"
    hint = "Nothing was stored. Send the same request again after the time in Retry-After."


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a transaction may see and write."""

    organization_id: UUID | None = None
    user_id: UUID | None = None
    is_system: bool = False

    @classmethod
    def public(cls) -> Self:
        """Only what everybody may see."""
        return cls()

    @classmethod
    def system(cls) -> Self:
        """Every tenant's rows: for sign-in, the sweeper and migrations of data, nothing else."""
        return cls(is_system=True)

    @classmethod
    def tenant(cls, organization_id: UUID, user_id: UUID | None = None) -> Self:
        """One organization's rows, and the person's own."""
        return cls(organization_id=organization_id, user_id=user_id)

    @classmethod
    def person(cls, user_id: UUID) -> Self:
        """One person's own rows."""
        return cls(user_id=user_id)

    def begin(self, *, read_only: bool, durable: bool) -> str:
        """The words that begin a transaction of this scope, for one trip to the server."""
        words = [
            f"SET LOCAL intake.{name} = '{value}'" for name, value in self.parameters().items()
        ]
        words += [] if durable else ["SET LOCAL synchronous_commit = off"]
        return "; ".join([f"BEGIN {'READ ONLY' if read_only else 'READ WRITE'}", *words])

    def parameters(self) -> dict[str, str]:
        """The values of the three settings that the policies read."""
        return {
            "organization": str(self.organization_id or ""),
            "person": str(self.user_id or ""),
            "system": "on" if self.is_system else "",
        }


def database_url(raw: str) -> URL:
    """The address for asyncpg, whichever spelling of postgres the provider hands out.

    `sslmode` becomes asyncpg's `ssl`, because libpq's word is unknown to it.
    """
    url = make_url(raw).set(drivername="postgresql+asyncpg")
    ssl_mode = url.query.get("sslmode")
    if ssl_mode:
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": ssl_mode})
    return url


def on_commit(session: WriteSession, callback: Callable[[], Awaitable[None]]) -> None:
    """Run `callback` once the session's transaction is committed; never after a rollback."""
    session.info.setdefault(_AFTER_COMMIT, []).append(callback)


async def driver(session: ReadSession) -> "asyncpg.Connection[Any]":
    """The session's own asyncpg connection, inside its transaction: for COPY and bulk UPDATE."""
    return await _driver_of(await session.connection())


@asynccontextmanager
async def as_owner(session: WriteSession) -> AsyncIterator[None]:
    """Act as the tables' owner: COPY FROM is refused by PostgreSQL under row-level security.

    The block writes rows of one tenant that the server made itself, and nothing else.
    """
    await session.execute(text("SET LOCAL ROLE NONE"))
    yield
    await session.execute(text(f"SET LOCAL ROLE {APP_ROLE}"))


class Database:
    """An engine with a fair queue in front of its pool.

    SQLAlchemy's pool lets newcomers overtake those who wait; a first-in-first-out semaphore of the
    same size keeps the slowest request near the median, and is where a full house answers 503.
    """

    def __init__(self, settings: DatabaseSettings, *, application: str = "intake") -> None:
        self._settings = settings
        self._places = asyncio.Semaphore(settings.pool_size)
        timeout = str(int(settings.statement_timeout_seconds * 1000))
        self.engine: AsyncEngine = create_async_engine(
            database_url(settings.url.get_secret_value()),
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_timeout=settings.pool_timeout_seconds,
            pool_pre_ping=False,
            pool_recycle=1800,
            connect_args={
                "timeout": 5,
                "server_settings": {
                    "application_name": application,
                    "role": APP_ROLE,
                    "statement_timeout": timeout,
                    "lock_timeout": "1000",
                    "idle_in_transaction_session_timeout": "10000",
                    "timezone": "UTC",
                    # Compiling a statement takes longer than any of ours may.
                    "jit": "off",
                },
            },
        )
        event.listen(self.engine.sync_engine, "connect", require_role(APP_ROLE))
        telemetry.watch(self.engine.sync_engine)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._settings.pool_timeout_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise DatabaseBusy(headers={"Retry-After": "1"}) from None
        try:
            yield
        finally:
            self._places.release()

    @asynccontextmanager
    async def _session(self, scope: Scope, *, read_only: bool) -> AsyncIterator[AsyncSession]:
        async with self._place(), self.open_session() as session:
            try:
                enter = _ENTER_READ_ONLY if read_only else _ENTER
                await session.execute(enter, scope.parameters())
                yield session
            except DRIVER_FAULTS as error:
                await abandon(session, error)
                if is_transient(error):
                    raise DatabaseAway(headers={"Retry-After": "2"}) from error
                raise

    def gauges(self) -> dict[str, float]:
        """How many connections are in use now, and how many there may be."""
        pool = self.engine.pool
        used = pool.checkedout() if isinstance(pool, QueuePool) else 0
        return {"pool_used": float(used), "pool_size": float(self._settings.pool_size)}

    def open_session(self) -> AsyncSession:
        """A session over the engine; tests bind theirs to one connection instead."""
        return AsyncSession(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def read(self, scope: Scope) -> AsyncIterator[ReadSession]:
        """A read-only transaction with the eyes of `scope`.

        Raises:
            DatabaseBusy: no connection became free in time.
            DatabaseAway: PostgreSQL is away, or a statement ran into its timeout.
        """
        async with self._session(scope, read_only=True) as session:
            yield ReadSession(session)

    @asynccontextmanager
    async def write(self, scope: Scope) -> AsyncIterator[WriteSession]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Raises:
            DatabaseBusy: no connection became free in time.
            DatabaseAway: PostgreSQL is away, or a statement ran into its timeout.
        """
        async with self._session(scope, read_only=False) as session:
            yield WriteSession(ReadSession(session))
            await session.commit()
        for callback in session.info.pop(_AFTER_COMMIT, []):
            await callback()

    @asynccontextmanager
    async def glance(self) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """The driver itself without a transaction, for one statement over what everybody may see.

        It has nobody's eyes: of tables under row-level security it sees what strangers see, but for
        what a function of the database shows after it has said whose eyes it takes.

        Raises:
            DatabaseBusy: no connection became free in time.
            DatabaseAway: PostgreSQL is away, or the statement ran into its timeout.
        """
        try:
            async with self._place():
                pooled, connection = await alive(self.engine)
                try:
                    yield connection
                except asyncpg.InternalClientError:
                    # The driver has lost count of questions and answers.
                    connection.terminate()
                    raise
                finally:
                    # Nothing is under way, so this gives the connection back without a wait.
                    await greenlet_spawn(pooled.close)
        except DRIVER_FAULTS as error:
            if is_transient(error):
                raise DatabaseAway(headers={"Retry-After": "2"}) from error
            raise

    @asynccontextmanager
    async def bulk(
        self, scope: Scope, *, read_only: bool = False, durable: bool = True
    ) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """A transaction on the driver itself, for work of many small ones: a quarter of the cost.

        With `durable` False its commit does not wait for the disk: a crash of PostgreSQL may take
        the end of a history, whole transactions of it.

        Raises:
            DatabaseBusy: no connection became free in time.
            DatabaseAway: PostgreSQL is away, or a statement ran into its timeout.
        """
        try:
            async with self._place(), self.engine.connect() as pooled:
                connection = await _driver_of(pooled)
                try:
                    await connection.execute(scope.begin(read_only=read_only, durable=durable))
                    yield connection
                    await connection.execute("COMMIT")
                except BaseException:
                    await roll_back(pooled, connection)
                    raise
        except DRIVER_FAULTS as error:
            if is_transient(error):
                raise DatabaseAway(headers={"Retry-After": "2"}) from error
            raise

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


async def _driver_of(pooled: AsyncConnection) -> "asyncpg.Connection[Any]":
    return cast("asyncpg.Connection[Any]", (await pooled.get_raw_connection()).driver_connection)
