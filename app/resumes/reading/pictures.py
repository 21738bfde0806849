"""Pages of a PDF as pictures, so that a person can hold what was read against the original.

A browser that opened the file itself would open what else is in it; pixels do nothing.
"""

import io
from contextlib import closing
from typing import Final

import pypdfium2

from app.resumes.reading.asked_page import apart

_WIDTH: Final = 900
_HIGHEST: Final = 4_000
_QUALITY: Final = 65


def draw_page(asked: bytes) -> bytes:
    """The page as WebP, about 900 pixels wide; nothing where there is no such page or it can't be drawn."""
    number, content = apart(asked)
    try:
        with closing(pypdfium2.PdfDocument(content)) as document:
            return _drawn(document, number) if 1 <= number <= len(document) else b""
    except pypdfium2.PdfiumError:
        return b""


def _drawn(document: pypdfium2.PdfDocument, number: int) -> bytes:
    with closing(document[number - 1]) as page:
        width, height = page.get_size()
        scale = min(_WIDTH / max(1.0, width), _HIGHEST / max(1.0, height))
        picture = page.render(scale=scale).to_pil()
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=_QUALITY)
    return out.getvalue()
