"""What pages explain: why rows failed and what to do, and where a score comes from."""

from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Locator, expect

from app.core.settings import PROJECT
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


def test_the_original_stands_beside_what_was_read(door: Door, seeds: Seeds) -> None:
    with door.window(seeds.admin) as context:
        page = context.new_page()
        page.goto(f"/console/resumes/{seeds.ids['resume']}")
        page.get_by_text("As it was handed in").click()
        picture = page.get_by_role("img", name="Page 1 of the original")
        expect(picture).to_have_js_property("naturalWidth", 901)
        read = page.get_by_role("region", name="What was read").bounding_box()
        shown = picture.bounding_box()
        assert read is not None
        assert shown is not None
        assert shown["x"] + shown["width"] <= read["x"]


def _texts(found: Locator) -> list[str]:
    return [text.strip() for text in found.all_inner_texts()]


def test_a_resume_is_handed_in_and_read_before_ones_eyes(
    door: Door, seeds: Seeds, tmp_path: Path
) -> None:
    text = (PROJECT / "examples" / "resume.txt").read_text(encoding="utf-8")
    path = tmp_path / "resume-by-hand.txt"
    path.write_text(text.replace("Zoé", "Chloé"), encoding="utf-8")
    with door.window(seeds.admin) as context:
        page = context.new_page()
        page.goto("/console/resumes")
        page.locator("input[type=file]").set_input_files(path)
        page.locator("button.main").click()
        page.wait_for_url("**/console/resumes/*")
        # By itself: nobody reloads.
        steps = page.get_by_role("region", name="Progress").locator("li.good")
        expect(steps).to_have_count(3)
        expect(steps.last).to_contain_text("skills found")
        expect(
            page.get_by_role("region", name="What was read").locator("mark").first
        ).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Original").click()
        assert Path(download.value.path()).read_text(encoding="utf-8") == path.read_text("utf-8")
