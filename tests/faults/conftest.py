"""Servers that a test may break, workers to be killed, and the table of what came of it."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.db import Database
from app.dev.payer.asgi import LocalPayer
from app.dev.postgres import PostgresServer
from app.dev.valkey import ValkeyServer
from tests.claims.engine.conftest import engine_payer, open_ledger
from tests.conftest import Servers, Stage, make_database, make_settings
from tests.faults.crew import Crew
from tests.faults.table import PROPERTY, lines, write
from tests.faults.yard import Yard

__all__ = ["engine_payer"]


@pytest.fixture
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A PostgreSQL that keeps its promises over a crash, and a Valkey."""
    home = tmp_path_factory.mktemp("yard")
    # A crash of the server is no crash of the machine: what is written stays, synced or not.
    with (
        PostgresServer(home / "postgres", settings={"fsync": "off"}) as postgres,
        ValkeyServer(home / "valkey") as valkey,
    ):
        yield Servers(postgres, valkey)


@pytest.fixture
async def yard(
    own_servers: Servers, engine_payer: tuple[LocalPayer, str], tmp_path: Path
) -> AsyncIterator[Yard]:
    """Everything up, nobody at work yet; whoever is left at the end is killed."""
    settings = make_settings(own_servers, await make_database(own_servers, "intake_test_yard"))
    database = Database(settings.database)
    ledger = await open_ledger(Stage(settings, database, own_servers), engine_payer)
    crew = Crew(ledger.with_claims(lease_seconds=2.0), tmp_path / "workers.log")
    yield Yard(own_servers.postgres, own_servers.valkey, ledger, crew)
    await crew.dismiss()
    await database.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table, and keep it where INTAKE_FAULTS_TABLE says."""
    found = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if not found:
        return
    table = lines(found)
    terminalreporter.section("what the faults cost")
    for line in table:
        terminalreporter.line(line)
    if path := os.environ.get("INTAKE_FAULTS_TABLE"):
        write(Path(path), table)
