"""PDF by pdfium: words with places in the order of the file, put in reading order by `layout`.

pdfium keeps the columns of nearly all résumés and is an order of magnitude faster than
pdfminer.six, which is asked where pdfium opens a file but finds little, or cannot open it.

Its own functions are called: pypdfium2's objects add a tenth of a millisecond to each page.
"""

import ctypes
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from itertools import islice
from typing import Any, Final

import pypdfium2
from pypdfium2 import raw

from app.resumes.reading.layout import Page, arrange, flow
from app.resumes.reading.results import LIMITS, CannotRead, Caution, Limits, Reading
from app.resumes.reading.text_page import rows_of

_PDF_DATE: Final = re.compile(r"D?:?((?:19|20)\d\d)(\d\d)?(\d\d)?")
# For an address or a date; what is longer is none. A type, because each new one is slow to make.
_BUFFER_BYTES: Final = 2048
_Buffer: Final = ctypes.c_char * _BUFFER_BYTES
_UNMAPPED: Final = re.compile("[\ufffd\ue000-\uf8ff]")
_FEW_LETTERS: Final = 40


def read_pdf(content: bytes, limits: Limits = LIMITS) -> Reading:
    """The document's text. CannotRead: encrypted, damaged, no_text_layer, no_text."""
    document = raw.FPDF_LoadMemDocument64(content, len(content), None)
    if not document:
        is_locked = raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD
        raise CannotRead("resume.encrypted" if is_locked else "resume.damaged")
    try:
        return _document(document, content, limits)
    finally:
        raw.FPDF_CloseDocument(document)


def _document(document: Any, content: bytes, limits: Limits) -> Reading:
    count = raw.FPDF_GetPageCount(document)
    if count == 0:
        raise CannotRead("resume.damaged")
    cautions: set[Caution] = {"pages.cut"} if count > limits.pages else set()
    pages: list[Page] = []
    links: dict[str, None] = {}
    length = 0
    for number in range(min(count, limits.pages)):
        pages.append(_page(document, number, links))
        length += pages[-1].length
        if length > limits.characters:
            break
    flow(pages)
    if any(page.reordered for page in pages):
        cautions.add("layout.reordered")
    whole = "\n".join(page.text for page in pages if page.rows)
    letters = islice(filter(str.isalnum, whole), _FEW_LETTERS)
    if sum(1 for _ in letters) < _FEW_LETTERS and _has_pictures(content, len(pages)):
        raise CannotRead("resume.no_text_layer")
    if len(_UNMAPPED.findall(whole)) > max(5, len(whole) // 50):
        cautions.add("text.unmapped_glyphs")
    return Reading(
        kind="pdf",
        text=whole,
        reader="pdfium",
        pages=count,
        links=tuple(links)[: limits.links],
        document_date=_date_of(document),
        cautions=tuple(sorted(cautions)),
    )


def _page(document: Any, number: int, links: dict[str, None]) -> Page:
    """One page in reading order; a page that is broken is empty."""
    page = raw.FPDF_LoadPage(document, number)
    if not page:
        return Page([])
    try:
        for link in _links(document, page):
            links.setdefault(link)
        text_page = raw.FPDFText_LoadPage(page)
        if not text_page:
            return Page([])
        try:
            return arrange(rows_of(text_page))
        finally:
            raw.FPDFText_ClosePage(text_page)
    finally:
        raw.FPDF_ClosePage(page)


def _links(document: Any, page: Any) -> Iterator[str]:
    if raw.FPDFPage_GetAnnotCount(page) == 0:
        return
    at = ctypes.c_int(0)
    link = raw.FPDF_LINK()
    buffer = _Buffer()
    for _ in range(LIMITS.links):
        if not raw.FPDFLink_Enumerate(page, ctypes.byref(at), ctypes.byref(link)):
            return
        action = raw.FPDFLink_GetAction(link)
        length = raw.FPDFAction_GetURIPath(document, action, buffer, _BUFFER_BYTES) if action else 0
        if 1 < length <= _BUFFER_BYTES:
            yield buffer.raw[: length - 1].decode("utf-8", "ignore")


def _has_pictures(content: bytes, pages: int) -> bool:
    with closing(pypdfium2.PdfDocument(content)) as document:
        for number in range(pages):
            try:
                page = document[number]
            except pypdfium2.PdfiumError:
                continue
            with closing(page):
                if any(True for _ in page.get_objects([raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
                    return True
    return False


def _date_of(document: Any) -> date | None:
    """When the file says that it was last changed, or else made."""
    buffer = _Buffer()
    for key in (b"ModDate", b"CreationDate"):
        length = raw.FPDF_GetMetaText(document, key, buffer, _BUFFER_BYTES)
        found = _PDF_DATE.match(buffer.raw[:length].decode("utf-16-le", "ignore"))
        if found:
            year, month, day = found.groups()
            try:
                return date(int(year), int(month or 1), int(day or 1))
            except ValueError:
                continue
    return None
