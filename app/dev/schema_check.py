"""Compares the models with the schema that the migrations make, in a database of its own.

python -m app.dev.schema_check        exit 1 when they differ
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.db import database_url
from app.core.migrations import check, migrate
from app.dev.postgres import PostgresServer


async def differences(url: str) -> str:
    """What a new migration would have to do; empty when nothing."""
    await migrate(url)
    engine = create_async_engine(database_url(url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(check)
    except CommandError as error:
        return str(error)
    finally:
        await engine.dispose()
    return ""


def main() -> None:
    """Start a PostgreSQL, migrate, compare."""
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer(Path(folder), settings={"fsync": "off"}) as server,
    ):
        found = asyncio.run(differences(server.url))
    sys.exit(f"The models and the schema differ: {found}" if found else 0)


if __name__ == "__main__":
    main()
