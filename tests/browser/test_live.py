"""What a watched page shows stays true: without events, and over the end of the API."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import SHORT
from tests.browser.looking import Door
from tests.browser.rehearsal import Rehearsal
from tests.browser.seeds import Seeds, claims_file, job, upload, wait_for_end

# Each is a call of its own, and with that latency some ten a second are answered.
ROWS = 300


@pytest.fixture
def job_id(house: Rehearsal, seeds: Seeds, tmp_path: Path) -> Iterator[str]:
    """A file at work whose payer takes its time until it is told otherwise."""
    house.payer(latency_ms=600)
    path = claims_file(seeds.book, tmp_path / "claims-live.csv", ROWS)
    yield upload(seeds.admin, path, book=seeds.book, batch=False)
    house.payer()


def _begun(page: Page) -> None:
    bar = page.locator("#figures [role=progressbar]")
    expect(bar).not_to_have_attribute("aria-valuenow", "0")


def _shows_the_end(page: Page) -> None:
    expect(page.get_by_role("main")).to_contain_text(re.compile("Row errors|Completed"))
    bar = page.locator("#figures [role=progressbar]")
    expect(bar).to_have_attribute("aria-valuenow", str(ROWS))


def test_the_api_ends_in_the_middle_and_the_page_still_comes_to_the_end(
    door: Door, seeds: Seeds, house: Rehearsal, job_id: str
) -> None:
    with door.window(seeds.admin) as context:
        page = context.new_page()
        page.goto(f"/console/claims/{job_id}")
        _begun(page)
        assert job(seeds.admin, job_id)["status"] == "PROCESSING"
        house.kill_api()
        house.payer()
        house.wait_for_another_api()
        wait_for_end(seeds.admin, job_id)
        # By itself: nobody reloads.
        _shows_the_end(page)


@pytest.mark.skipif(SHORT, reason="the cut for every day has one watched file")
def test_the_list_comes_to_the_end_too(
    door: Door, seeds: Seeds, house: Rehearsal, job_id: str
) -> None:
    with door.window(seeds.admin) as context:
        page = context.new_page()
        page.goto("/console/claims")
        row = page.locator(f"#claim-{job_id}")
        expect(row).to_contain_text("Running")
        house.payer()
        expect(row).to_contain_text("Row errors")
        expect(row).to_contain_text(f"{ROWS} / {ROWS}")


@pytest.mark.skipif(SHORT, reason="the cut for every day has one watched file")
def test_the_end_is_right_without_any_event(
    door: Door, seeds: Seeds, house: Rehearsal, job_id: str
) -> None:
    with door.window(seeds.admin) as context:
        context.route("**/events*", lambda route: route.abort())
        page = context.new_page()
        page.goto(f"/console/claims/{job_id}")
        house.payer()
        wait_for_end(seeds.admin, job_id)
        page.reload()
        _shows_the_end(page)


def test_a_stream_is_opened_when_scripts_come_late(
    door: Door, seeds: Seeds, house: Rehearsal, job_id: str
) -> None:
    def late(route: Route) -> None:
        # Long enough for whatever begins by itself without waiting.
        page.wait_for_timeout(500)
        route.continue_()

    with door.window(seeds.admin) as context:
        page = context.new_page()
        page.route("**/hx-sse.js", late)
        with page.expect_request(f"**/console/claims/{job_id}/events"):
            page.goto(f"/console/claims/{job_id}")
