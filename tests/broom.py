"""A database emptied between two tests."""

from dataclasses import dataclass
from typing import Any, Self

import asyncpg


@dataclass(frozen=True)
class Broom:
    """Empties a database between tests, over a connection that knows its tables already.

    TRUNCATE would make new files for each of some hundred tables and their indexes, a tenth of a
    second each time; a test writes a few rows into a few of them.
    """

    owner: "asyncpg.Connection[Any]"
    find_rows: str

    @classmethod
    async def over(cls, url: str) -> Self:
        """For the database at `url`, as its owner."""
        owner = await asyncpg.connect(url)
        # The audit log refuses even its owner; only a superuser can keep its triggers from running,
        # and those of foreign keys, which would ask for an order.
        await owner.execute("SET session_replication_role = replica")
        tables = await owner.fetch(
            "SELECT tablename FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        found = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for (name,) in tables)  # noqa: S608
        return cls(owner, " UNION ALL ".join(found))

    async def sweep(self) -> None:
        """Delete every row that there is."""
        for (name,) in await self.owner.fetch(self.find_rows):
            await self.owner.execute(f"DELETE FROM {name}")  # noqa: S608
