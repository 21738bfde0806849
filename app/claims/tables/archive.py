"""Is this zip a workbook, and safe to unpack? Everything is counted while it inflates.

A directory can lie about sizes and name one member thousands of times, so each part is inflated
once here, a block at a time, and must keep to the limits and to what the directory says.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from app.claims.errors import NotATable, TooLarge
from app.claims.tables.options import Limits

_BLOCK: Final = 1 << 18
_OVERLAP: Final = 16
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_END_RECORD: Final = struct.Struct("<4s8xLL")
_ENTRY_BYTES: Final = 512
_SMALL: Final = 1 << 20
_ENCRYPTED: Final = 0x1
_DECLARATION: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_DATE_1904: Final = re.compile(rb"date1904\s*=\s*[\"'](?:1|true)[\"']")
_WORKBOOK: Final = "xl/workbook.xml"
_TOO_LARGE: Final = "The workbook is too large when unpacked."
_DAMAGED: Final = "The workbook is damaged or not made by a spreadsheet program."


def inspect_workbook(file: BinaryIO, limits: Limits) -> bool:
    """Refuse what is no workbook (NotATable) or too large unpacked (TooLarge).

    True when its serial dates count from 1904.
    """
    size = _refuse_directory(file, limits)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
        _refuse_names(entries, limits)
        return _measure(file, entries, limits, size)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError) as error:
        raise NotATable(_DAMAGED) from error
    except NotImplementedError as error:
        raise NotATable("The workbook is packed in a way that is not read.") from error


def _refuse_directory(file: BinaryIO, limits: Limits) -> int:
    """The zip module reads the whole directory at once, so its size is looked at before."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END_RECORD.size:
        raise NotATable(_DAMAGED)
    _, directory, _ = _END_RECORD.unpack_from(tail, at)
    if directory > limits.workbook_entries * _ENTRY_BYTES:
        raise TooLarge("The archive has too many entries for a workbook.")
    return size


def _refuse_names(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    names = [entry.filename for entry in entries]
    if _WORKBOOK not in names:
        raise NotATable("The file is an archive, but not an Excel workbook (.xlsx).")
    if len(names) > limits.workbook_entries:
        raise TooLarge("The archive has too many entries for a workbook.")
    odd = (name.startswith("/") or "\\" in name or ".." in name.split("/") for name in names)
    if len(set(names)) != len(names) or any(odd):
        raise NotATable(_DAMAGED)
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise NotATable("The workbook is protected by a password.")


def _measure(file: BinaryIO, entries: list[zipfile.ZipInfo], limits: Limits, packed: int) -> bool:
    total = 0
    from_1904 = False
    for entry in entries:
        length = 0
        tail = b""
        for block in _inflate(file, entry):
            length += len(block)
            total += len(block)
            if length > limits.workbook_part_bytes or total > limits.workbook_bytes:
                raise TooLarge(_TOO_LARGE)
            # Spreadsheet programs declare nothing; what does is built to make a reader grow.
            if _DECLARATION.search(tail + block):
                raise NotATable(_DAMAGED)
            tail = block[-_OVERLAP:]
            from_1904 |= entry.filename == _WORKBOOK and bool(_DATE_1904.search(block))
        if length != entry.file_size:
            raise NotATable(_DAMAGED)
    if total > _SMALL and total > packed * limits.workbook_ratio:
        raise TooLarge(_TOO_LARGE)
    return from_1904


def _inflate(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member's bytes as they really are, whatever size the directory gives."""
    file.seek(entry.header_offset)
    signature, name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    if signature != b"PK\x03\x04" or entry.compress_type not in {
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
    }:
        raise NotATable(_DAMAGED)
    file.seek(name + extra, 1)
    left = entry.compress_size
    inflater = None if entry.compress_type == zipfile.ZIP_STORED else zlib.decompressobj(-15)
    while left > 0:
        packed = file.read(min(left, _BLOCK))
        if not packed:
            raise EOFError
        left -= len(packed)
        if inflater is None:
            yield packed
            continue
        while packed:
            yield inflater.decompress(packed, _BLOCK)
            packed = inflater.unconsumed_tail
