"""Answers as an Excel workbook (ECMA-376), written as a stream: memory stays flat.

Cells are numbers or inline strings, so nothing in them can run as a formula. Excel ends a sheet at
1,048,576 rows; what is more goes on in another sheet.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import IO, Final

from typing_extensions import override

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHEET_LINES: Final = 1_000_000
_SHEET_BYTES: Final = 1 << 30
_LONGEST_CELL: Final = 32_767
_NUMBER: Final = re.compile(r"-?(0|[1-9]\d{0,13})(\.\d{1,4})?", re.ASCII)
# What XML cannot hold is written as _xHHHH_ (ECMA-376 part 1, 22.9.2.19), and so is its own escape.
_UNWRITABLE: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)"
)
_XML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_CONTENT: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


class _Outbox(io.RawIOBase):
    """Where the archive writes to; what lies in it is taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


class WorkbookWriter:
    """Write lines with `write`, then `close`; both give the bytes that are ready to be sent.

    `numbers` are the positions of columns whose numbers become numbers; all else is text.
    """

    def __init__(
        self,
        header: Sequence[str],
        *,
        numbers: Iterable[int] = (),
        sheet_lines: int = _SHEET_LINES,
    ) -> None:
        self._header = header
        self._numbers = frozenset(numbers)
        self._sheet_lines = sheet_lines
        self._outbox = _Outbox()
        self._archive = zipfile.ZipFile(self._outbox, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._sheets = 0
        self._is_closed = False
        self._begin_sheet()

    def write(self, lines: Iterable[Sequence[str]]) -> bytes:
        """Add lines to the sheet at hand, or to a new one where it is full."""
        for line in lines:
            if self._lines >= self._sheet_lines or self._size >= _SHEET_BYTES:
                self._end_sheet()
                self._begin_sheet()
            self._add(line)
        return self._outbox.take()

    def close(self) -> bytes:
        """End the sheet and write the parts that list what is there; again it gives nothing."""
        if self._is_closed:
            return b""
        self._is_closed = True
        self._end_sheet()
        for name, content in self._parts():
            self._archive.writestr(_entry(name), _HEAD + content)
        self._archive.close()
        return self._outbox.take()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        self._lines, self._size = 0, 0
        entry = _entry(f"xl/worksheets/sheet{self._sheets}.xml")
        self._sheet: IO[bytes] = self._archive.open(entry, "w")
        self._put(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>')
        self._add(self._header, is_header=True)

    def _end_sheet(self) -> None:
        self._put("</sheetData></worksheet>")
        self._sheet.close()

    def _add(self, line: Sequence[str], *, is_header: bool = False) -> None:
        numbers = frozenset[int]() if is_header else self._numbers
        cells = [
            f"<c><v>{cell}</v></c>" if at in numbers and _NUMBER.fullmatch(cell) else _text(cell)
            for at, cell in enumerate(line)
        ]
        self._put(f"<row>{''.join(cells)}</row>")
        self._lines += 1

    def _put(self, text: str) -> None:
        self._size += self._sheet.write(text.encode())

    def _parts(self) -> Iterable[tuple[str, str]]:
        numbers = range(1, self._sheets + 1)
        sheets = "".join(
            f'<sheet name="Results {n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers
        )
        yield (
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        )
        targets = "".join(_relation(n, "worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
        yield "xl/_rels/workbook.xml.rels", _relations(targets)
        yield "_rels/.rels", _relations(_relation(1, "officeDocument", "xl/workbook.xml"))
        parts = [("xl/workbook.xml", "sheet.main")]
        parts += [(f"xl/worksheets/sheet{n}.xml", "worksheet") for n in numbers]
        overrides = "".join(
            f'<Override PartName="/{name}" ContentType="{_CONTENT}.{kind}+xml"/>'
            for name, kind in parts
        )
        yield (
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f"{overrides}</Types>",
        )


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _relation(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'


def _relations(inner: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


def _text(cell: str) -> str:
    if not cell:
        return "<c/>"
    kept = _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", cell[:_LONGEST_CELL])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{kept.translate(_XML)}</t></is></c>'
