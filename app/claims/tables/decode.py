"""From bytes to characters: what kind of file is it, and in which encoding is its text?"""

import codecs
import io
import re
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

from typing_extensions import override

from app.claims.errors import EncodingUnknown, Malformed, NotATable
from app.claims.tables.options import Limits

_BLOCK: Final = 1 << 20
_HEAD: Final = 4096
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be"),
)
_SIGNATURES: Final = (
    (b"PK\x05\x06", "an empty archive"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh9", "a bzip2 archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\xd0\xcf\x11\xe0", "an old or protected Office file (such as .xls)"),
    (b"{\\rtf", "an RTF document"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"ISA*", "an X12 interchange"),
)
_MARKUP: Final = re.compile(rb"\s*<[!?A-Za-z]")
_JSON: Final = re.compile(rb"\s*(\{|\[\s*[\[{\]])")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ENCODINGS: Final = re.compile(
    r"utf-8|utf-8-sig|utf-16|utf-16-le|utf-16-be|ascii|cp125[0-8]|cp437|cp85[028]|cp858"
    r"|iso8859-\d{1,2}|mac-roman"
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the text is encoded: `name` to show, `codec` to decode with, `offset` past the BOM."""

    name: str
    codec: str
    offset: int = 0
    guessed: bool = False
    """True where the bytes are no UTF-8 and Windows-1252 is taken for want of a better one."""


def kind_of(file: BinaryIO) -> Literal["text", "zip"]:
    """What the first bytes say, whatever the name; raises NotATable for a known other kind."""
    file.seek(0)
    head = file.read(_HEAD)
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    # Readers of PDF accept it with rubbish in front, and so mailers and scanners produce it.
    if b"%PDF-" in head[:1024]:
        raise NotATable("The file is a PDF document.")
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            raise NotATable(f"The file is {kind}.")
    plain = head.removeprefix(codecs.BOM_UTF8)
    if _MARKUP.match(plain):
        raise NotATable("The file holds HTML or XML, perhaps a saved web page.")
    if _JSON.match(plain):
        raise NotATable("The file holds JSON.")
    return "text"


def settle_encoding(file: BinaryIO, wanted: str | None, limits: Limits) -> Encoding:
    """The encoding of the whole text: BOM, then `wanted`, then strict UTF-8, then Windows-1252.

    Reads the file once. Raises EncodingUnknown where nothing fits, NotATable where the decoded
    beginning is binary, Malformed for a line longer than the limit.
    """
    encoding = probable_encoding(file, wanted)
    fits = _scan(file, encoding, limits)
    if not fits and wanted is None and encoding.name == "utf-8":
        encoding = Encoding("cp1252", "cp1252", guessed=True)
        _refuse_binary(file, encoding)
        fits = _scan(file, encoding, limits)
    if not fits:
        raise EncodingUnknown(f"The file is not valid {encoding.name} text.")
    return encoding


def probable_encoding(file: BinaryIO, wanted: str | None) -> Encoding:
    """What the beginning speaks for; only reading all of it tells whether it is so.

    Raises EncodingUnknown and NotATable as `settle_encoding` does.
    """
    encoding = _candidate(file, wanted)
    _refuse_binary(file, encoding)
    return encoding


def _candidate(file: BinaryIO, wanted: str | None) -> Encoding:
    file.seek(0)
    head = file.read(_HEAD)
    for bom, name, codec in _BOMS:
        # A BOM is the file's own word and cannot be a coincidence, so it beats the option.
        if head.startswith(bom):
            return Encoding(name, codec, len(bom))
    if wanted is None:
        name = _utf16_without_bom(head) or "utf-8"
        return Encoding(name, name)
    name = _known_codec(wanted)
    return Encoding(name, name)


def _known_codec(wanted: str) -> str:
    try:
        name = codecs.lookup(wanted.strip()).name
    except (LookupError, ValueError):
        name = ""
    # Python also counts compressions and escapes among its codecs; only text is let through.
    if not _ENCODINGS.fullmatch(name):
        raise EncodingUnknown("The encoding that `encoding` names is not known here.")
    return {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(name, name)


def _utf16_without_bom(head: bytes) -> str | None:
    """ASCII text in UTF-16 has a NUL in every second place; nothing else begins like that."""
    start = head[:64]
    if len(start) < 8:
        return None
    if not any(start[1::2]) and all(start[::2]):
        return "utf-16-le"
    if not any(start[::2]) and all(start[1::2]):
        return "utf-16-be"
    return None


class LineGuard(io.BufferedIOBase, BinaryIO):
    """A file that refuses a line which no row limit would ever stop, while it is being read.

    Raises Malformed for a line longer than the limit.
    """

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file = file
        self._most = limits.line_bytes
        self._since_line_end = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._file.tell()

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._since_line_end = 0
        return self._file.seek(offset, whence)

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        block = self._file.read(-1 if size is None else size)
        self._since_line_end = _line_length(block, self._since_line_end, self._most)
        return block

    @override
    def read1(self, size: int = -1, /) -> bytes:
        return self.read(_BLOCK if size < 0 else size)


def _line_length(block: bytes, before: int, most: int) -> int:
    """Bytes since the last line end, `before` of them before this block."""
    end = max(block.rfind(b"\n"), block.rfind(b"\r"))
    length = before + len(block) if end < 0 else len(block) - end
    if length > most:
        raise Malformed("The file has a line that is far too long to be a row.")
    return length


def _scan(file: BinaryIO, encoding: Encoding, limits: Limits) -> bool:
    """Whether every byte decodes; refuses a line that no row limit would ever stop."""
    decoder = codecs.getincrementaldecoder(encoding.codec)("strict")
    file.seek(encoding.offset)
    since_line_end = 0
    try:
        while block := file.read(_BLOCK):
            decoder.decode(block)
            since_line_end = _line_length(block, since_line_end, limits.line_bytes)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_binary(file: BinaryIO, encoding: Encoding) -> None:
    """A header never holds control characters; a data row with one fails alone, later.

    Bytes that are not even UTF-8 may hold hardly any: chance makes one of nine of them.
    """
    file.seek(encoding.offset)
    head = file.read(_HEAD).decode(encoding.codec, errors="replace").lstrip("\r\n")
    first_line = re.split(r"[\r\n]", head, maxsplit=1)[0]
    many = encoding.guessed and len(_CONTROL.findall(head)) * 20 > len(head)
    if many or _CONTROL.search(first_line):
        raise NotATable("The file holds binary data.")
