"""What a file is by its content; its name and the browser's word for it prove nothing."""

import re
from typing import Final

from app.resumes.reading.results import Kind

_HEAD: Final = 1024
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE: Final = "EncryptedPackage".encode("utf-16-le")
_DOCUMENT: Final = b"word/document.xml"
_MARKUP: Final = re.compile(
    rb"\s*(?:<!doctype|<html|<\?xml|<svg|<head|\{\\rtf|%!PS|GIF8|-----BEGIN|#!)", re.IGNORECASE
)
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_SAMPLE: Final = 65_536


def kind_of(content: bytes) -> Kind | None:
    """The kind of résumé, or None for what is none. An encrypted Word document counts as one."""
    if b"%PDF-" in content[:_HEAD]:
        return "pdf"
    if content.startswith(_ZIP):
        return "docx" if _DOCUMENT in content else None
    if content.startswith(_OLE):
        return "docx" if _ENCRYPTED_PACKAGE in content else None
    return "txt" if _is_text(content[:_SAMPLE]) else None


def is_encrypted_office(content: bytes) -> bool:
    """Word keeps a document with a password in an OLE container, not in a zip."""
    return content.startswith(_OLE)


def is_wide(sample: bytes) -> bool:
    """UTF-16 or UTF-32 by its mark, or by the zero bytes of Latin text."""
    if sample.startswith(_WIDE_MARKS):
        return True
    head = sample[:200]
    zeros = max(head[0::2].count(0), head[1::2].count(0))
    return len(head) >= 8 and zeros > 0.35 * len(head) and head.count(0) < 0.6 * len(head)


def _is_text(sample: bytes) -> bool:
    if _MARKUP.match(sample.removeprefix(b"\xef\xbb\xbf")):
        return False
    if is_wide(sample):
        return True
    return len(_CONTROLS.findall(sample)) <= len(sample) // 500
