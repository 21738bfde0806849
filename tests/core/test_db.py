"""Sessions: commit at the end, eyes of one tenant, full houses and lost servers answer 503."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from app.core import db_faults
from app.core.db import (
    Database,
    DatabaseAway,
    DatabaseBusy,
    Scope,
    as_owner,
    database_url,
    driver,
    on_commit,
)
from app.core.db_faults import RoleRefused
from app.core.ids import new_id
from tests.conftest import Stage

ADD = text(
    "INSERT INTO payer_claims (job_id, claim_key, tin, organization_id, query_id, first_key,"
    " last_key, results) VALUES (:job, :key, '123456789', :organization, 1, '', '', '{}')"
)
COUNT = text("SELECT count(*) FROM payer_claims")


async def add(database: Database, scope: Scope, organization: UUID, key: str = "A") -> None:
    async with database.write(scope) as session:
        await session.execute(ADD, {"job": new_id(), "key": key, "organization": organization})


async def count(database: Database, scope: Scope) -> int:
    async with database.read(scope) as session:
        return int((await session.execute(COUNT)).scalar_one())


async def test_a_tenant_sees_its_own_rows_and_nobody_elses(database: Database) -> None:
    one, other = new_id(), new_id()
    await add(database, Scope.tenant(one), one)
    assert await count(database, Scope.tenant(one)) == 1
    assert await count(database, Scope.tenant(other)) == 0
    assert await count(database, Scope.public()) == 0
    assert await count(database, Scope.person(new_id())) == 0
    assert await count(database, Scope.system()) == 1


async def test_a_tenant_cannot_write_into_another(stage: Stage) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        await add(stage.database, Scope.tenant(new_id()), new_id())


async def test_the_application_role_bypasses_nothing(stage: Stage) -> None:
    async with stage.database.read(Scope.public()) as session:
        rights = await session.execute(
            text(
                "SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = current_user"
            )
        )
        assert tuple(rights.one()) == (False, False, False)
        owned = await session.execute(
            text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        )
        assert owned.scalar_one() == 0


async def test_a_connection_that_acts_as_its_login_is_refused(stage: Stage) -> None:
    """As behind a pooler that ignores what is asked for at the start."""
    database = Database(stage.database._settings)

    @event.listens_for(database.engine.sync_engine, "connect", insert=True)
    def forget(connection: Any, _record: Any) -> None:
        connection.run_async(lambda driver: driver.execute("RESET ROLE; SET ROLE NONE"))

    with pytest.raises(RoleRefused, match="pgbouncer"):
        async with database.read(Scope.public()) as session:
            await session.execute(COUNT)
    with pytest.raises(RoleRefused):
        async with database.glance() as connection:
            await connection.fetchval("SELECT 1")
    await database.close()


async def test_every_table_with_an_organization_has_a_policy(stage: Stage) -> None:
    async with stage.database.read(Scope.system()) as session:
        bare = await session.execute(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
                " WHERE a.attname = 'organization_id' AND c.relkind IN ('r', 'p')"
                " AND c.relnamespace = 'public'::regnamespace AND NOT c.relrowsecurity"
            )
        )
        assert bare.scalars().all() == []


async def test_nothing_is_kept_when_the_block_raises(stage: Stage) -> None:
    rung: list[str] = []

    async def ring() -> None:
        rung.append("bell")

    organization = new_id()
    with pytest.raises(LookupError):
        async with stage.database.write(Scope.tenant(organization)) as session:
            on_commit(session, ring)
            await session.execute(ADD, {"job": new_id(), "key": "A", "organization": organization})
            raise LookupError
    assert await count(stage.database, Scope.system()) == 0
    assert rung == []


async def test_callbacks_run_after_the_commit_and_not_after_a_savepoint(stage: Stage) -> None:
    organization, seen = new_id(), list[int]()

    async def look() -> None:
        seen.append(await count(stage.database, Scope.tenant(organization)))

    async with stage.database.write(Scope.tenant(organization)) as session:
        on_commit(session, look)
        async with session.begin_nested():
            await session.execute(ADD, {"job": new_id(), "key": "A", "organization": organization})
        assert seen == []
    assert seen == [1]


async def test_a_read_session_cannot_write(stage: Stage) -> None:
    organization = new_id()
    with pytest.raises(DBAPIError, match="read-only"):
        async with stage.database.read(Scope.tenant(organization)) as session:
            await session.execute(ADD, {"job": new_id(), "key": "A", "organization": organization})


async def test_copy_works_as_owner_and_the_role_comes_back(stage: Stage) -> None:
    organization = new_id()
    async with stage.database.write(Scope.tenant(organization)) as session:
        connection = await driver(session)
        async with as_owner(session):
            await connection.copy_records_to_table(
                "claim_twins",
                records=[(new_id(), 1, organization, 2)],
                columns=["job_id", "row_no", "organization_id", "leader"],
            )
        role = await session.execute(text("SELECT current_user"))
        assert role.scalar_one() == "intake_app"


async def test_a_slow_statement_is_a_503(stage: Stage) -> None:
    with pytest.raises(DatabaseAway):
        async with stage.database.read(Scope.public()) as session:
            await session.execute(text("SET LOCAL statement_timeout = 20"))
            await session.execute(text("SELECT pg_sleep(5)"))
    assert await count(stage.database, Scope.public()) == 0


@asynccontextmanager
async def narrow_house(stage: Stage, *, patience: float) -> AsyncIterator[Database]:
    limits = {"pool_size": 1, "pool_timeout_seconds": patience}
    database = Database(stage.settings.database.model_copy(update=limits))
    yield database
    await database.close()


@pytest.fixture
async def narrow(stage: Stage) -> AsyncIterator[Database]:
    async with narrow_house(stage, patience=0.05) as database:
        yield database


async def test_a_full_house_is_a_503_and_empties_again(narrow: Database) -> None:
    async with narrow.read(Scope.public()):
        with pytest.raises(DatabaseBusy) as caught:
            async with narrow.read(Scope.public()):
                pass
    assert caught.value.headers == {"Retry-After": "1"}
    assert await count(narrow, Scope.public()) == 0


async def test_those_who_wait_are_served_in_their_order(stage: Stage) -> None:
    order: list[int] = []
    async with narrow_house(stage, patience=60) as narrow:

        async def visit(number: int) -> None:
            async with narrow.read(Scope.public()):
                order.append(number)

        await asyncio.gather(*(visit(number) for number in range(5)))
    assert order == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        (
            "postgresql://u:p@h:5433/d?sslmode=require",
            "postgresql+asyncpg://u:p@h:5433/d?ssl=require",
        ),
        ("postgresql://postgres@/d?host=/run/x", "postgresql+asyncpg://postgres@/d?host=/run/x"),
    ],
)
def test_addresses_of_every_provider_are_understood(raw: str, wanted: str) -> None:
    assert database_url(raw).render_as_string(hide_password=False).replace("%2F", "/") == wanted


async def test_a_bulk_transaction_has_the_eyes_of_its_scope(stage: Stage) -> None:
    """It commits and rolls back like any other, and the connection goes back clean."""
    ours, theirs = new_id(), new_id()
    add = "INSERT INTO claim_twins (job_id, row_no, organization_id, leader) VALUES ($1, 2, $2, 1)"
    async with stage.database.bulk(Scope.tenant(ours), durable=False) as connection:
        await connection.execute(add, new_id(), ours)
        # The servers of tests do not wait for the disk anyway: here another word tells.
        await connection.execute("SET LOCAL synchronous_commit = local")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with stage.database.bulk(Scope.tenant(ours)) as connection:
            await connection.execute(add, new_id(), theirs)
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with stage.database.bulk(Scope.tenant(ours), read_only=True) as connection:
            await connection.execute(add, new_id(), ours)
    with pytest.raises(DatabaseAway):
        async with stage.database.bulk(Scope.tenant(ours)) as connection:
            await connection.execute("SET LOCAL statement_timeout = 20")
            await connection.execute("SELECT pg_sleep(5)")
    for scope, seen in ((Scope.tenant(ours), 1), (Scope.tenant(theirs), 0), (Scope.public(), 0)):
        async with stage.database.bulk(scope, read_only=True) as connection:
            assert await connection.fetchval("SELECT count(*) FROM claim_twins") == seen
            assert await connection.fetchval("SHOW synchronous_commit") != "local"


async def test_a_connection_that_does_not_take_leave_is_hung_up_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db_faults, "_FAREWELL_SECONDS", 0.05)
    complaints: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: complaints.append(context))
    with pytest.raises(ZeroDivisionError):
        async with stage.database.bulk(Scope.system()) as connection:
            # The server is too busy to answer the rollback, and does so while we hang up.
            backend = connection.get_server_pid()
            os.kill(backend, signal.SIGSTOP)
            loop.call_later(0.2, os.kill, backend, signal.SIGCONT)
            raise ZeroDivisionError
    assert connection.is_closed()
    assert backend not in await backends(stage.database)
    await asyncio.sleep(0.3)
    assert complaints == []


async def backends(database: Database) -> set[int]:
    async with database.bulk(Scope.system(), read_only=True) as connection:
        return {await connection.fetchval("SELECT pg_backend_pid()")}


async def test_a_driver_that_lost_count_is_not_asked_again(stage: Stage) -> None:
    before = await backends(stage.database)
    with pytest.raises(DatabaseAway):
        async with stage.database.read(Scope.system()) as session:
            await session.execute(COUNT)
            raise asyncpg.InternalClientError("got result for unknown protocol state 3")
    assert before.isdisjoint(await backends(stage.database))


async def test_a_glance_takes_no_connection_that_has_hung_up_or_lost_count(stage: Stage) -> None:
    async with narrow_house(stage, patience=1) as database:
        for fault in (None, asyncpg.InternalClientError("got result for unknown protocol state 3")):
            with suppress(DatabaseAway):
                async with database.glance() as connection:
                    before = await connection.fetchval("SELECT pg_backend_pid()")
                    if fault is not None:
                        raise fault
            if fault is None:
                gone = asyncio.Event()
                connection.add_termination_listener(lambda _, told=gone: told.set())
                os.kill(before, signal.SIGTERM)
                await gone.wait()
            async with database.glance() as connection:
                assert await connection.fetchval("SELECT pg_backend_pid()") != before


async def test_a_bulk_transaction_that_is_cancelled_leaves_nothing(stage: Stage) -> None:
    began = asyncio.Event()

    async def slow() -> None:
        async with stage.database.bulk(Scope.system()) as connection:
            await connection.execute(
                "INSERT INTO claim_twins (job_id, row_no, organization_id, leader)"
                " VALUES ($1, 2, $1, 1)",
                new_id(),
            )
            began.set()
            await connection.execute("SELECT pg_sleep(60)")

    work = asyncio.create_task(slow())
    await began.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    async with stage.database.bulk(Scope.system()) as connection:
        assert await connection.fetchval("SELECT count(*) FROM claim_twins") == 0
