"""The page of examples/upload in a browser: another origin, a token in its hands, a stream by fetch."""

from playwright.sync_api import Browser, Page, Route, expect

from app.core.settings import PROJECT
from app.dev.payer.example import DEMO_TIN
from tests.browser.rehearsal import Rehearsal
from tests.browser.seeds import sign_in

EXAMPLES = PROJECT / "examples"
# The first of CORS_ORIGINS by itself; nothing listens there, the files are handed to the browser.
ORIGIN = "http://localhost:3000"
PATIENCE_MS = 60_000


def open_page(browser: Browser, faults: list[str]) -> Page:
    """The example in a window of its own; what it throws is noted."""

    def serve(route: Route) -> None:
        route.fulfill(path=EXAMPLES / "upload" / route.request.url.rpartition("/")[2])

    context = browser.new_context()
    # The browser cannot know that what it was handed comes from this machine, too.
    context.grant_permissions(["local-network-access"], origin=ORIGIN)
    context.route(f"{ORIGIN}/**", serve)
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{ORIGIN}/index.html")
    return page


def test_the_example_uploads_and_watches(house: Rehearsal, browser: Browser) -> None:
    email, password = house.account
    someone = sign_in(house, email, password)
    # As the README's tour does; an organization that is there already will do as well.
    someone.api.post("/organizations", json={"name": "Lakeside Medical Group"})
    someone.api.post("/practices", json={"name": "Lakeside", "tin": DEMO_TIN})
    someone.api.close()

    faults: list[str] = []
    page = open_page(browser, faults)
    page.fill("[name=api]", house.url)
    page.fill("[name=username]", email)
    for given in ("wrong, and then right", password):
        page.fill("[name=password]", given)
        page.click("#sign-in button")
        if given != password:
            expect(page.locator("#said")).to_contain_text("(request ", timeout=PATIENCE_MS)

    words = page.locator("[data-words]")
    upload(page, "claims", "claims-5-rows.csv")
    expect(words).to_contain_text("5 of 5 rows", timeout=PATIENCE_MS)
    expect(words).to_contain_text("COMPLETED", timeout=PATIENCE_MS)
    with page.expect_download() as download:
        page.click("[data-download]")
    assert download.value.suggested_filename == "results_claims-5-rows.csv"
    upload(page, "resume", "resume.txt")
    expect(words).to_contain_text("skills extracted", timeout=PATIENCE_MS)
    assert faults == []
    page.context.close()


def upload(page: Page, kind: str, name: str) -> None:
    """Choose what it is and a file, and send it."""
    page.select_option("[name=kind]", kind)
    page.set_input_files("[name=file]", EXAMPLES / name)
    page.click("#upload button")
