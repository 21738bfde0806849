"""pdfminer.six as second opinion: for files that pdfium cannot open or finds little in.

It is ten to twenty times slower and mixes columns more often, but it mends some damaged files that
pdfium refuses and maps some fonts that pdfium does not.
"""

import io
import logging
from typing import Final

from pdfminer.high_level import extract_pages
from pdfminer.layout import LAParams, LTTextContainer
from pdfminer.pdfdocument import PDFPasswordIncorrect, PDFTextExtractionNotAllowed

from app.resumes.reading.results import CannotRead, Limits, Reading

_LAYOUT: Final = LAParams(boxes_flow=None)
_MARK: Final = "(cid:"


def read_with_pdfminer(content: bytes, limits: Limits) -> Reading:
    """The document's text. CannotRead: encrypted, damaged."""
    # It warns about each font that lacks a box, thousands of times for some files.
    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    pages = []
    length = 0
    try:
        for page in extract_pages(io.BytesIO(content), maxpages=limits.pages, laparams=_LAYOUT):
            boxes = [box.get_text() for box in page if isinstance(box, LTTextContainer)]
            pages.append("\n".join(boxes))
            length += len(pages[-1])
            if length > limits.characters:
                break
    except (PDFPasswordIncorrect, PDFTextExtractionNotAllowed) as error:
        raise CannotRead("resume.encrypted") from error
    except Exception as error:
        # A parser of hostile files in pure Python: TypeError, KeyError, struct.error, zlib.error,
        # RecursionError and more were all seen on damaged files, and all mean the same here.
        raise CannotRead("resume.damaged") from error
    text = "\n".join(pages)
    unmapped = text.count(_MARK) > 5
    return Reading(
        kind="pdf",
        text=text,
        reader="pdfminer",
        pages=len(pages),
        cautions=("text.unmapped_glyphs",) if unmapped else (),
    )
