"""From what was found to a row's answer, or to the word that it has to be asked. Values only."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic_core import from_json, to_json

from app.claims.engine.coverage import Look
from app.claims.engine.days import Span
from app.claims.errors import ROW_CODES
from app.claims.matching import (
    NOT_FOUND,
    Candidate,
    KnownClaim,
    Verdict,
    Wanted,
    match,
)
from app.claims.payers.details import ClaimRef
from app.claims.queries.engine.rows import Answered, Found, OpenRow, array_literal
from app.claims.queries.engine.windows import HANDLE

_MISMATCH_FIELDS: Final = {
    "payer.patient_mismatch": "date_of_birth",
    "payer.date_mismatch": "first_service_date",
}


def known_claim(found: Found) -> KnownClaim:
    """A kept claim as matching reads it."""
    (line,) = from_json(found.results)
    line.pop(HANDLE, None)
    return KnownClaim(
        found.claim_key,
        found.first_key,
        found.last_key,
        found.date_of_birth,
        found.service_from,
        found.service_to,
        warnings=tuple(found.warnings or ()),
        line=line,
    )


def ref_of(found: Found, payer_id: str) -> ClaimRef:
    """How more can be asked about a kept claim; what stands beside a claim is kept if it is needed."""
    (line,) = from_json(found.results)
    return ClaimRef(found.tin, payer_id, line["claim_number"], line.get(HANDLE, ""))


def wanted_of(row: OpenRow) -> Wanted:
    """A row as matching reads it."""
    return Wanted(
        first_key=row.first_key,
        last_key=row.last_key,
        date_of_birth=row.date_of_birth,
        claim_key=row.claim_key,
        service_from=row.service_from,
        service_to=row.service_to,
    )


def verdict_of(row: OpenRow, candidates: Iterable[Candidate]) -> Verdict:
    """What matching says of a row."""
    return match(wanted_of(row), candidates)


def succeeded(row: OpenRow, verdict: Verdict, query_ids: Iterable[int]) -> Answered:
    """The answer of a row with claims."""
    return Answered(
        row.row_no,
        results=to_json(verdict.results).decode(),
        warnings=array_literal(verdict.warnings) if verdict.warnings else None,
        query_ids=array_literal(query_ids),
    )


def failed(row: OpenRow, code: str, proof: str = "{}", *, searched: Span | None = None) -> Answered:
    """The answer of a row that failed by `code`; `proof` is the array of the queries behind it."""
    days = searched if code == NOT_FOUND else None
    return Answered(row.row_no, error_code=code, error=_error(code, days), query_ids=proof)


@functools.lru_cache(maxsize=4_096)
def _error(code: str, searched: Span | None) -> str:
    message = ROW_CODES[code].title
    if searched is not None:
        message = f"{message} between {searched.first} and {searched.last}"
    error = {"field": _MISMATCH_FIELDS.get(code), "message": f"{message}."}
    return to_json(error).decode()


def settle(
    row: OpenRow, look: Look, verdict: Verdict, evidence: Mapping[str | None, int], span: Span
) -> Answered | None:
    """The answer that the walked windows give, or None for a row that has to be asked singly.

    A claim number that was found with its person needs no further look. Everything else rests on
    complete windows: another one could hold a second claim of the patient, or the claim itself.
    `evidence` leads from the number of a kept claim to the query that gave it.
    """
    if verdict.results and (row.claim_key or look.is_complete):
        return succeeded(row, verdict, ids_of(verdict, evidence))
    if look.broken:
        return failed(row, look.broken, look.proof)
    if look.is_complete:
        return failed(row, verdict.error_code or NOT_FOUND, look.proof, searched=span)
    return None


def ids_of(verdict: Verdict, evidence: Mapping[str | None, int]) -> Sequence[int]:
    """The queries that gave the claims of an answer, each once."""
    numbers = [line["claim_number"] for line in verdict.results]
    return list(dict.fromkeys(evidence[number] for number in numbers if number in evidence))
