"""PDF by pdfium: words with places in the order of the file, put in reading order by `layout`.

pdfium keeps the columns of nearly all résumés and is an order of magnitude faster than
pdfminer.six, which is asked where pdfium opens a file but finds little, or cannot open it.
"""

import ctypes
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from itertools import islice
from typing import Final

import pypdfium2
from pypdfium2 import raw

from app.resumes.reading.layout import Page, arrange, flow
from app.resumes.reading.results import LIMITS, CannotRead, Caution, Limits, Reading
from app.resumes.reading.text_page import rows_of

_PDF_DATE: Final = re.compile(r"D?:?((?:19|20)\d\d)(\d\d)?(\d\d)?")
_PASSWORD: Final = 4
_URL_BYTES: Final = 2048
_UNMAPPED: Final = re.compile("[\ufffd\ue000-\uf8ff]")
_FEW_LETTERS: Final = 40


def read_pdf(content: bytes, limits: Limits = LIMITS) -> Reading:
    """The document's text. CannotRead: encrypted, damaged, no_text_layer, no_text."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise CannotRead(
            "resume.encrypted" if error.err_code == _PASSWORD else "resume.damaged"
        ) from error
    with closing(document):
        return _document(document, limits)


def _document(document: pypdfium2.PdfDocument, limits: Limits) -> Reading:
    count = len(document)
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
    if sum(1 for _ in letters) < _FEW_LETTERS and _has_pictures(document, len(pages)):
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


def _page(document: pypdfium2.PdfDocument, number: int, links: dict[str, None]) -> Page:
    """One page in reading order; a page that is broken is empty."""
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return Page([])
    with closing(page):
        for link in _links(document, page):
            links.setdefault(link)
        try:
            text_page = page.get_textpage()
        except pypdfium2.PdfiumError:
            return Page([])
        with closing(text_page):
            return arrange(rows_of(text_page))


def _links(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> Iterator[str]:
    at = ctypes.c_int(0)
    link = raw.FPDF_LINK()
    buffer = None
    for _ in range(LIMITS.links):
        if not raw.FPDFLink_Enumerate(page.raw, ctypes.byref(at), ctypes.byref(link)):
            return
        buffer = buffer or ctypes.create_string_buffer(_URL_BYTES)
        action = raw.FPDFLink_GetAction(link)
        length = (
            raw.FPDFAction_GetURIPath(document.raw, action, buffer, _URL_BYTES) if action else 0
        )
        if 1 < length <= _URL_BYTES:
            yield buffer.raw[: length - 1].decode("utf-8", "ignore")


def _has_pictures(document: pypdfium2.PdfDocument, pages: int) -> bool:
    for number in range(pages):
        try:
            page = document[number]
        except pypdfium2.PdfiumError:
            continue
        with closing(page):
            if any(True for _ in page.get_objects([raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
                return True
    return False


def _date_of(document: pypdfium2.PdfDocument) -> date | None:
    """When the file says that it was last changed, or else made."""
    for key in ("ModDate", "CreationDate"):
        found = _PDF_DATE.match(document.get_metadata_value(key) or "")
        if found:
            year, month, day = found.groups()
            try:
                return date(int(year), int(month or 1), int(day or 1))
            except ValueError:
                continue
    return None
