"""Run as a process of its own: an xlsx workbook on standard input, its first sheet as CSV out.

The workbook reader keeps a place for every cell between the farthest two, and ends the process
where memory does not suffice: two cells are enough for that. So it runs under limits and apart.
It needs nothing of this project, and its exit status is its only word besides the CSV.
"""

import csv
import io
import sys
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

# What the exit status says; the process that begins this one knows them by number as well.
EMPTY = 3
DAMAGED = 4
_OUTPUT_BYTES = 400 * 1024 * 1024

Value = int | float | str | bool | time | date | datetime | timedelta


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource  # noqa: PLC0415 - not every system has it.
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_OUTPUT_BYTES, _OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def cell_text(value: Value) -> str:
    """A cell as text: dates in ISO form, whole numbers without a point."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return str(value)


def convert(workbook: io.BytesIO, out: io.TextIOBase) -> int:
    """Write the first visible sheet that holds anything; the number of sheets that do."""
    book = CalamineWorkbook.from_filelike(workbook)
    shown = [
        meta.name
        for meta in book.sheets_metadata
        if meta.typ == SheetTypeEnum.WorkSheet and meta.visible == SheetVisibleEnum.Visible
    ]
    filled = 0
    for name in shown:
        sheet = book.get_sheet_by_name(name)
        if sheet.height and not filled:
            writer = csv.writer(out, lineterminator="\r\n")
            for row in sheet.iter_rows():
                cells = [cell_text(value) for value in row]
                while cells and not cells[-1].strip():
                    cells.pop()
                writer.writerow(cells)
        filled += bool(sheet.height)
    return filled


def main() -> int:
    """Arguments: memory in bytes, CPU seconds. The last line of stderr is the sheet count."""
    _limit(int(sys.argv[1]), int(sys.argv[2]))
    with io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="") as out:
        try:
            filled = convert(io.BytesIO(sys.stdin.buffer.read()), out)
        except (CalamineError, ValueError, OSError, IndexError):
            return DAMAGED
    sys.stderr.write(f"{filled}\n")
    return 0 if filled else EMPTY


if __name__ == "__main__":
    sys.exit(main())
