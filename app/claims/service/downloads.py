"""A job's answers as a stream of bytes, in pieces of bounded size."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from itertools import chain, islice
from typing import Any, Final, Protocol

from app.claims.models import ClaimRow
from app.claims.queries import answers as queries
from app.claims.results import (
    MORE_COLUMNS,
    RESULT_COLUMNS,
    ResultRow,
    errors_csv,
    more_cells,
    result_lines,
    results_csv,
)
from app.claims.schemas import JobOut, ResultFormat, Scope
from app.claims.service.answers import cell, error_of, evidence_for, patient_name, row_out
from app.claims.workbook import WorkbookWriter
from app.core.db import Database
from app.core.db import Scope as DatabaseScope

Rows = list[dict[str, Any]]
Searches = Mapping[int, Mapping[str, Any]]
_PIECE_ROWS: Final = 1_000
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
        writer: _Form
        if form is ResultFormat.JSONL:
            writer = _JsonLines(self._mapping)
        elif form is ResultFormat.XLSX:
            writer = _Workbook(self._job, self._mapping)
        else:
            writer = _Csv(self._job, self._mapping, only_errors=False)
        async for piece in self._written(writer, _STATUS_OF[wanted]):
            yield piece

    async def errors(self) -> AsyncGenerator[bytes, None]:
        """The failed rows as they came in, with why they failed."""
        writer = _Csv(self._job, self._mapping, only_errors=True)
        async for piece in self._written(writer, "failed"):
            yield piece

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
        statement = queries.rows_statement(self._job.id, status=status)
        for last in range(0, self._job.total_rows, _PIECE_ROWS):
            async with self._database.read(self._scope) as session:
                found = await session.execute(
                    statement.where(
                        ClaimRow.row_no > last, ClaimRow.row_no <= last + _PIECE_ROWS
                    ).order_by(ClaimRow.row_no)
                )
                rows = [dict(row) for row in found.mappings()]
                searches = await evidence_for(session, rows)
            if rows or last == 0:
                yield rows, searches


async def _in_thread(work: Callable[..., bytes], *arguments: Any) -> bytes:
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
