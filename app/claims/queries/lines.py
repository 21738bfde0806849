"""Result lines written by PostgreSQL itself: COPY gives them several times faster than Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from app.core.db import ReadSession, driver

UNUSUAL: Final = "\x01"
"""Begins the last cell of a row that has several lines, or more cells than the header."""

# Both sides are ranges of a key, which meet in one merge or hash; of a file that has just come in
# PostgreSQL would think that it has one row, and look every answer up by itself.
_BY_RANGES: Final = text("SELECT set_config('enable_nestloop', 'off', true)")
# What `str.strip` takes away, beside the plain blank.
_BLANKS: Final = (
    " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_LINES: Final = """
SELECT r.row_no, {claim_number}, {status}, {patient_name}, {total_charged}, {total_paid},
    {processed_date},
    CASE a.outcome WHEN 'succeeded' THEN 'True' WHEN 'failed' THEN 'False' ELSE '' END,
    CASE WHEN a.error_code IS NULL THEN '' ELSE
        coalesce(nullif(a.error->>'message', ''), $5::jsonb->>a.error_code) END,
    coalesce(a.error_code, ''), {own}
FROM claim_rows r
LEFT JOIN claim_answers a
    ON a.job_id = r.job_id AND a.row_no = r.row_no
    AND a.job_id = $1 AND a.row_no > $2 AND a.row_no <= $3
WHERE r.job_id = $1 AND r.row_no > $2 AND r.row_no <= $3 {wanted}
ORDER BY r.row_no
"""
_WANTED: Final[Mapping[str | None, str]] = {
    None: "",
    "pending": "AND a.row_no IS NULL",
    "succeeded": "AND a.outcome = 'succeeded'",
    "failed": "AND a.outcome = 'failed'",
}


_TOLD_ONLY: Final = ("status", "total_charged", "total_paid", "processed_date")


@dataclass(frozen=True, slots=True)
class Lines:
    """Which lines: of which job's rows, how wide its header is, where its fields stand."""

    job_id: UUID
    width: int
    mapping: Mapping[str, int]
    titles: str
    """JSON of each error code to what is said where an answer has no message of its own."""
    status: str | None

    def statement(self) -> str:
        """The query of a range of rows; only numbers of ours are put into it."""
        own = [f"coalesce(r.cells[{n}], '')" for n in range(1, self.width + 1)]
        own[-1] = (
            f"CASE WHEN cardinality(r.cells) > {self.width} OR jsonb_array_length(a.results) > 1"
            f" THEN E'\\x01' ELSE {own[-1]} END"
        )
        first, last = self._cell("first_name"), self._cell("last_name")
        name = f"concat_ws(' ', nullif({first}, ''), nullif({last}, ''))"
        return _LINES.format(
            claim_number=_told("claim_number", self._cell("claim_number")),
            patient_name=_told("patient_name", name),
            **{field: _told(field, "''") for field in _TOLD_ONLY},
            own=", ".join(own),
            wanted=_WANTED[self.status],
        )

    def values(self, after: int, last: int) -> tuple[Any, ...]:
        """What the statement's parameters are for the rows behind `after` up to `last`."""
        return self.job_id, after, last, _BLANKS, self.titles

    def _cell(self, field: str) -> str:
        place = self.mapping.get(field)
        return "''" if place is None else f"btrim(coalesce(r.cells[{place + 1}], ''), $4)"


def _told(field: str, otherwise: str) -> str:
    """What the claim says of a field, and for a row without a claim something else."""
    return (
        f"CASE WHEN jsonb_array_length(a.results) > 0 THEN coalesce(a.results->0->>'{field}', '')"
        f" ELSE {otherwise} END"
    )


async def copy_lines(
    session: ReadSession, lines: Lines, *, after: int, last: int
) -> tuple[bytes, int]:
    """The lines of the rows behind `after` up to `last` as CSV, ended by LF, and how many they are.

    Nothing is defused.
    """
    await session.execute(_BY_RANGES)
    connection = await driver(session)
    written = bytearray()

    async def keep(piece: bytes) -> None:
        written.extend(piece)

    # With another word for NULL an empty cell is written as nothing, and not as a pair of quotes.
    status: str = await connection.copy_from_query(
        lines.statement(), *lines.values(after, last), output=keep, format="csv", null="\\N"
    )
    return bytes(written), int(status.rpartition(" ")[2])
