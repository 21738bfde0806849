"""Rows with their answers: as JSON page by page, as downloads in pieces of bounded size."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from itertools import islice
from typing import Any, Final
from uuid import UUID

from app.claims.errors import ROW_CODES, JobNotFound
from app.claims.models import ClaimRow
from app.claims.queries import answers as queries
from app.claims.queries import reading
from app.claims.results import ResultRow, errors_csv, results_csv
from app.claims.schemas import Evidence, JobOut, ResultFormat, RowError, RowOut, Scope, Search
from app.core.db import Database, ReadSession
from app.core.db import Scope as DatabaseScope

_PIECE_ROWS: Final = 2_000
_STATUS_OF: Final = {
    Scope.ALL: None,
    Scope.SUCCEEDED: "succeeded",
    Scope.FAILED: "failed",
    Scope.UNPROCESSED: "pending",
}


def _cell(cells: list[str], mapping: Mapping[str, int], field: str) -> str:
    place = mapping.get(field)
    return cells[place].strip() if place is not None and place < len(cells) else ""


def _error(row: Mapping[str, Any]) -> RowError | None:
    code = row["error_code"]
    if code is None:
        return None
    known = ROW_CODES[code]
    said = row["error"] or {}
    return RowError(
        code=code,
        field=said.get("field") or None,
        message=said.get("message") or known.title,
        hint=known.hint,
        retriable=known.retriable,
    )


def row_out(
    row: Mapping[str, Any], mapping: Mapping[str, int], searches: Mapping[int, Mapping[str, Any]]
) -> RowOut:
    """One row of a reading in its outside shape."""
    cells, results = row["cells"], row["results"] or []
    names = (_cell(cells, mapping, "first_name"), _cell(cells, mapping, "last_name"))
    asked = [searches[number] for number in row["query_ids"] or () if number in searches]
    return RowOut(
        row=row["row_no"],
        status=row["outcome"] or "pending",
        claim_number=_cell(cells, mapping, "claim_number") or None,
        patient_name=" ".join(name for name in names if name) or None,
        result=results[0] if results else None,
        results=results,
        error=_error(row),
        warnings=[*(row["row_warnings"] or ()), *(row["warnings"] or ())],
        attempts=row["earlier_attempts"] + (row["outcome"] is not None),
        evidence=Evidence(searched=[_search(one) for one in asked]) if asked else None,
    )


def _search(asked: Mapping[str, Any]) -> Search:
    values = {**asked, "from": asked["from_date"], "to": asked["to_date"]}
    return Search.model_validate({name: values[name] for name in _SEARCH_FIELDS})


_SEARCH_FIELDS: Final = ("tin", "payer_id", "from", "to", "pages", "claims", "complete", "at")


async def mapping_of(
    session: ReadSession, *, organization_id: UUID, job_id: UUID
) -> Mapping[str, int]:
    """Our field to the position of its column in the job's file.

    Raises:
        JobNotFound: there is none, or it is another organization's.
    """
    mapping = await reading.get_mapping(session, organization_id, job_id)
    if mapping is None:
        raise JobNotFound
    return mapping


async def evidence_for(
    session: ReadSession, rows: Iterable[Mapping[str, Any]]
) -> dict[int, Mapping[str, Any]]:
    """The payer queries that the rows' answers rest on."""
    wanted = {number for row in rows for number in row["query_ids"] or ()}
    return {
        number: dict(row) for number, row in (await queries.queries_of(session, wanted)).items()
    }


class Download:
    """A job's answers as a stream of bytes.

    Each piece is read in a short transaction of its own: a slow network holds no connection, and
    memory stays flat however many rows there are.
    """

    def __init__(
        self, database: Database, scope: DatabaseScope, job: JobOut, mapping: Mapping[str, int]
    ) -> None:
        self._database = database
        self._scope = scope
        self._job = job
        self._mapping = mapping

    async def results(self, wanted: Scope, form: ResultFormat) -> AsyncIterator[bytes]:
        """The answers of the rows in `wanted`, in the order of the file."""
        is_first = True
        async for rows, searches in self._pieces(_STATUS_OF[wanted]):
            if form is ResultFormat.JSONL:
                yield await asyncio.to_thread(self._json_lines, rows, searches)
            else:
                yield await asyncio.to_thread(self._csv, rows, is_first, False)
            is_first = False

    async def errors(self) -> AsyncIterator[bytes]:
        """The failed rows as they came in, with why they failed."""
        is_first = True
        async for rows, _ in self._pieces("failed"):
            yield await asyncio.to_thread(self._csv, rows, is_first, True)
            is_first = False

    async def _pieces(
        self, status: str | None
    ) -> AsyncIterator[tuple[list[dict[str, Any]], dict[int, Mapping[str, Any]]]]:
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
            # A file without rows still gets its header.
            if rows or last == 0:
                yield rows, searches

    def _csv(self, rows: list[dict[str, Any]], is_first: bool, only_errors: bool) -> bytes:
        write = errors_csv if only_errors else results_csv
        pieces = write(map(self._result_row, rows), self._job.header)
        # Both writers begin with the header, which stands once at the top.
        return b"".join(islice(pieces, 0 if is_first else 1, None))

    def _result_row(self, row: Mapping[str, Any]) -> ResultRow:
        error = _error(row)
        return ResultRow(
            row_no=row["row_no"],
            cells=row["cells"],
            outcome=row["outcome"],
            results=row["results"] or (self._unanswered(row["cells"]),),
            error=error.message if error else "",
            error_code=error.code if error else "",
        )

    def _unanswered(self, cells: list[str]) -> dict[str, str]:
        """What a line without a claim says of whom it asked."""
        names = (_cell(cells, self._mapping, name) for name in ("first_name", "last_name"))
        return {
            "claim_number": _cell(cells, self._mapping, "claim_number"),
            "patient_name": " ".join(name for name in names if name),
        }

    def _json_lines(
        self, rows: list[dict[str, Any]], searches: Mapping[int, Mapping[str, Any]]
    ) -> bytes:
        lines = (
            row_out(row, self._mapping, searches).model_dump_json(by_alias=True) for row in rows
        )
        return "".join(f"{line}\n" for line in lines).encode()
