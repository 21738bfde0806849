"""The application over real servers, answering on loopback, for programs that draw requests."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from app.core.db import Database
from app.core.patience import PatientProtocol
from app.core.serving import DrainingServer, Manner
from app.core.settings import Settings
from app.dev.surroundings import free_port
from app.main import create_app
from tests.conftest import Servers, make_database, make_settings
from tests.fuzz.peers import Peers, make_peers


@dataclass(frozen=True)
class House:
    """Where the application answers, and who lives there."""

    url: str
    peers: Peers
    settings: Settings


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The application in a thread of this process, on a port of its own; its address."""
    port = free_port()
    config = uvicorn.Config(
        create_app(settings), port=port, http=PatientProtocol, log_config=None, access_log=False
    )
    server = DrainingServer(config, Manner())
    # Signals belong to the tests.
    thread = threading.Thread(target=server.run, name="served")
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the application did not start"
            threading.Event().wait(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


@pytest.fixture
async def house(servers: Servers, tmp_path: Path) -> AsyncIterator[House]:
    """The application with both tenants in it."""
    settings = make_settings(servers, await make_database(servers, "intake_test_fuzz"))
    settings = settings.model_copy(
        update={
            "auth": settings.auth.model_copy(update={"access_token_minutes": 120}),
            "files": settings.files.model_copy(update={"local_storage_dir": str(tmp_path / "f")}),
        }
    )
    database = Database(settings.database)
    peers = await make_peers(database, settings)
    await database.close()
    with serving(settings) as url:
        yield House(url, peers, settings)
    await asyncio.sleep(0)
