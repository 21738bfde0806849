"""Pages drawn as pictures: whatever the file is, the answer is a picture or nothing."""

import io

import pytest
from PIL import Image

from app.resumes.reading.asked_page import numbered
from app.resumes.reading.pictures import draw_page
from tests.resumes.papers import pdf

PAPER = pdf([(72, 700, "Ada Lovelace")])


def test_a_page_is_drawn_with_what_stands_on_it() -> None:
    with Image.open(io.BytesIO(draw_page(numbered(1, PAPER)))) as shown:
        picture = shown.convert("L")
    assert picture.width == pytest.approx(900, abs=1)
    shades = picture.histogram()
    assert sum(shades[:100]) > 0
    assert sum(shades[250:]) > sum(shades) * 0.9


@pytest.mark.parametrize("number", [0, 2, 65_535])
def test_other_pages_are_nothing(number: int) -> None:
    assert draw_page(numbered(number, PAPER)) == b""


@pytest.mark.parametrize(
    "content", [b"", b"\0\1", numbered(1, b"%PDF-1.7"), numbered(1, PAPER[:99])]
)
def test_what_is_no_pdf_is_nothing(content: bytes) -> None:
    assert draw_page(content) == b""


def test_a_page_of_odd_size_keeps_within_bounds() -> None:
    tall = PAPER.replace(b"[0 0 612 792]", b"[0 0 10 9999]")
    with Image.open(io.BytesIO(draw_page(numbered(1, tall)))) as shown:
        assert max(shown.size) <= 4_000
