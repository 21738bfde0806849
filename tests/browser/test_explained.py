"""What pages explain: why rows failed and what to do, and where a score comes from."""

from decimal import Decimal

from playwright.sync_api import Locator, expect

from tests.browser.looking import Door
from tests.browser.seeds import Seeds, job


def test_failures_stand_by_reason_with_what_to_do(door: Door, seeds: Seeds) -> None:
    with door.window(seeds.admin) as context:
        page = context.new_page()
        page.goto(f"/console/claims/{seeds.ids['example']}")
        told = job(seeds.admin, seeds.ids["example"])["failures_by_reason"]
        reasons = page.get_by_role("region", name="Failures by reason")
        shown = dict(
            zip(_texts(reasons.locator("code")), _texts(reasons.locator("b")), strict=True)
        )
        assert {code: int(rows) for code, rows in shown.items()} == told
        failed = page.get_by_role("region", name="Failed rows")
        rows = failed.locator("tbody tr")
        expect(rows).to_have_count(sum(told.values()))
        for row in rows.all():
            wrong, to_do = row.locator("td").nth(3), row.locator("td").nth(4)
            assert wrong.locator("b").inner_text()
            assert to_do.inner_text().endswith(".")
        # A reason leads to its rows alone, and the address says so.
        reasons.get_by_role("link").first.click()
        page.wait_for_url("**?reason=**")
        wanted = page.url.partition("reason=")[2].partition("#")[0]
        expect(rows).to_have_count(told[wanted])
        assert set(_texts(rows.locator("td:nth-child(4) code"))) == {wanted}


def test_a_score_adds_up_and_says_what_would_raise_it(door: Door, seeds: Seeds) -> None:
    with door.window(seeds.admin) as context:
        page = context.new_page()
        page.goto(f"/console/applications/{seeds.ids['application']}")
        match = page.get_by_role("region", name="Match")
        score = Decimal(match.locator(".ring text").text_content() or "")
        parts = [Decimal(text.split("/")[0]) for text in _texts(match.locator(".points"))]
        assert abs(sum(parts) - score) <= Decimal("0.5")
        raise_it = match.locator(".raise")
        expect(raise_it).to_contain_text("What would raise the score")
        expect(raise_it).to_contain_text("Rust")
        gains = [Decimal(text.removeprefix("+")) for text in _texts(raise_it.locator(".gain"))]
        assert gains
        assert all(0 < gain <= 100 - sum(parts) for gain in gains)


def _texts(found: Locator) -> list[str]:
    return [text.strip() for text in found.all_inner_texts()]
