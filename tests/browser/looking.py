"""A page as the browser has it: what it loaded, what it said, and what axe finds in it."""

import importlib.resources
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from tests.browser.seeds import Person

Language = Literal["en", "fr"]
Colour = Literal["light", "dark"]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE, NARROW = 1280, 390
# A slow machine's patience: what is waited for comes in a tenth of a second elsewhere.
_PATIENCE_MS = 60_000
_HEIGHTS = {WIDE: 860, NARROW: 844}
_AXE = """standards => axe.run(document, { runOnly: { type: "tag", values: standards },
  resultTypes: ["violations"] }).then(found => found.violations.map(one => [one.id, one.help,
  one.nodes.map(node => node.target.join(" ") + "  " + (node.any[0] || node.all[0] || node.none[0]).message)]))"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; it is told that no host exists but this machine."""
    expect.set_options(timeout=_PATIENCE_MS)
    found = shutil.which("chromium")
    assert found, "no chromium on the PATH: ./scripts/browser says how to get it"
    rules = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    arguments = [f"--host-resolver-rules={rules}", "--disable-gpu", "--disable-dev-shm-usage"]
    if os.geteuid() == 0:
        # Its sandbox refuses root; what it visits here is ours alone.
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = _launch(playwright, found, arguments)
        yield browser
        browser.close()


def _launch(playwright: Playwright, path: str, arguments: list[str]) -> Browser:
    return playwright.chromium.launch(executable_path=path, args=arguments)


@dataclass(frozen=True)
class Look:
    """How somebody's browser is set."""

    language: Language = "en"
    colour: Colour = "light"
    width: int = WIDE
    script: bool = True


USUAL = Look()


@dataclass(frozen=True)
class Door:
    """Opens windows of the browser; each person signs in once."""

    browser: Browser
    url: str
    _kept: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def window(self, who: Person | None, look: Look = USUAL) -> Iterator[BrowserContext]:
        """A window of `who`, or of a stranger; with nothing in its cache."""
        if who is not None and who.email not in self._kept:
            with self._window(USUAL, None) as context:
                sign_in(context.new_page(), who)
                self._kept[who.email] = context.storage_state()
        with self._window(look, self._kept[who.email] if who else None) as context:
            yield context

    @contextmanager
    def _window(self, look: Look, kept: Any) -> Iterator[BrowserContext]:
        context = self.browser.new_context(
            base_url=self.url,
            storage_state=kept,
            locale={"en": "en-GB", "fr": "fr-FR"}[look.language],
            timezone_id="Europe/Paris",
            color_scheme=look.colour,
            viewport={"width": look.width, "height": _HEIGHTS[look.width]},
            java_script_enabled=look.script,
            reduced_motion="reduce",
            accept_downloads=True,
        )
        context.set_default_timeout(_PATIENCE_MS)
        try:
            yield context
        finally:
            context.close()


def sign_in(page: Page, who: Person) -> None:
    """Fill in the form and go on to the overview, by keyboard."""
    page.goto("/console/sign-in")
    page.fill("input[name=email]", who.email)
    page.fill("input[name=password]", who.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/console")


@dataclass
class Watch:
    """What went over the wire and what went wrong while a page was open."""

    origin: str
    wrong: list[str] = field(default_factory=list)
    carried: int = 0
    """Bytes of all answers, heads and all, as they came over the wire."""

    def on(self, page: Page) -> None:
        """Watch from now on."""
        page.on("console", lambda said: self._said(said.type, said.text))
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        page.on("requestfailed", self._failed)
        page.on("request", self._asked)
        page.on("requestfinished", self._came)

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.wrong.append(f"console {kind}: {text}")

    def _failed(self, request: Request) -> None:
        # A stream ends when its page is left, and a file that is downloaded is no page.
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"failed: {request.url}: {request.failure}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:")):
            self.wrong.append(f"outside: {request.url}")

    def _came(self, request: Request) -> None:
        if request.url.startswith(("data:", "blob:")):
            return
        answer = request.response()
        if answer is not None and answer.status >= 400 and not request.is_navigation_request():
            self.wrong.append(f"{answer.status}: {request.url}")
        sizes = request.sizes()
        self.carried += sizes["responseBodySize"] + sizes["responseHeadersSize"]


def settle(page: Page) -> None:
    """Wait until fonts are there and every picture is drawn."""
    page.evaluate(
        "document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(done)))"
    )


def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA, one line a node; nothing is left out."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_axe_core())
    found = page.evaluate(_AXE, STANDARDS)
    return [f"{rule} ({what}): {node}" for rule, what, nodes in found for node in nodes]


def _axe_core() -> str:
    # Only the script of that package is used: evaluated, because a page's policy refuses others.
    package = importlib.resources.files("axe_playwright_python")
    return (package / "axe.min.js").read_text(encoding="utf-8")


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(page.evaluate(wide))
