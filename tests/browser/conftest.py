"""One house, one browser and one set of seeds for all tests of the console in a browser."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from app.core.settings import PROJECT
from tests.browser.looking import Door, chromium
from tests.browser.rehearsal import Rehearsal, rehearsal
from tests.browser.seeds import Seeds, sown

SHORT = os.environ.get("INTAKE_BROWSER") == "short"
PICTURES = PROJECT / ".browser"


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """All programs, up and ready; what they say stays beside the screenshots."""
    PICTURES.mkdir(exist_ok=True)
    with rehearsal(tmp_path_factory.mktemp("house"), PICTURES / "programs.log") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser; each test opens windows of its own."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def seeds(house: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeds]:
    """People and papers."""
    with sown(house, tmp_path_factory.mktemp("seeds")) as found:
        yield found


@pytest.fixture(scope="session")
def door(house: Rehearsal, browser: Browser) -> Door:
    """Windows of people who are signed in."""
    return Door(browser, house.url)


@pytest.fixture(scope="session")
def pictures(house: Rehearsal) -> Path:
    """The folder for screenshots, which git does not know."""
    return PICTURES
