"""Bytes to text: the one function that the pipeline runs, in a child process with limits."""

import re
from typing import Final

import msgspec

from app.resumes.reading.docx import read_docx
from app.resumes.reading.normalise import normalise
from app.resumes.reading.pdf import read_pdf
from app.resumes.reading.plain import read_plain
from app.resumes.reading.results import (
    LIMITS,
    CannotRead,
    Caution,
    Limits,
    Reading,
    Unreadable,
    unreadable,
)
from app.resumes.reading.second_opinion import read_with_pdfminer
from app.resumes.reading.sniff import kind_of

_FEW_LETTERS: Final = 40
_UNMAPPED: Final = re.compile(r"\(cid:\d+\)|[\ufffd\ue000-\uf8ff]")


def read(content: bytes, limits: Limits = LIMITS) -> Reading | Unreadable:
    """The résumé's text in reading order, or the typed reason why it cannot be read.

    Pure, deterministic and without network, but neither bounded in time nor in memory: hostile
    files are held by the sandbox that this runs in, and its death means `resume.too_demanding`.
    """
    try:
        reading = _read(content, limits)
    except CannotRead as refusal:
        return unreadable(refusal.code)
    text = normalise(reading.text, limits.characters)
    if not any(map(str.isalnum, text)):
        return unreadable("resume.no_text")
    cautions: set[Caution] = set(reading.cautions)
    if len(reading.text) > limits.characters:
        cautions.add("text.cut")
    return msgspec.structs.replace(reading, text=text, cautions=tuple(sorted(cautions)))


def _read(content: bytes, limits: Limits) -> Reading:
    kind = kind_of(content)
    if kind == "pdf":
        return _read_pdf(content, limits)
    if kind == "docx":
        return read_docx(content, limits)
    if kind == "txt":
        return read_plain(content)
    raise CannotRead("resume.type_not_supported")


def _read_pdf(content: bytes, limits: Limits) -> Reading:
    """pdfium, and pdfminer.six where pdfium opens nothing, finds little or cannot map its fonts."""
    first: Reading | None = None
    refusal: CannotRead | None = None
    try:
        first = read_pdf(content, limits)
    except CannotRead as error:
        if error.code != "resume.damaged":
            raise
        refusal = error
    if first is not None and _letters(first.text) >= _FEW_LETTERS and not _is_unmapped(first.text):
        return first
    try:
        second = read_with_pdfminer(content, limits)
    except CannotRead as error:
        if first is None:
            raise refusal or error from error
        return first
    if first is None:
        if not _letters(second.text):
            raise refusal or CannotRead("resume.damaged")
        return second
    better = _letters(second.text) > 1.2 * _letters(first.text)
    return (
        msgspec.structs.replace(
            first, text=second.text, reader="pdfminer", cautions=second.cautions
        )
        if better
        else first
    )


def _letters(text: str) -> int:
    return sum(map(str.isalnum, _UNMAPPED.sub("", text)))


def _is_unmapped(text: str) -> bool:
    return len(_UNMAPPED.findall(text)) > max(5, len(text) // 10)
