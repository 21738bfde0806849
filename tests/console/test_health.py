"""The page that names what really runs, and the start page that says what needs somebody."""

import httpx
import pytest

from app.health.schemas import Health
from tests.console.conftest import a_health
from tests.people import Crew


@pytest.fixture
def health() -> Health:
    return a_health(stale_worker=True, queue="degraded")


async def test_the_stale_process_is_named(client: httpx.AsyncClient, crew: Crew) -> None:
    page = await client.get("/console/health", headers=crew.viewer.headers)
    assert "One of 2 processes runs other code" in page.text
    assert "worker here:2" in page.text
    assert "891308f" in page.text
    assert "One job not begun, for 7 min 0 s. No mail waits." in page.text


async def test_the_start_page_counts_what_needs_somebody(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    page = await client.get("/console", headers=crew.admin.headers)
    assert "2 things need you" in page.text
    assert 'class="release stale"' in page.text
