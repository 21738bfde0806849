"""What the database itself shows to a transaction that names nobody."""

from sqlalchemy import text

from app.core.db import Database, Scope
from app.core.settings import Settings
from tests.fuzz.peers import make_peers

TABLES = """
SELECT c.relname FROM pg_class c WHERE c.relrowsecurity
 AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
 AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1
"""
# What anybody may read: posts that are open, and the cards of organizations.
OPEN = {"organizations": "true", "jobs": "status IN ('active', 'closed')"}


async def test_without_a_tenant_no_row_of_any_tenant_is_there(
    database: Database, settings: Settings
) -> None:
    """Raw SQL under the application's role, with two tenants that have something everywhere."""
    await make_peers(database, settings)
    async with database.read(Scope.system()) as session:
        tables = list((await session.execute(text(TABLES))).scalars())
        held = {}
        for table in tables:
            count = await session.execute(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
            held[table] = int(count.scalar_one())
    async with database.read(Scope.public()) as session:
        shown = {}
        for table in tables:
            hidden = f" WHERE NOT ({OPEN[table]})" if table in OPEN else ""
            count = await session.execute(
                text(f"SELECT count(*) FROM {table}{hidden}")  # noqa: S608
            )
            shown[table] = int(count.scalar_one())
    assert len([table for table, rows in held.items() if rows]) >= 15, held
    assert {table: rows for table, rows in shown.items() if rows} == {}
