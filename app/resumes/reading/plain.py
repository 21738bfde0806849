"""Plain text in whatever encoding it comes."""

import codecs
import re
from typing import Final

from app.resumes.reading.results import Caution, Reading
from app.resumes.reading.sniff import is_wide

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSES: Final = ("cp1252", "mac_roman", "cp850", "iso8859_15", "cp1250")
_USUAL: Final = re.compile("[éèêëàâäîïôöùûüçœæñáíóúßÉÈÊÀÂÇÔÖÜ’‘“”–—•·…€°«»]")
_WITHIN_WORD: Final = re.compile(r"(?<=[a-zA-Z])[^\x00-\x7f](?=[a-z])")


def read_plain(content: bytes) -> Reading:
    """The text; never fails, since some single-byte encoding fits any bytes."""
    text, guessed = _decode(content)
    pages = text.strip("\f\n\r ").count("\f") + 1 if "\f" in text else None
    cautions: tuple[Caution, ...] = ("text.encoding_guessed",) if guessed else ()
    return Reading(kind="txt", text=text, reader="text", pages=pages, cautions=cautions)


def _decode(content: bytes) -> tuple[str, bool]:
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content.decode(name, "replace"), False
    if is_wide(content):
        big = content[:200:2].count(0) > content[1:200:2].count(0)
        return content.decode("utf-16-be" if big else "utf-16-le", "replace"), True
    try:
        return content.decode("utf-8"), False
    except UnicodeDecodeError:
        return _guess(content), True


def _guess(content: bytes) -> str:
    """The single-byte encoding in which the most letters are such as people write."""
    if content.count(b"\xc3") > 2 * _invalid_utf8(content):
        return content.decode("utf-8", "replace")
    texts = [content.decode(name, "replace") for name in _GUESSES]
    return max(texts, key=_likely)


def _invalid_utf8(content: bytes) -> int:
    return content.decode("utf-8", "replace").count("\ufffd")


def _likely(text: str) -> int:
    odd = sum(letter > "\x7f" for letter in text)
    usual = len(_USUAL.findall(text))
    inside = [letter for letter in _WITHIN_WORD.findall(text) if not letter.isalpha()]
    return 2 * usual - odd - 3 * len(inside) - 5 * text.count("\ufffd")
