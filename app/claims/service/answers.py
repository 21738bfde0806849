"""Rows with their answers in their outside shape, and the evidence that answers rest on."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from app.claims.errors import ROW_CODES, JobNotFound
from app.claims.queries import answers as queries
from app.claims.queries import reading
from app.claims.schemas import Evidence, RowError, RowOut, Search
from app.core.db import ReadSession

_SEARCH_FIELDS: Final = ("tin", "payer_id", "from", "to", "pages", "claims", "complete", "at")


def cell(cells: list[str], mapping: Mapping[str, int], field: str) -> str:
    """What a row has in one of our fields, "" where it has nothing."""
    place = mapping.get(field)
    return cells[place].strip() if place is not None and place < len(cells) else ""


def patient_name(cells: list[str], mapping: Mapping[str, int]) -> str:
    """First and last name as the row has them."""
    names = (cell(cells, mapping, name) for name in ("first_name", "last_name"))
    return " ".join(name for name in names if name)


def error_of(row: Mapping[str, Any]) -> RowError | None:
    """Why the row failed, None where it did not."""
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
    found = results[0].get("claim_number") if results else None
    asked = [searches[number] for number in row["query_ids"] or () if number in searches]
    return RowOut(
        row=row["row_no"],
        status=row["outcome"] or "pending",
        claim_number=cell(cells, mapping, "claim_number") or found,
        patient_name=patient_name(cells, mapping) or None,
        result=results[0] if results else None,
        results=results,
        error=error_of(row),
        warnings=[*(row["row_warnings"] or ()), *(row["warnings"] or ())],
        attempts=row["earlier_attempts"] + (row["outcome"] is not None),
        evidence=Evidence(searched=[_search(one) for one in asked]) if asked else None,
    )


def _search(asked: Mapping[str, Any]) -> Search:
    values = {**asked, "from": asked["from_date"], "to": asked["to_date"]}
    return Search.model_validate({name: values[name] for name in _SEARCH_FIELDS})


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


async def with_cells(
    session: ReadSession, *, job_id: UUID, rows: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The rows; those that were found by their answers get their cells."""
    rows = list(rows)
    wanted = [row["row_no"] for row in rows if "cells" not in row]
    known = await queries.cells_of(session, job_id, wanted) if wanted else {}
    return [{**row, **known.get(row["row_no"], {})} for row in rows]


async def evidence_for(
    session: ReadSession, rows: Iterable[Mapping[str, Any]]
) -> dict[int, Mapping[str, Any]]:
    """The payer queries that the rows' answers rest on."""
    wanted = {number for row in rows for number in row["query_ids"] or ()}
    return {
        number: dict(row) for number, row in (await queries.queries_of(session, wanted)).items()
    }
