"""The API over a committed database, for what needs several connections at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx
import pytest

from app.core.settings import LimitSettings
from app.main import create_app
from tests.conftest import Stage, running
from tests.people import Crew, make_crew

OpenClient = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def stage_crew(stage: Stage) -> Crew:
    """The crew in the committed database."""
    return await make_crew(stage.database, stage.settings)


@pytest.fixture
async def open_client(stage: Stage) -> AsyncIterator[OpenClient]:
    """Clients of applications over the committed database, each with limits of its own."""
    async with AsyncExitStack() as stack:

        async def open_one(**limits: int) -> httpx.AsyncClient:
            own = LimitSettings(rate_limits="off").model_copy(update=limits)
            settings = stage.settings.model_copy(update={"limits": own})
            return await stack.enter_async_context(running(create_app(settings)))

        yield open_one


@pytest.fixture
async def stage_client(open_client: OpenClient) -> httpx.AsyncClient:
    """A client of the application over the committed database."""
    return await open_client()
