"""Every page, in both languages, themes and widths: nothing that axe, the console or the wire says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.cases import CASES, NOT_PAGES, Case, routes
from tests.browser.conftest import SHORT
from tests.browser.looking import NARROW, Colour, Door, Look, Watch, overflow, settle, violations
from tests.browser.rehearsal import Rehearsal
from tests.browser.seeds import Seeds, claims_file, upload

MOST_BYTES = 200_000
BOTH: tuple[Colour, ...] = ("light", "dark")
LOOKS = [Look("en"), Look("en", width=NARROW), Look("fr"), Look("fr", width=NARROW)]
SHORT_LOOKS = [Look("en"), Look("fr", "dark", NARROW)]


def looked_at() -> Iterator[tuple[Case, Look]]:
    """Every page in every look; in the cut for every day in one of two, turn and turn about."""
    for number, case in enumerate(CASES):
        looks = [SHORT_LOOKS[number % 2]] if SHORT else LOOKS
        yield from ((case, look) for look in looks)


@pytest.fixture(scope="module")
def running(
    house: Rehearsal, seeds: Seeds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """A file that is worked off too slowly to end while pages are looked at."""
    path = claims_file(seeds.book, tmp_path_factory.mktemp("slow") / "claims-november.csv", 4_000)
    house.payer(latency_ms=4_000)
    seeds.ids["running"] = upload(seeds.admin, path, book=seeds.book, batch=False)
    yield
    house.payer()
    seeds.admin.api.post(f"/claims/csv-jobs/{seeds.ids['running']}/cancel").raise_for_status()


def test_every_page_has_a_case() -> None:
    assert {case.route for case in CASES} == routes() - NOT_PAGES.keys(), "add a line to cases.py"
    assert NOT_PAGES.keys() <= routes(), "these have no route any more"


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("case", "look"),
    list(looked_at()),
    ids=lambda one: one.name if isinstance(one, Case) else f"{one.language}-{one.width}",
)
def test_a_page(door: Door, seeds: Seeds, pictures: Path, case: Case, look: Look) -> None:
    watch = Watch(door.url)
    with door.window(seeds.person(case.who), look) as context:
        page = context.new_page()
        watch.on(page)
        answer = page.goto(case.address.format_map(seeds.ids))
        assert answer is not None
        assert answer.status == case.status
        settle(page)
        assert page.evaluate("document.documentElement.lang") == look.language
        _says_when_and_which_code(page, case)
        found = {}
        for colour in (look.colour,) if SHORT else BOTH:
            page.emulate_media(color_scheme=colour)
            settle(page)
            name = f"{case.name}-{look.language}-{look.width}-{colour}"
            page.screenshot(path=pictures / f"{name}.png", full_page=True)
            if lines := violations(page):
                found[colour] = lines
        assert found == {}
        assert overflow(page) <= 0
        # A page that answers with a failure says so in the browser's console, too.
        wrong = [line for line in watch.wrong if case.status == 200 or "status of" not in line]
        assert wrong == []
        assert 0 < watch.carried <= MOST_BYTES


def _says_when_and_which_code(page: Page, case: Case) -> None:
    """The release card is there for who is signed in; times have the exact one in the reader's own
    zone, and figures keep their columns."""
    has_frame = case.who != "nobody" and case.status == 200
    card = page.locator("a.release code" if has_frame else ".built code")
    expect(card).to_have_text(re.compile(r"^[0-9a-f]{7}$"))
    exact = """() => [...document.querySelectorAll("time")].filter(
        one => !one.title || one.title.endsWith("UTC")).map(one => one.outerHTML)"""
    assert page.evaluate(exact) == []
    loose = """() => [...document.querySelectorAll("td.figure, .figures dd, .under small, .points")]
        .filter(one => !getComputedStyle(one).fontVariantNumeric.includes("tabular-nums"))
        .map(one => one.outerHTML)"""
    assert page.evaluate(loose) == []
