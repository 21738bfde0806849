"""The board while colleagues work on it: it shows what they move, and leaves one's hands alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from app.applications.board import SHOWN
from tests.browser.looking import Door, Watch
from tests.browser.rehearsal import Rehearsal
from tests.browser.seeds import Seeds, checked, register

PEOPLE = SHOWN + 6


@pytest.fixture(scope="module")
def post(house: Rehearsal, seeds: Seeds) -> dict[str, str]:
    """A job of its own with more applicants than a column shows; their applications by name."""
    made = {"title": "Night nurse", "location": "Lyon", "description": "You are there at night."}
    job_id = checked(seeds.admin.api.post("/jobs", json=made))["id"]
    found = {"job": job_id}
    for at in range(PEOPLE):
        person = register(house, f"night-{at:02}@example.org", f"Person {at:02}")
        letter = {"job_id": job_id, "source": "north" if at % 2 else "south"}
        found[f"Person {at:02}"] = checked(person.api.post("/applications", json=letter))["id"]
        person.api.close()
    return found


@pytest.fixture
def page(door: Door, seeds: Seeds) -> Iterator[Page]:
    """The admin's window, of which nothing may go wrong."""
    watch = Watch(door.url)
    with door.window(seeds.admin) as context:
        shown = context.new_page()
        watch.on(shown)
        yield shown
    assert watch.wrong == []


def move(seeds: Seeds, application_id: str, status: str) -> Any:
    """What a colleague does in another window."""
    return checked(seeds.admin.api.put(f"/applications/{application_id}", json={"status": status}))


def column(page: Page, stage: str) -> Locator:
    return page.locator(f"[data-stage={stage}]")


def test_a_colleagues_move_is_shown_and_nothing_is_taken_away(
    page: Page, seeds: Seeds, post: dict[str, str]
) -> None:
    page.goto(f"/console/jobs/{post['job']}?sort=newest")
    applied, viewed = column(page, "applied"), column(page, "viewed")
    expect(applied.locator(".ticket")).to_have_count(SHOWN)
    page.get_by_role("link", name=f"{PEOPLE - SHOWN} more").click()
    expect(applied.locator(".ticket")).to_have_count(PEOPLE)
    # One is reading a card, has picked another, and is halfway through a note.
    applied.get_by_role("checkbox", name="Person 04").check()
    note = page.get_by_placeholder("Note for the history")
    note.fill("Calm at n")
    page.evaluate("window.stays = true")
    move(seeds, post["Person 09"], "viewed")
    expect(viewed.get_by_role("link", name="Person 09")).to_be_visible()
    expect(note).to_be_focused()
    expect(note).to_have_value("Calm at n")
    expect(applied.get_by_role("checkbox", name="Person 04")).to_be_checked()
    # The column stays as far unfolded as it was.
    expect(applied.locator(".ticket")).to_have_count(PEOPLE - 1)
    expect(applied.locator("h2 span")).to_have_text(str(PEOPLE - 1))
    expect(page.locator("#said")).to_have_text("Somebody has changed the board.")
    assert page.evaluate("window.stays")
    _waits_for_an_open_list(page, seeds, post)
    _waits_for_a_card_in_the_air(page, seeds, post)
    _follows_the_focus(page, seeds, post)


def _held_back(page: Page) -> None:
    """Wait until the page knows that something is different, and shows it not."""
    page.wait_for_function("() => latest && latest !== there().dataset.mark")


def _waits_for_an_open_list(page: Page, seeds: Seeds, post: dict[str, str]) -> None:
    viewed = column(page, "viewed")
    choice = column(page, "applied").get_by_role("combobox", name="Person 02")
    choice.focus()
    move(seeds, post["Person 08"], "viewed")
    _held_back(page)
    expect(choice).to_be_focused()
    expect(viewed.get_by_role("link", name="Person 08")).to_have_count(0)
    page.get_by_placeholder("Note for the history").focus()
    expect(viewed.get_by_role("link", name="Person 08")).to_be_visible()


def _waits_for_a_card_in_the_air(page: Page, seeds: Seeds, post: dict[str, str]) -> None:
    viewed = column(page, "viewed")
    card = page.locator(f"#a-{post['Person 10']}")
    card.locator("small").hover()
    page.mouse.down()
    viewed.locator("h2").hover()
    viewed.locator("h2").hover()
    expect(card).to_have_class("ticket dragged")
    move(seeds, post["Person 07"], "viewed")
    _held_back(page)
    expect(viewed.get_by_role("link", name="Person 07")).to_have_count(0)
    page.mouse.up()
    for name in ("Person 07", "Person 10"):
        expect(viewed.get_by_role("link", name=name)).to_be_visible()
    # Nor does one's own move fold the column that was unfolded.
    expect(column(page, "applied").locator(".ticket")).to_have_count(PEOPLE - 4)


def _follows_the_focus(page: Page, seeds: Seeds, post: dict[str, str]) -> None:
    page.get_by_role("link", name="Person 01").focus()
    move(seeds, post["Person 01"], "shortlisted")
    expect(column(page, "shortlisted").get_by_role("link", name="Person 01")).to_be_focused()


def test_filters_stand_in_the_address_and_outlast_moves_by_keys(
    page: Page, seeds: Seeds, post: dict[str, str]
) -> None:
    page.goto(f"/console/jobs/{post['job']}?sort=newest")
    page.get_by_label("Source").select_option("south")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**source=south**")
    applied = column(page, "applied")
    expect(applied.get_by_role("link", name="Person 03")).to_have_count(0)
    first = applied.get_by_role("link", name="Person 06")
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(applied.get_by_role("link", name="Person 04")).to_be_focused()
    page.keyboard.press("Space")
    expect(applied.get_by_role("checkbox", name="Person 04")).to_be_checked()
    page.keyboard.press("Shift+ArrowRight")
    expect(column(page, "viewed").get_by_role("link", name="Person 04")).to_be_focused()
    # A colleague's moves come narrowed, too: what the filter leaves out stays out.
    move(seeds, post["Person 03"], "viewed")
    move(seeds, post["Person 00"], "viewed")
    expect(column(page, "viewed").get_by_role("link", name="Person 00")).to_be_visible()
    expect(column(page, "viewed").get_by_role("link", name="Person 03")).to_have_count(0)
    assert "source=south" in page.url
