"""The pictures of the README, taken of the demonstration while it is at work.

`./scripts/browser --pictures` renews them; what they show is what whoever starts `./scripts/dev` sees.
"""

import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from app.core.settings import PROJECT
from app.dev.payer.asgi import PayerOptions
from app.dev.payer.book import Book, Books
from app.dev.payer.example import DEMO_TIN
from app.dev.payer.questions import payer_today
from tests.browser.looking import WIDE, Colour, chromium, settle
from tests.browser.rehearsal import Rehearsal, rehearsal
from tests.browser.seeds import claims_file

FOLDER = PROJECT / "docs" / "pictures"
MOST_BYTES = 150_000
_PACE = {"latency_ms": 700, "latency_jitter_ms": 600}
_LINK = re.compile(r"http\S+/console/welcome#\S+")


@dataclass(frozen=True)
class Studio:
    """A window of the demonstration's admin, and the payer that sets the pace."""

    page: Page
    house: Rehearsal
    folder: Path

    def take(self, name: str, colour: Colour) -> None:
        """Keep what the window shows, in few colours."""
        self.page.emulate_media(color_scheme=colour)
        settle(self.page)
        shot, kept = self.folder / "shot.png", FOLDER / f"{name}.png"
        self.page.screenshot(path=shot)
        with Image.open(shot) as image:
            image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(kept, optimize=True)
        size = kept.stat().st_size
        assert size < MOST_BYTES, f"{kept} has {size} bytes"
        sys.stdout.write(f"{kept.relative_to(PROJECT)}  {size:,} bytes\n")


def upload(studio: Studio, book: Book, name: str, rows: int) -> str:
    """Hand a file in over the page; the address at which it is watched."""
    page = studio.page
    page.goto("/console/upload")
    path = claims_file(book, studio.folder / name, rows)
    _misspell(path)
    page.get_by_label("Choose a file").set_input_files(path)
    page.get_by_label("How it is asked").select_option("false")
    page.get_by_role("button", name="Process the file").click()
    page.wait_for_url("**/console/claims/*")
    return str(page.url)


def _misspell(path: Path) -> None:
    """A day that no calendar has in each sixtieth row, and no last name in each hundredth."""
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows[60::60]:
        row[2] = "13/32/1980"
    for row in rows[100::100]:
        row[1] = ""
    path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")


def wait_for_share(page: Page, share: float) -> None:
    """Watch a file until that part of it is done."""
    page.wait_for_function(
        """share => { const bar = document.querySelector("#figures [role=progressbar]");
        return bar && bar.getAttribute("aria-valuenow") / bar.getAttribute("aria-valuemax") >= share; }""",
        arg=share,
        timeout=300_000,
    )


def claims(studio: Studio) -> None:
    """One file, and the list with two at work."""
    usual = PayerOptions()
    books = Books(seed=usual.seed, claims=usual.claims, days=usual.days, today=payer_today())
    book = books.book(DEMO_TIN)
    studio.house.payer(**_PACE)
    place = upload(studio, book, "patients-week-47.csv", 3_000)
    wait_for_share(studio.page, 0.15)
    studio.page.goto(place)
    studio.take("claim", "dark")
    upload(studio, book, "patients-week-48.csv", 2_000)
    wait_for_share(studio.page, 0.05)
    studio.page.goto("/console/claims")
    expect(studio.page.get_by_text("Running").first).to_be_visible()
    studio.take("claims", "light")
    studio.house.payer()


def application(studio: Studio) -> None:
    """The applicant with the best score of the job with the most applicants."""
    page = studio.page
    page.goto("/console/jobs")
    page.get_by_role("link", name="Data Engineer").first.click()
    page.locator("a[href^='/console/applications/']").first.click()
    page.wait_for_url("**/console/applications/*")
    studio.take("application", "light")


def health(studio: Studio) -> None:
    """All processes with their commits."""
    studio.page.goto("/console/health")
    studio.take("health", "dark")


def main() -> int:
    """Take all of them."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        with rehearsal(folder / "data", folder / "log", demo=True) as house:
            studio = Studio(opened(browser, house), house, folder)
            _wait_for_the_demonstration(studio)
            scenes: tuple[Callable[[Studio], None], ...] = (application, health, claims)
            for scene in scenes:
                scene(studio)
    return 0


def opened(browser: Browser, house: Rehearsal) -> Page:
    """A page that came in by the link that `intake dev` prints."""
    found = _LINK.search(house.log.read_text(encoding="utf-8"))
    assert found, house.log.read_text(encoding="utf-8")
    context = browser.new_context(
        base_url=house.url,
        locale="en-GB",
        timezone_id="Europe/Paris",
        viewport={"width": WIDE, "height": 860},
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(found[0])
    page.wait_for_url("**/console")
    return page


def _wait_for_the_demonstration(studio: Studio) -> None:
    """Wait until none of its own files is at work any more."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        studio.page.goto("/console/claims")
        rows = studio.page.locator("tr[id^=claim-]").count()
        if rows and not studio.page.locator(".pill.run, .pill.wait").count():
            return
        studio.page.wait_for_timeout(1_000)
    raise AssertionError("the demonstration was not made in two minutes")


if __name__ == "__main__":
    sys.exit(main())
