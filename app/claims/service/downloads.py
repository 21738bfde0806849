"""A job's answers as a stream of bytes, in pieces of bounded size."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing
from itertools import chain, islice
from typing import Any, Final, Protocol, TypeVar

from app.claims.errors import ROW_CODES
from app.claims.models import ClaimRow
from app.claims.queries import answers as queries
from app.claims.queries import lines as queries_of_lines
from app.claims.results import (
    MORE_COLUMNS,
    RESULT_COLUMNS,
    ResultRow,
    errors_csv,
    is_plain,
    more_cells,
    result_lines,
    results_csv,
)
from app.claims.schemas import JobOut, ResultFormat, Scope
from app.claims.service.answers import cell, error_of, evidence_for, patient_name, row_out
from app.claims.workbook import WorkbookWriter
from app.core.db import Database, ReadSession
from app.core.db import Scope as DatabaseScope

Rows = list[dict[str, Any]]
Made = TypeVar("Made")
Searches = Mapping[int, Mapping[str, Any]]
_PIECE_ROWS: Final = 1_000
_LINES_AT_ONCE: Final = 5_000
_TITLES: Final = json.dumps({code: entry.title for code, entry in ROW_CODES.items()})
_STATUS_OF: Final = {
    Scope.ALL: None,
    Scope.SUCCEEDED: "succeeded",
    Scope.FAILED: "failed",
    Scope.UNPROCESSED: "pending",
}
_NUMBERS: Final = tuple(map(RESULT_COLUMNS.index, ("row", "total_charged", "total_paid")))


class _Form(Protocol):
    """How a download is written: `piece` for each lot of rows, `end` behind them.

    `end` gives its bytes once, and nothing when it is called again.
    """

    def piece(self, rows: Rows, searches: Searches) -> bytes: ...
    def end(self) -> bytes: ...


class _Csv:
    def __init__(self, job: JobOut, mapping: Mapping[str, int], *, only_errors: bool) -> None:
        self._job, self._mapping = job, mapping
        self._write = errors_csv if only_errors else results_csv
        self._is_first = True

    def piece(self, rows: Rows, searches: Searches) -> bytes:  # noqa: ARG002 - the form's shape.
        pieces = self._write((_result_row(row, self._mapping) for row in rows), self._job.header)
        # Both writers begin with the header, which stands once at the top.
        skipped, self._is_first = 0 if self._is_first else 1, False
        return b"".join(islice(pieces, skipped, None))

    def end(self) -> bytes:
        return b""


class _JsonLines:
    def __init__(self, mapping: Mapping[str, int]) -> None:
        self._mapping = mapping

    def piece(self, rows: Rows, searches: Searches) -> bytes:
        shown = (row_out(row, self._mapping, searches) for row in rows)
        return "".join(f"{row.model_dump_json(by_alias=True)}\n" for row in shown).encode()

    def end(self) -> bytes:
        return b""


class _Workbook:
    def __init__(self, job: JobOut, mapping: Mapping[str, int]) -> None:
        self._mapping, self._width = mapping, len(job.header)
        self._more = MORE_COLUMNS if job.include else ()
        header = (*RESULT_COLUMNS, *job.header, *self._more)
        self._writer = WorkbookWriter(header, numbers=_NUMBERS)

    def piece(self, rows: Rows, searches: Searches) -> bytes:  # noqa: ARG002 - the form's shape.
        lines = (self._lines(_result_row(row, self._mapping)) for row in rows)
        return self._writer.write(chain.from_iterable(lines))

    def _lines(self, row: ResultRow) -> Iterable[list[str]]:
        lines = result_lines(row, self._width)
        if not self._more:
            return lines
        claims = row.results or ({},)
        return ([*line, *more_cells(claim)] for line, claim in zip(lines, claims, strict=True))

    def end(self) -> bytes:
        return self._writer.close()


class Download:
    """Each piece is read in a short transaction of its own.

    So a slow network holds no connection, and memory stays flat however many rows there are.
    """

    def __init__(
        self, database: Database, scope: DatabaseScope, job: JobOut, mapping: Mapping[str, int]
    ) -> None:
        self._database = database
        self._scope = scope
        self._job = job
        self._mapping = mapping

    async def results(self, wanted: Scope, form: ResultFormat) -> AsyncGenerator[bytes, None]:
        """The answers of the rows in `wanted`, in the order of the file."""
        status = _STATUS_OF[wanted]
        if form is ResultFormat.CSV:
            async with aclosing(self._lines(status)) as lines:
                async for piece in lines:
                    yield piece
            return
        writer: _Form = (
            _JsonLines(self._mapping)
            if form is ResultFormat.JSONL
            else _Workbook(self._job, self._mapping)
        )
        async for piece in self._written(writer, status):
            yield piece

    async def errors(self) -> AsyncGenerator[bytes, None]:
        """The failed rows as they came in, with why they failed."""
        writer = _Csv(self._job, self._mapping, only_errors=True)
        async for piece in self._written(writer, "failed"):
            yield piece

    async def _lines(self, status: str | None) -> AsyncGenerator[bytes, None]:
        """Lines that PostgreSQL writes; where one of them is not plain, all of its piece by hand."""
        writer = _Csv(self._job, self._mapping, only_errors=False)
        yield writer.piece([], {})
        wanted = queries_of_lines.Lines(
            self._job.id, len(self._job.header), self._mapping, _TITLES, status
        )
        async with aclosing(self._written_ahead(wanted)) as ranges:
            async for after, last, written in ranges:
                if written is None:
                    async for piece in self._by_hand(writer, status, after, last):
                        yield piece
                elif written:
                    yield written

    async def _written_ahead(
        self, wanted: queries_of_lines.Lines
    ) -> AsyncGenerator[tuple[int, int, bytes | None], None]:
        """Range after range with its lines, or None; the next is read while one is sent."""
        total = self._job.total_rows
        coming: asyncio.Task[tuple[bytes, int]] | None = None
        try:
            for after in range(0, total, _LINES_AT_ONCE):
                last = min(after + _LINES_AT_ONCE, total)
                copied, rows = await (coming or self._copy(wanted, after))
                coming = asyncio.create_task(self._copy(wanted, last)) if last < total else None
                written = await _in_thread(_ended, copied, rows)
                if written is None and coming is not None:
                    # What is written by hand takes a connection of its own.
                    await asyncio.wait({coming})
                yield after, last, written
        finally:
            # Whoever goes away in the middle leaves no transaction open.
            if coming is not None:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)

    async def _copy(self, wanted: queries_of_lines.Lines, after: int) -> tuple[bytes, int]:
        last = min(after + _LINES_AT_ONCE, self._job.total_rows)
        async with self._database.read(self._scope) as session:
            return await queries_of_lines.copy_lines(session, wanted, after=after, last=last)

    async def _by_hand(
        self, writer: _Form, status: str | None, after: int, last: int
    ) -> AsyncIterator[bytes]:
        for start in range(after, last, _PIECE_ROWS):
            rows = await self._rows(status, start, min(start + _PIECE_ROWS, last))
            if rows:
                yield await _in_thread(writer.piece, rows, {})

    async def _rows(self, status: str | None, after: int, last: int) -> Rows:
        async with self._database.read(self._scope) as session:
            return await self._read(session, status, after, last)

    async def _read(self, session: ReadSession, status: str | None, after: int, last: int) -> Rows:
        statement = queries.rows_statement(self._job.id, status=status)
        within = statement.where(ClaimRow.row_no > after, ClaimRow.row_no <= last)
        found = await session.execute(within.order_by(ClaimRow.row_no))
        return [dict(row) for row in found.mappings()]

    async def _written(self, writer: _Form, status: str | None) -> AsyncGenerator[bytes, None]:
        try:
            async for rows, searches in self._lots(status):
                yield await _in_thread(writer.piece, rows, searches)
            yield await _in_thread(writer.end)
        finally:
            # Whoever goes away in the middle leaves nothing open.
            writer.end()

    async def _lots(self, status: str | None) -> AsyncIterator[tuple[Rows, Searches]]:
        """Lots by ranges of row numbers; the first one also when it is empty, for the header."""
        for after in range(0, self._job.total_rows, _PIECE_ROWS):
            async with self._database.read(self._scope) as session:
                rows = await self._read(session, status, after, after + _PIECE_ROWS)
                searches = await evidence_for(session, rows)
            if rows or after == 0:
                yield rows, searches


def _ended(copied: bytes, rows: int) -> bytes | None:
    """The lines with CR and LF, or None where some have to be written by hand."""
    if queries_of_lines.UNUSUAL.encode() in copied or not is_plain(copied, rows=rows):
        return None
    return copied.replace(b"\n", b"\r\n")


async def _in_thread(work: Callable[..., Made], *arguments: Any) -> Made:
    """What `work` gives; a thread that has begun is waited for even when nobody wants it any more."""
    task = asyncio.create_task(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(task)
    finally:
        await asyncio.wait({task})


def _result_row(row: Mapping[str, Any], mapping: Mapping[str, int]) -> ResultRow:
    error = error_of(row)
    return ResultRow(
        row_no=row["row_no"],
        cells=row["cells"],
        outcome=row["outcome"],
        results=row["results"] or (_unanswered(row["cells"], mapping),),
        error=error.message if error else "",
        error_code=error.code if error else "",
    )


def _unanswered(cells: list[str], mapping: Mapping[str, int]) -> dict[str, str]:
    """What a line without a claim says of whom it asked."""
    return {
        "claim_number": cell(cells, mapping, "claim_number"),
        "patient_name": patient_name(cells, mapping),
    }
