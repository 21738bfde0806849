"""An admin's day by keyboard alone: from signing in to signing out, nothing is clicked."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FileChooser, Page, expect

from tests.browser.conftest import SHORT
from tests.browser.keys import Keyboard
from tests.browser.looking import Door, Watch
from tests.browser.rehearsal import Rehearsal
from tests.browser.seeds import Seeds, checked, claims_file

ROWS = 300


@pytest.fixture
def payer(house: Rehearsal) -> Iterator[Rehearsal]:
    """A payer that behaves again afterwards."""
    yield house
    house.payer()


def test_an_admins_day(door: Door, seeds: Seeds, payer: Rehearsal, tmp_path: Path) -> None:
    path = claims_file(seeds.book, tmp_path / "claims-week-47.csv", ROWS)
    watch = Watch(door.url)
    with door.window(None) as context:
        page = context.new_page()
        watch.on(page)
        page.on("dialog", lambda question: question.accept())
        keys = Keyboard(page)
        _signs_in(page, keys, seeds)
        _looks_a_file_through(page, keys, path)
        # What the payer garbles is asked for again and again, most of a minute, before a row fails.
        payer.payer(latency_ms=600, nonsense_amounts=not SHORT)
        keys.press("button", "Process the file")
        page.wait_for_url("**/console/claims/*")
        _sees_it_move(page, payer)
        if not SHORT:
            _retries_one_reason(page, keys)
        _reads_masked_names(page, keys)
        _takes_the_answers(page, keys, tmp_path)
        _signs_out(page, keys)
    assert watch.wrong == []
    entries = checked(seeds.admin.api.get("/audit/", params={"action": "claims.rows_read"}))
    assert entries["results"]


def _signs_in(page: Page, keys: Keyboard, seeds: Seeds) -> None:
    page.goto("/console/claims")
    # The form waits for the keyboard where one begins to write.
    expect(page.get_by_label("E-mail")).to_be_focused()
    keys.write(seeds.admin.email)
    keys.go_to("textbox", "Password")
    keys.write(seeds.admin.password)
    keys.press("button", "Sign in")
    # One is led to where one wanted to go.
    page.wait_for_url("**/console/claims")


def _looks_a_file_through(page: Page, keys: Keyboard, path: Path) -> None:
    keys.press("link", "Upload a file")
    page.wait_for_url("**/console/upload")
    keys.go_to("button", "Choose a file")
    _opens_the_chooser(page).set_files(path)
    expect(page.locator("#preview")).to_contain_text(f"{ROWS} rows are ready")
    expect(page.locator("#preview")).to_contain_text("nothing is stored yet")
    keys.go_to("combobox", "How it is asked")
    keys.write("Row")
    expect(page.get_by_label("How it is asked")).to_have_value("false")


def _opens_the_chooser(page: Page) -> FileChooser:
    """Press Enter on the field; without a window Chromium drops the first press now and then."""
    opened: list[FileChooser] = []
    page.on("filechooser", lambda chooser: opened.append(chooser))  # noqa: PLW0108 - Playwright marks its handlers, and cannot mark a method of a list.
    for _ in range(20):
        page.keyboard.press("Enter")
        page.wait_for_timeout(1_000)
        if opened:
            return opened[0]
    raise AssertionError("Enter opens no chooser of files")


def _sees_it_move(page: Page, payer: Rehearsal) -> None:
    """The bar moves while the page stays the same page; at the end all of it is shown by itself."""
    page.evaluate("window.stays = true")
    bar = page.locator("#figures [role=progressbar]")
    seen = {bar.get_attribute("aria-valuenow")}
    while len(seen) < 3:
        seen.add(_another(page, seen))
    assert page.evaluate("window.stays")
    payer.payer()
    expect(page.get_by_text("Row errors").first).to_be_visible(timeout=60_000)
    assert page.evaluate("window.stays === undefined")
    expect(bar).to_have_attribute("aria-valuenow", str(ROWS))


def _another(page: Page, seen: set[str | None]) -> str:
    """The bar's next place, at work still."""
    page.wait_for_function(
        """seen => { const bar = document.querySelector("#figures [role=progressbar]");
        return bar && !seen.includes(bar.getAttribute("aria-valuenow")); }""",
        arg=list(seen),
    )
    place = page.locator("#figures [role=progressbar]").get_attribute("aria-valuenow")
    assert place is not None
    assert int(place) < ROWS
    return str(place)


def _retries_one_reason(page: Page, keys: Keyboard) -> None:
    reasons = page.get_by_role("region", name="Failures by reason")
    expect(reasons).to_contain_text("The payer's answer could not be understood")
    keys.press("button", "Retry these")
    expect(page.locator(".head").get_by_text("attempt 2")).to_be_visible()
    expect(reasons).not_to_contain_text("could not be understood")
    # What another try cannot change was left as it was.
    expect(page.get_by_text("Row errors").first).to_be_visible(timeout=60_000)
    expect(reasons).to_contain_text("The payer has no such claim")


def _reads_masked_names(page: Page, keys: Keyboard) -> None:
    failed = page.get_by_role("region", name="Failed rows")
    patients = failed.locator("td.lead")
    assert all("•" in name for name in patients.all_inner_texts())
    keys.press("link", "reveal")
    expect(failed).to_contain_text("is recorded")
    assert not any("•" in name for name in patients.all_inner_texts())


def _takes_the_answers(page: Page, keys: Keyboard, folder: Path) -> None:
    keys.press("summary", "Results")
    with page.expect_download() as download:
        keys.press("link", "All rows csv")
    download.value.save_as(folder / "results.csv")
    with (folder / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {int(line["row"]) for line in csv.DictReader(file)} == set(range(1, ROWS + 1))
    # The menu closes without a mouse, and the focus is where it was.
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="All rows csv")).to_be_hidden()


def _signs_out(page: Page, keys: Keyboard) -> None:
    keys.press("summary", "Maria Ortiz")
    keys.press("button", "Sign out")
    page.wait_for_url("**/console/sign-in")
    page.goto("/console/claims")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
