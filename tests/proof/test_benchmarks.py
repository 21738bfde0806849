"""The page of benchmarks is made of what is kept, and every picture on it is one that can be read."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts.bench import page
from scripts.bench.plots import Bar, Curves, Panel, draw_bars, draw_curves
from scripts.bench.profiles import summary
from scripts.bench.whole import PARTS

PAGE = page.PAGE.read_text(encoding="utf-8")


def test_every_part_has_its_place_on_the_page() -> None:
    assert set(PARTS) < set(page.PARTS)
    for name in page.PARTS:
        assert page.placed(PAGE, name, "x").count("\nx\n<!-- end of") == 1


@pytest.mark.parametrize("name", re.findall(r"!\[[^]]*\]\((plots/[^)]+)\)", PAGE) or ["plots"])
def test_every_picture_is_there(name: str) -> None:
    path = Path(page.PAGE).parent / name
    assert not path.suffix or ElementTree.parse(path).getroot().tag.endswith("svg")  # noqa: S314 - our own file.


def test_pictures_are_whole_and_escape_what_they_name() -> None:
    """A name with markup in it, one bar, one point: none of them breaks the picture."""
    bars = draw_bars([Panel("a < b", [Bar("x & y", 0, "0"), Bar("z", 3, "3", True)], True)])
    curves = draw_curves(Curves("a < b", "rows", {"one": [(1_000, 0.5)], "two": [(1_000, 5)]}))
    even = draw_curves(Curves("c", "minute", {"one": [(1, 5), (2, 7)]}, is_even=True))
    for svg in (bars, curves, even):
        root = ElementTree.fromstring(svg)  # noqa: S314 - made here.
        assert root.find("{http://www.w3.org/2000/svg}title") is not None
        assert "nan" not in svg


def test_a_profile_counts_work_and_not_waiting() -> None:
    told = summary(
        [
            "serve (app/serving.py:9);browse (app/jobs/routes.py:10);select (selectors.py:468) 90",
            "process 7:x;browse (app/jobs/routes.py:10);dumps (/x/site-packages/msgspec/json.py:5) 3",
            "serve (app/serving.py:9);browse (app/jobs/routes.py:12) 1",
            "process 7:x 5",
        ]
    )
    assert told["samples"] == 4
    assert told["own"][0] == ["dumps (msgspec/json.py)", 0.75]
    assert told["whole"] == [["browse (app/jobs/routes.py)", 1.0]]
