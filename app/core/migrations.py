"""What migrations share: grants, tenancy, and running them once at a time.

Names of revisions are dated; a migration is never edited once it has landed.
"""

import asyncio
import random
from typing import Any, Final

from alembic import command, op
from alembic.config import Config
from sqlalchemy import Connection, event, pool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import await_only

from app.core.db import APP_ROLE, database_url
from app.core.gentle_migrations import LOCK_TIMEOUT
from app.core.revisions import SCRIPTS

# Any fixed number will do; it keeps two starting processes from migrating at once.
_MIGRATION_LOCK = 7_203_411_190
_PATIENCE_SECONDS: Final = 120.0
_ASKING_AGAIN_SECONDS: Final = 0.2
_PAUSE_SECONDS: Final = (0.1, 0.6)
# A lock that was not given in time, and a deadlock with a transaction of the application's.
_IN_THE_WAY: Final = ("55P03", "40P01")

TENANT = "(SELECT nullif(current_setting('intake.organization', true), '')::uuid)"
PERSON = "(SELECT nullif(current_setting('intake.person', true), '')::uuid)"
SYSTEM = "(SELECT current_setting('intake.system', true) = 'on')"


def create_app_role() -> None:
    """Make the role that the application acts as: it cannot log in, own, or bypass policies.

    Roles belong to the whole server, so another database of it may have made it already, or be
    making it at this moment.
    """
    op.execute(
        f"""
        DO $$ BEGIN
            CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$
        """
    )
    op.execute(f"GRANT {APP_ROLE} TO CURRENT_USER")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}")


def grant_app(table: str, *rights: str) -> None:
    """Let the application use `table`; all four rights unless some are named."""
    op.execute(f"GRANT {', '.join(rights or ALL_RIGHTS)} ON {table} TO {APP_ROLE}")


ALL_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def tenant_policy(table: str, *, also: str | None = None) -> None:
    """Show and take rows of `table` only for the transaction's organization, or for the system.

    `also` is a further SQL condition under which a row may be seen and written. The settings are
    read in scalar sub-selects, so that PostgreSQL evaluates them once a statement, not once a row.
    """
    condition = f"organization_id = {TENANT} OR {SYSTEM}" + (f" OR {also}" if also else "")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {table} USING ({condition}) WITH CHECK ({condition})")
    grant_app(table)


def alembic_config(connection: Connection) -> Config:
    """Alembic over an open connection; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema up to `revision`, one process at a time; `-1` and the like count from here.

    The connection is that of an asynchronous engine, as `run_sync` hands it over.

    Raises:
        DBAPIError: among others, a table was in use for longer than `LOCK_TIMEOUT`; what earlier
            migrations have done stays, and the next attempt goes on from there.
    """
    _run_alone(connection, command.upgrade, revision)


def downgrade(connection: Connection, revision: str) -> None:
    """Take the schema down to `revision`, one process at a time.

    Raises:
        DBAPIError: as `upgrade`.
    """
    _run_alone(connection, command.downgrade, revision)


def _run_alone(connection: Connection, step: Any, revision: str) -> None:
    _wait_alone(connection)
    try:
        event.listen(connection, "before_cursor_execute", _impatient, retval=True)
        config = alembic_config(connection)
        config.attributes["direction"] = step.__name__
        step(config, revision)
        connection.commit()
    finally:
        event.remove(connection, "before_cursor_execute", _impatient)
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _MIGRATION_LOCK})
        connection.commit()


def _wait_alone(connection: Connection) -> None:
    """Take the lock by asking again: who waits inside a statement is waited for by whoever has it.

    An index is built CONCURRENTLY when everybody who sees the table as it was is gone.
    """
    while not connection.scalar(
        text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _MIGRATION_LOCK}
    ):
        connection.commit()
        await_only(asyncio.sleep(_ASKING_AGAIN_SECONDS))
    # Alembic begins a transaction for each migration if there is none already.
    connection.commit()


def _impatient(
    _connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any
) -> tuple[str, Any]:
    """One place says how long a migration waits: those that have landed say half a second."""
    if statement.startswith("SET LOCAL lock_timeout"):
        return f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'", parameters
    return statement, parameters


async def migrate(
    url: str, revision: str = "head", *, patience_seconds: float = _PATIENCE_SECONDS
) -> None:
    """Bring the schema of the database at `url` to this code's; the login must own the tables.

    A migration that finds its table in use gives up and is tried again for `patience_seconds`.

    Raises:
        DBAPIError: among others, a table was in use all that time.
    """
    clock = asyncio.get_running_loop()
    deadline = clock.time() + patience_seconds
    while True:
        try:
            return await _migrate_once(url, revision)
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state not in _IN_THE_WAY or clock.time() > deadline:
                raise
        await asyncio.sleep(random.uniform(*_PAUSE_SECONDS))  # noqa: S311 - a pause is no secret.


async def _migrate_once(url: str, revision: str) -> None:
    engine = create_async_engine(database_url(url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(upgrade, revision)
    finally:
        await engine.dispose()


def check(connection: Connection) -> None:
    """Compare the tables' models with the schema.

    Raises:
        alembic.util.CommandError: they differ.
    """
    command.check(alembic_config(connection))
