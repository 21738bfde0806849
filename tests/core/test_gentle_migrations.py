"""Migrations over tables with rows: readers are let in, what was broken off is gone on with."""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from textwrap import dedent

import asyncpg
import pytest
from alembic.util import CommandError
from asyncpg.transaction import Transaction
from sqlalchemy import pool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from app.core import migrations
from app.core.db import database_url
from app.core.gentle_migrations import PROGRESS
from tests.conftest import Servers

NAME = "intake_test_gentle"
FIRST = """
    def upgrade():
        op.execute("CREATE TABLE makers (id int PRIMARY KEY)")
        op.execute("CREATE TABLE things (id int PRIMARY KEY, name text, maker int)")
        op.create_index("uq_things_name", "things", [sa.text("lower(name)")], unique=True)
        op.create_index("ix_things_maker", "things", ["maker"])
        op.execute("CREATE VIEW names AS SELECT name FROM things")

    def downgrade():
        op.execute("DROP VIEW names")
        op.drop_table("things")
        op.drop_table("makers")
"""
SECOND = """
    def upgrade():
        op.execute("SET LOCAL lock_timeout = '500ms'")
        op.add_column("things", sa.Column("size", sa.Integer(), nullable=True))
        op.execute("DROP VIEW names")
        op.execute("CREATE VIEW names AS SELECT name, size FROM things")
        op.execute("UPDATE things SET size = length(name)")
        op.execute(
            "CREATE FUNCTION measure() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.size := length(NEW.name); RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER measure BEFORE INSERT ON things FOR EACH ROW EXECUTE FUNCTION measure()"
        )
        op.create_index("ix_things_size", "things", ["size"], postgresql_where=sa.text("size > 1"))
        op.drop_index("ix_things_maker", "things")
        op.create_index("ix_things_maker", "things", ["maker", "size"])
        op.drop_index("uq_things_name", "things")
        op.create_index("uq_things_name", "things", ["name"], unique=True)
        op.alter_column("things", "size", nullable=False)
        op.create_check_constraint("ck_things_size", "things", "size >= 0")
        op.create_foreign_key("fk_things_maker", "things", "makers", ["maker"], ["id"])

    def downgrade():
        op.drop_constraint("fk_things_maker", "things")
        op.execute("DROP TRIGGER measure ON things")
        op.execute("DROP FUNCTION measure()")
        op.drop_index("uq_things_name", "things")
        op.create_index("uq_things_name", "things", [sa.text("lower(name)")], unique=True)
        op.execute("DROP VIEW names")
        op.drop_column("things", "size")
        op.execute("CREATE VIEW names AS SELECT name FROM things")
        op.create_index("ix_things_maker", "things", ["maker"])
"""
CALLING = """
    def upgrade():
        op.execute("CREATE FUNCTION twice(n int) RETURNS int IMMUTABLE RETURN n * 2")
        op.create_index("ix_things_twice", "things", [sa.text("twice(maker)")])
        op.add_column("things", sa.Column("half", sa.Integer(), nullable=True))
        op.create_index("ix_things_half", "things", ["half"])

    def downgrade():
        op.drop_index("ix_things_half", "things")
        op.drop_column("things", "half")
        op.drop_index("ix_things_twice", "things")
        op.execute("DROP FUNCTION twice(int)")
"""
SHAPE = """
    SELECT attname || ' ' || attnotnull FROM pg_attribute
    WHERE attrelid = 'things'::regclass AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT indexrelid::regclass || ' ' || indisvalid || ' ' || pg_get_indexdef(indexrelid)
    FROM pg_index WHERE indrelid = 'things'::regclass
    UNION ALL SELECT conname || ' ' || convalidated || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE conrelid = 'things'::regclass AND contype <> 'n' ORDER BY 1
"""


def _write(folder: Path, number: int, body: str) -> None:
    former = repr(f"{number - 1:04}") if number > 1 else None
    head = f"import sqlalchemy as sa\nfrom alembic import op\nrevision = '{number:04}'\n"
    (folder / "versions" / f"{number:04}.py").write_text(
        f"{head}down_revision = {former}\n{dedent(body)}"
    )


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Written twice within a second and as long as before, a script would be taken for the compiled one.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "versions").mkdir()
    shutil.copy(Path(migrations.__file__).parents[2] / "migrations" / "env.py", tmp_path)
    monkeypatch.setattr(migrations, "SCRIPTS", tmp_path)
    _write(tmp_path, 1, FIRST)
    _write(tmp_path, 2, SECOND)
    return tmp_path


@pytest.fixture
async def owner(servers: Servers, scripts: Path) -> AsyncIterator[asyncpg.Connection]:
    """The database's owner, after the first migration; the tables have rows."""
    server = await asyncpg.connect(servers.postgres.url_of("postgres"))
    await server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
    await server.execute(f"CREATE DATABASE {NAME}")
    url = servers.postgres.url_of(NAME)
    await migrations.migrate(url, "0001")
    connection = await asyncpg.connect(url)
    await connection.execute("INSERT INTO makers VALUES (1)")
    await connection.execute("INSERT INTO things VALUES (1, 'Anvil', 1), (2, 'Bellows', 1)")
    yield connection
    await connection.close()
    await server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    await server.close()


async def _shape(owner: asyncpg.Connection) -> list[str]:
    return [row[0] for row in await owner.fetch(SHAPE)]


async def _version(owner: asyncpg.Connection) -> str:
    return str(await owner.fetchval("SELECT version_num FROM alembic_version"))


@pytest.fixture
async def in_the_way(servers: Servers, owner: asyncpg.Connection) -> AsyncIterator[Transaction]:
    """Somebody who writes to the table that the last statement of the migration refers to."""
    writer = await asyncpg.connect(servers.postgres.url_of(NAME))
    writing = writer.transaction()
    await writing.start()
    await writer.execute("UPDATE makers SET id = id")
    yield writing
    await writer.close()


async def test_readers_are_let_in_and_what_was_broken_off_is_gone_on_with(
    servers: Servers, owner: asyncpg.Connection, in_the_way: Transaction
) -> None:
    url = servers.postgres.url_of(NAME)
    before = await _shape(owner)
    for _ in range(2):
        with pytest.raises(DBAPIError, match="lock timeout"):
            await migrations.migrate(url, patience_seconds=0)
        # All but the last statement is done, and everybody can work.
        assert await _version(owner) == "0001"
        assert await owner.fetchval("SELECT sum(size) FROM things") == 12
        await owner.execute("INSERT INTO things VALUES (3, 'Crank', 1)")
        await owner.execute("DELETE FROM things WHERE id = 3")
        # The index that goes is there as long as the migration is, and keeps names apart.
        with pytest.raises(asyncpg.UniqueViolationError):
            await owner.execute("INSERT INTO things VALUES (3, 'ANVIL')")
    await in_the_way.rollback()
    await migrations.migrate(url)
    assert await _version(owner) == "0002"
    assert await owner.fetchval("SELECT to_regclass($1)", PROGRESS) is None
    after = await _shape(owner)
    assert not [
        line for line in after if "going" in line or " false " in line.partition("CREATE")[0]
    ]

    await _downgrade(url)
    assert await _shape(owner) == before
    # Without rows it is one transaction, and comes to the same.
    await owner.execute("TRUNCATE things, makers")
    await migrations.migrate(url)
    assert await _shape(owner) == after


async def test_what_is_half_done_can_only_be_gone_on_with(
    servers: Servers, owner: asyncpg.Connection, in_the_way: Transaction, scripts: Path
) -> None:
    url = servers.postgres.url_of(NAME)
    with pytest.raises(DBAPIError, match="lock timeout"):
        await migrations.migrate(url, patience_seconds=0)
    await in_the_way.rollback()
    with pytest.raises(CommandError, match="upgrade from 0001 is half done"):
        await _downgrade(url, "base")
    _write(scripts, 2, SECOND.replace("size > 1", "size > 2"))
    with pytest.raises(CommandError, match="changed meanwhile"):
        await migrations.migrate(url)
    _write(scripts, 2, SECOND)
    await migrations.migrate(url)
    assert await _version(owner) == "0002"


async def test_nobody_sees_a_schema_with_a_gap(servers: Servers, owner: asyncpg.Connection) -> None:
    url = servers.postgres.url_of(NAME)
    await migrations.migrate(url)
    await owner.execute("UPDATE makers SET id = 1")
    writer = await asyncpg.connect(url)
    async with writer.transaction():
        await writer.execute("SELECT FROM things WHERE id = 1 FOR UPDATE")
        with pytest.raises(DBAPIError, match="lock timeout"):
            await _downgrade(url)
    # The trigger goes before an index is built: until that is done nobody is without either.
    assert await owner.fetchval("SELECT count(*) FROM pg_trigger WHERE tgname = 'measure'") == 1
    await writer.close()


async def test_an_index_goes_before_the_function_that_it_calls(
    servers: Servers, owner: asyncpg.Connection, scripts: Path
) -> None:
    _write(scripts, 2, CALLING)
    url = servers.postgres.url_of(NAME)
    before = await _shape(owner)
    await migrations.migrate(url)
    assert await _shape(owner) != before
    await _downgrade(url)
    assert await _shape(owner) == before
    assert await owner.fetchval("SELECT to_regprocedure('twice(int)')") is None


async def _downgrade(url: str, revision: str = "0001") -> None:
    engine = create_async_engine(database_url(url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrations.downgrade, revision)
    finally:
        await engine.dispose()
