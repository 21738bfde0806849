"""A Word document's zip archive, in which every size is counted while it inflates.

A directory can lie about sizes, name one member thousands of times and climb out of its folder, so
it is only believed as far as the bytes bear it out.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from app.resumes.reading.results import CannotRead, Limits

_BLOCK: Final = 1 << 16
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_END_RECORD: Final = struct.Struct("<4s8xLL")
_ENTRY_BYTES: Final = 512
_SMALL: Final = 1 << 20
_ENCRYPTED: Final = 0x1
_SYMLINK: Final = 0o120000
_KIND_OF_FILE: Final = 0o170000
_METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Archive:
    """The parts of a document. CannotRead on opening: damaged, encrypted, too_large."""

    def __init__(self, content: bytes, limits: Limits) -> None:
        self._content = content
        self._limits = limits
        self._inflated = 0
        self._refuse_directory()
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
            raise CannotRead("resume.damaged") from error
        self._refuse_entries(entries)
        self._entries = {entry.filename: entry for entry in entries}

    @property
    def names(self) -> list[str]:
        """The names of the parts, in the directory's order."""
        return list(self._entries)

    def part(self, name: str) -> Iterator[bytes]:
        """A part's bytes, block by block. CannotRead: damaged, too_large."""
        length = 0
        try:
            for block in self._inflate(self._entries[name]):
                length += len(block)
                self._inflated += len(block)
                self._refuse_size(length, self._entries[name])
                yield block
        except (zlib.error, struct.error, EOFError) as error:
            raise CannotRead("resume.damaged") from error

    def _refuse_size(self, length: int, entry: zipfile.ZipInfo) -> None:
        limits = self._limits
        if length > entry.file_size:
            raise CannotRead("resume.damaged")
        if length > limits.archive_part_bytes or self._inflated > limits.archive_bytes:
            raise CannotRead("resume.too_large")
        if length > _SMALL and length > entry.compress_size * limits.archive_ratio:
            raise CannotRead("resume.too_large")

    def _refuse_directory(self) -> None:
        """The zip module reads the whole directory at once, so its size is looked at before."""
        at = self._content.rfind(b"PK\x05\x06", max(0, len(self._content) - 65_557))
        if at < 0 or len(self._content) - at < _END_RECORD.size:
            raise CannotRead("resume.damaged")
        _, directory, _ = _END_RECORD.unpack_from(self._content, at)
        if directory > self._limits.archive_entries * _ENTRY_BYTES:
            raise CannotRead("resume.too_large")

    def _refuse_entries(self, entries: list[zipfile.ZipInfo]) -> None:
        names = [entry.filename for entry in entries]
        if len(names) > self._limits.archive_entries:
            raise CannotRead("resume.too_large")
        if len(set(names)) != len(names):
            raise CannotRead("resume.damaged")
        if any(_is_odd(entry) for entry in entries):
            raise CannotRead("resume.damaged")
        if any(entry.flag_bits & _ENCRYPTED for entry in entries):
            raise CannotRead("resume.encrypted")
        # Members that overlap are told by the sum of what they claim.
        if sum(entry.compress_size for entry in entries) > len(self._content):
            raise CannotRead("resume.damaged")

    def _inflate(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """A member's bytes as they really are, whatever size the directory gives."""
        start = entry.header_offset
        signature, name, extra = _LOCAL_HEADER.unpack_from(self._content, start)
        if signature != b"PK\x03\x04" or entry.compress_type not in _METHODS:
            raise CannotRead("resume.damaged")
        start += _LOCAL_HEADER.size + name + extra
        packed = self._content[start : start + entry.compress_size]
        if len(packed) < entry.compress_size:
            raise EOFError
        if entry.compress_type == zipfile.ZIP_STORED:
            yield packed
            return
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        while packed:
            yield inflater.decompress(packed, _BLOCK)
            packed = inflater.unconsumed_tail
        yield inflater.flush(_BLOCK)


def _is_odd(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename
    linked = (entry.external_attr >> 16) & _KIND_OF_FILE == _SYMLINK
    return linked or name.startswith("/") or "\\" in name or ".." in name.split("/")
