"""The first sheet of an xlsx workbook as batches of cells, every value as the text it shows."""

import re
import shutil
import subprocess
import sys
import weakref
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final, cast

from app.claims.errors import FileEmpty, NotATable, TooLarge
from app.claims.tables.archive import inspect_workbook
from app.claims.tables.decode import Encoding
from app.claims.tables.options import Limits
from app.claims.tables.text import TextSource

# Never imported: what it loads is for the child alone.
_CHILD: Final = Path(__file__).with_name("sheet_child.py")
_EMPTY, _DAMAGED = 3, 4
_SERIAL: Final = re.compile(r"(\d{1,5})(?:\.\d+)?", re.ASCII)
_EPOCH_1900: Final = date(1899, 12, 30)
_EPOCH_1904: Final = date(1904, 1, 1)
_LAST_SERIAL: Final = 73_050  # The end of the year 2099.


class SheetSource:
    """The rows of a sheet, by way of a temporary CSV that a child process makes once.

    Raises NotATable for what is no workbook, FileEmpty for one without cells, and TooLarge where
    it would take more memory or time than allowed.
    """

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._epoch = _EPOCH_1904 if inspect_workbook(file, limits) else _EPOCH_1900
        # The table that reads from it has no end of its own: the file is closed with this source.
        converted = cast(BinaryIO, TemporaryFile())  # noqa: SIM115
        weakref.finalize(self, converted.close)
        self.sheets = _convert(file, converted, limits)
        self._source = TextSource(converted, Encoding("utf-8", "utf-8"), ",")
        self._dates: frozenset[int] = frozenset()
        self._width = len(self._source.header())

    def read_serials_in(self, positions: Iterable[int]) -> None:
        """In these columns a bare number is a day, as spreadsheets count days."""
        self._dates = frozenset(positions)

    def header(self) -> list[str]:
        """The first row with anything in it, without empty cells at its end."""
        return self._source.header()

    def batches(self, *, skip: int = 1) -> Iterator[list[list[str]]]:
        """Rows that are not blank, padded to the header's width; sheets have no ragged rows."""
        for batch in self._source.batches(skip=skip):
            for row in batch:
                row.extend([""] * (self._width - len(row)))
                for position in self._dates:
                    row[position] = self._day(row[position])
            yield batch

    def _day(self, text: str) -> str:
        match = _SERIAL.fullmatch(text)
        if match is None or not 1 <= int(match[1]) <= _LAST_SERIAL:
            return text
        return (self._epoch + timedelta(days=int(match[1]))).isoformat()


def _convert(file: BinaryIO, out: BinaryIO, limits: Limits) -> int:
    """Let the child write CSV into `out`; the number of sheets that hold something."""
    with TemporaryFile() as workbook:
        file.seek(0)
        shutil.copyfileobj(file, workbook)
        workbook.seek(0)
        command = [sys.executable, "-I", "-X", "utf8", str(_CHILD)]
        command += [str(limits.workbook_memory), str(limits.workbook_seconds)]
        try:
            # The command holds nothing of the caller's; the empty environment keeps secrets out.
            done = subprocess.run(  # noqa: S603
                command,
                stdin=workbook,
                stdout=out,
                stderr=subprocess.PIPE,
                env={},
                timeout=limits.workbook_seconds * 2,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TooLarge("The workbook takes too long to read; save it as CSV.") from error
    if done.returncode == _EMPTY:
        raise FileEmpty
    if done.returncode == _DAMAGED:
        raise NotATable("The workbook is damaged or protected by a password.")
    if done.returncode:
        raise TooLarge("The sheet takes too much memory to read; save it as CSV.")
    return int(done.stderr.split()[-1])
