"""Without JavaScript: reading, and every action, by plain forms."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import Door, Look
from tests.browser.rehearsal import Rehearsal
from tests.browser.seeds import Seeds, claims_file, wait_for_end

PLAIN = Look(script=False)
ROWS = 90


@pytest.fixture
def slow_payer(house: Rehearsal) -> Iterator[Rehearsal]:
    """A payer so slow that a file can be stopped."""
    house.payer(latency_ms=2_000)
    yield house
    house.payer()


@pytest.fixture
def page(door: Door, seeds: Seeds) -> Iterator[Page]:
    """A page of the admin's whose browser runs no script."""
    with door.window(seeds.admin, PLAIN) as context:
        yield context.new_page()


def test_a_file_goes_in_is_stopped_and_asked_again(
    page: Page, seeds: Seeds, slow_payer: Rehearsal, tmp_path: Path
) -> None:
    path = claims_file(seeds.book, tmp_path / "claims-plain.csv", ROWS)
    _looks_it_through(page, path)
    page.go_back()
    page.get_by_label("Choose a file").set_input_files(path)
    page.get_by_label("How it is asked").select_option("false")
    page.get_by_role("button", name="Process the file").click()
    page.wait_for_url("**/console/claims/*")
    job_id = page.url.rsplit("/", 1)[1]
    page.get_by_role("button", name="Cancel").click()
    wait_for_end(seeds.admin, job_id)
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("Cancelled")
    slow_payer.payer()
    page.get_by_role("button", name=re.compile("Retry .* rows")).click()
    found = wait_for_end(seeds.admin, job_id)
    page.reload()
    expect(page.get_by_role("main")).to_contain_text(f"{ROWS} of {ROWS}")
    assert found["processed_rows"] == ROWS
    _takes_the_answers(page)


def _looks_it_through(page: Page, path: Path) -> None:
    page.goto("/console/upload")
    page.get_by_label("Choose a file").set_input_files(path)
    page.get_by_role("button", name="Look through").click()
    expect(page.get_by_role("main")).to_contain_text(f"{ROWS} rows are ready")


def _takes_the_answers(page: Page) -> None:
    page.get_by_text("Results", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="All rows csv").click()
    assert download.value.suggested_filename.endswith(".csv")


def test_lists_are_read_and_narrowed(page: Page, seeds: Seeds) -> None:
    page.goto("/console/claims")
    expect(page.get_by_role("row", name="claims-week-46.csv")).to_contain_text("1,000 / 1,000")
    page.get_by_label("Find by file name").fill("5-rows")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="claims-week-46.csv")).to_have_count(0)
    page.get_by_role("link", name="claims-5-rows.csv").click()
    expect(page.get_by_role("region", name="Failed rows")).to_contain_text("A date cannot be read")
