"""Which failures of PostgreSQL pass by themselves, and what becomes of the connection."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

# PostgresError comes from statements sent over `driver`, which SQLAlchemy does not wrap.
DRIVER_FAULTS = (
    DBAPIError,
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresError,
)
_FAREWELL_SECONDS = 2.0
# Connection trouble, shutdown, too many connections, statement and lock timeouts, deadlocks.
_TRANSIENT_STATES = ("08", "53", "57P", "57014", "55P03", "40P01", "40001", "25P03")


def is_transient(error: BaseException) -> bool:
    """Whether the same work can succeed later: lost connections, timeouts, deadlocks."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
        if state is None:
            # asyncpg raises its own interface errors, without a state, for closed connections.
            return not error.statement or "Interface" in type(error).__name__
        return str(state).startswith(_TRANSIENT_STATES)
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_TRANSIENT_STATES)
    return isinstance(
        error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError | TimeoutError
    )


class RoleRefused(Exception):
    """A connection acts as its login, which may own the tables and then sees every tenant's rows."""


def require_role(role: str) -> Callable[[Any, Any], None]:
    """Refuses a fresh connection on which something before PostgreSQL dropped the role asked for."""

    def check(connection: Any, _record: Any) -> None:
        name = connection.run_async(lambda driver: driver.fetchval("SELECT current_user"))
        if name != role:
            raise RoleRefused(f"the connection acts as {name!r}: see pgbouncer in docs/scale.md")

    return check


async def alive(engine: AsyncEngine) -> "tuple[PoolProxiedConnection, asyncpg.Connection[Any]]":
    """A connection out of the pool whose other end has not hung up, and the driver's own.

    The driver hears of that while the connection lies idle; SQLAlchemy only hears of it when a
    statement of its own fails.
    """
    while True:
        pooled = await engine.raw_connection()
        connection = cast("asyncpg.Connection[Any]", pooled.driver_connection)
        if not connection.is_closed():
            return pooled, connection
        await greenlet_spawn(pooled.invalidate)


async def roll_back(pooled: AsyncConnection, connection: "asyncpg.Connection[Any]") -> None:
    """Give the connection back clean, or not at all."""
    try:
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await connection.execute("ROLLBACK")
    except (*DRIVER_FAULTS, TimeoutError, asyncio.CancelledError):
        # The driver asked to close while a statement is under way takes the answer to that for one
        # to a question that it never put ("unknown protocol state 3"): hang up instead.
        connection.terminate()
        await pooled.invalidate()


async def abandon(session: AsyncSession, error: BaseException) -> None:
    """Throw away a session whose connection may be dead, without waiting for its answer."""
    if isinstance(error, asyncpg.InternalClientError):
        # The driver has lost count of questions and answers: no other may get what comes next.
        await session.invalidate()
        return
    try:
        await session.rollback()
    except DRIVER_FAULTS:
        await session.invalidate()
