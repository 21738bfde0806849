"""Word documents: paragraphs, tables, text boxes, headers and footers in reading order.

A small reader over zip and expat. No document type declaration is let in, so there are no
entities; depth, sizes and the length of the text are counted while they grow.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final
from xml.parsers import expat

from app.resumes.reading.archive import Archive
from app.resumes.reading.docx_text import DocumentText
from app.resumes.reading.results import LIMITS, CannotRead, Limits, Reading
from app.resumes.reading.sniff import is_encrypted_office

_DOCUMENT: Final = "word/document.xml"
_HEADERS: Final = re.compile(r"word/header\d*\.xml")
_FOOTERS: Final = re.compile(r"word/footer\d*\.xml")
_LINK: Final = re.compile(r"(?:https?://|mailto:|tel:|www\.)\S+", re.IGNORECASE)
_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def read_docx(content: bytes, limits: Limits = LIMITS) -> Reading:
    """The document's text. CannotRead: encrypted, damaged, too_large."""
    if is_encrypted_office(content):
        raise CannotRead("resume.encrypted")
    archive = Archive(content, limits)
    if _DOCUMENT not in archive.names:
        raise CannotRead("resume.damaged")
    headers = [name for name in archive.names if _HEADERS.fullmatch(name)]
    footers = [name for name in archive.names if _FOOTERS.fullmatch(name)]
    blocks: dict[str, None] = {}
    for name in (*headers, _DOCUMENT, *footers):
        text = _text_of(archive, name, limits)
        if text.strip():
            # The same header stands in the file once for each kind of page.
            blocks.setdefault(text)
    whole = "\n".join(blocks)
    return Reading(
        kind="docx",
        text=whole,
        reader="docx",
        pages=_pages(archive, limits),
        links=tuple(dict.fromkeys(_links(archive, limits)))[: limits.links],
        document_date=_modified(archive, limits),
        cautions=("text.cut",) if len(whole) >= limits.characters else (),
    )


class _Plain:
    """Elements of a small part: local name, attributes and text."""

    is_full = False

    def __init__(self) -> None:
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements.append((tag.rpartition(" ")[2], attributes, []))

    def end(self, tag: str) -> None:
        """Nothing hangs on the end of an element here."""

    def data(self, text: str) -> None:
        if self.elements:
            self.elements[-1][2].append(text)


def _parse(archive: Archive, name: str, handler: DocumentText | _Plain, limits: Limits) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = elements = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > limits.xml_depth:
            raise CannotRead("resume.damaged")
        if elements > limits.xml_elements:
            raise CannotRead("resume.too_large")
        handler.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(tag)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handler.data
    parser.StartDoctypeDeclHandler = _refuse_declaration
    parser.buffer_text = True
    try:
        for block in archive.part(name):
            parser.Parse(block, False)
            if handler.is_full:
                return
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise CannotRead("resume.damaged") from error


def _refuse_declaration(*_: object) -> None:
    raise CannotRead("resume.damaged")


def _text_of(archive: Archive, name: str, limits: Limits) -> str:
    handler = DocumentText(limits.characters)
    _parse(archive, name, handler, limits)
    return handler.text()


def _elements(
    archive: Archive, name: str, limits: Limits
) -> Iterator[tuple[str, dict[str, str], str]]:
    """A side part's elements; the résumé can be read without, so a broken one is as none."""
    if name not in archive.names:
        return
    plain = _Plain()
    try:
        _parse(archive, name, plain, limits)
    except CannotRead:
        return
    for tag, attributes, texts in plain.elements:
        yield tag, attributes, "".join(texts).strip()


def _links(archive: Archive, limits: Limits) -> Iterator[str]:
    for _, attributes, _ in _elements(archive, "word/_rels/document.xml.rels", limits):
        target = attributes.get("Target", "")
        if attributes.get("TargetMode") == "External" and _LINK.fullmatch(target):
            yield target


def _pages(archive: Archive, limits: Limits) -> int | None:
    """As the program that wrote it counted them; None where it did not."""
    for tag, _, text in _elements(archive, "docProps/app.xml", limits):
        if tag == "Pages" and text.isdecimal() and 0 < int(text) < 10_000:
            return int(text)
    return None


def _modified(archive: Archive, limits: Limits) -> date | None:
    for wanted in ("modified", "created"):
        for tag, _, text in _elements(archive, "docProps/core.xml", limits):
            found = _DAY.match(text) if tag == wanted else None
            if found:
                try:
                    return date(*map(int, found.groups()))
                except ValueError:
                    continue
    return None
