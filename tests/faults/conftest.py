"""A ledger with a lease short enough for tests, and workers to be killed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.claims.engine.conftest import engine_payer, ledger
from tests.claims.engine.ledger import Ledger
from tests.faults.crew import Crew

__all__ = ["crew", "engine_payer", "ledger"]


@pytest.fixture
async def crew(ledger: Ledger, tmp_path: Path) -> AsyncIterator[Crew]:
    """Nobody yet; whoever is left at the end is killed."""
    crew = Crew(ledger.with_claims(lease_seconds=2.0), tmp_path / "workers.log")
    yield crew
    await crew.dismiss()
