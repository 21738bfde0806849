"""COPY bytes: read back by a decoder written from PostgreSQL's description of the format."""

import io
import json
import re
from collections.abc import Callable
from datetime import date

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect

from app.claims.models import ClaimRow
from app.claims.tables.batch import Batch
from app.claims.tables.copy import COLUMNS, encode_rows
from app.claims.tables.header import FIELDS
from app.claims.tables.options import ReadOptions
from app.claims.tables.reader import Table, open_table
from app.core.settings import Settings

Read = Callable[..., Table]

CONSTANTS = {
    "job_id": "019ab7de-0000-7000-8000-000000000001",
    "organization_id": "019ab7de-0000-7000-8000-000000000002",
}
HEADER = "claim_number,first_name,last_name,date_of_birth,note\n"
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}


def decode(data: bytes) -> list[list[str | None]]:
    """The fields of COPY text lines; a backslash before any other sign would be a fault."""
    lines = data.decode().split("\n")
    assert lines.pop() == ""
    return [
        [
            None
            if field == "\\N"
            else re.sub(r"\\(.)", lambda found: ESCAPES[found[1]], field, flags=re.DOTALL)
            for field in line.split("\t")
        ]
        for line in lines
    ]


def array(literal: str | None) -> list[str]:
    """The elements of a text[] literal whose elements are all quoted."""
    assert literal is not None
    assert re.fullmatch(r'\{"(?:[^"\\]|\\.)*"(?:,"(?:[^"\\]|\\.)*")*\}', literal, re.DOTALL)
    elements = re.findall(r'"((?:[^"\\]|\\.)*)"', literal, re.DOTALL)
    return [re.sub(r"\\(.)", r"\1", element, flags=re.DOTALL) for element in elements]


def copied(table: Table) -> list[dict[str, str | None]]:
    pieces = b"".join(encode_rows(table.batches(), constants=CONSTANTS))
    return [dict(zip(COLUMNS, fields, strict=True)) for fields in decode(pieces)]


def test_a_good_row_and_a_bad_one(read: Read) -> None:
    good, bad = copied(read(HEADER + "fe-1,Ann,Lee,03/15/1980,x\n,Bob,Lee,03/16/1980,y\n"))
    assert good == CONSTANTS | {
        "row_no": "1",
        "claim_key": "FE1",
        "first_key": "ann",
        "last_key": "lee",
        "date_of_birth": "1980-03-15",
        "service_from": None,
        "service_to": None,
        "practice_id": None,
        "tin": None,
        "payer_id": None,
        "fault": None,
        "warnings": None,
        "cells": '{"fe-1","Ann","Lee","03/15/1980","x"}',
    }
    assert (bad["row_no"], bad["date_of_birth"]) == ("2", "1980-03-16")
    assert (bad["claim_key"], bad["first_key"], bad["last_key"]) == (None, None, None)
    assert bad["fault"] is not None
    assert json.loads(bad["fault"]) == {
        "code": "row.missing_field",
        "field": "claim_number",
        "message": "The row has no claim_number.",
    }


def test_columns_can_be_chosen_and_ordered(read: Read) -> None:
    table = read(HEADER + "1E+9,Ann,Lee,1980-03-15,x\nC2,Ann,Lee,,x\n")
    pieces = encode_rows(
        table.batches(),
        constants={"job_id": "a\tb"},
        columns=("job_id", "row_no", "fault", "warnings", "claim_key"),
    )
    first, second = decode(b"".join(pieces))
    assert first == ["a\tb", "1", None, '{"claim_number_rounded"}', "1E+9"]
    assert second[:2] == ["a\tb", "2"]
    assert second[2] is not None
    assert second[3:] == [None, None]


def test_every_column_of_the_table_is_written() -> None:
    assert set(COLUMNS) == {column.name for column in inspect(ClaimRow).columns}


def test_names_of_the_database_are_those_of_the_rows(read: Read) -> None:
    header = "first_name,last_name,dob,service_date,last_service_date,practice_id,tin\n"
    (row,) = copied(read(header + "Ann,Lee,1980-03-15,2026-01-05,2026-01-06,14,123456789\n"))
    assert (row["service_from"], row["service_to"]) == ("2026-01-05", "2026-01-06")
    assert (row["practice_id"], row["tin"]) == ("14", "123456789")


CELL = st.text(
    st.one_of(
        st.sampled_from(list("\\\"'{},\t\n\r\0;|=NU \x1f\u2028é😀")),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=12,
)


@given(st.lists(st.lists(CELL, min_size=1, max_size=5), min_size=1, max_size=5))
def test_any_cells_come_back_from_the_database_as_they_were(rows: list[list[str]]) -> None:
    text = "".join("".join(row) for row in rows)
    clean = text.isprintable() and not set(text) & set('\\"')
    names = {name: [row[0] for row in rows] for name in FIELDS}
    batch = Batch(1, rows, clean, columns={**names})
    columns = ("row_no", "first_name", "cells", "last_name")
    for row, (number, first, cells, last) in zip(
        rows, decode(b"".join(encode_rows([batch], constants={}, columns=columns))), strict=True
    ):
        stored = [cell.replace("\0", "\ufffd") for cell in row]
        assert array(cells) == stored
        assert first == last == (stored[0] or None)
        assert number is not None


@given(st.lists(CELL, min_size=5, max_size=5))
def test_no_row_can_break_out_of_its_line(cells: list[str]) -> None:
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    content = HEADER + quoted + "\nC2,Ann,Lee,1980-03-15,x\n"
    options = ReadOptions(today=date(2026, 11, 21))
    table = open_table(io.BytesIO(content.encode()), filename="x.csv", options=options)
    rows = copied(table)
    assert len(rows) == table.row_count
    assert all(len(array(row["cells"])) == 5 for row in rows)
    assert rows[-1]["claim_key"] == "C2"


def test_pieces_stay_small(read: Read) -> None:
    table = read(HEADER + "".join(f"C{n},Ann,Lee,1980-03-15,note\n" for n in range(20_000)))
    sizes = [len(piece) for piece in encode_rows(table.batches(), constants=CONSTANTS)]
    assert len(sizes) > 10
    assert max(sizes) < 600_000


@pytest.mark.parametrize("bad_every", [1, 7])
def test_files_full_of_bad_rows(read: Read, bad_every: int) -> None:
    lines = (f"C{n},Ann,Lee,{'x' if n % bad_every == 0 else '1980-03-15'},\n" for n in range(5_000))
    rows = copied(read(HEADER + "".join(lines)))
    assert [row["row_no"] for row in rows] == [str(n) for n in range(1, 5_001)]
    assert [row["fault"] is not None for row in rows] == [n % bad_every == 0 for n in range(5_000)]


async def test_a_real_database_takes_the_bytes(read: Read, settings: Settings) -> None:
    """The decoder above is our reading of the manual; this is the manual's author."""
    table = read(
        HEADER
        + 'C1,Ann,O\'Brien,03/15/1980,"a\\b ""c"" {d}, e\nf\tg\\N NULL"\n'
        + "C\\.2,Ann,Zoë 😀,03/15/1980,\\N\n,Bo\0b,Lee,03/15/1980,x\n1E+9,\\N,NULL,03/15/1980,\n"
    )
    address = settings.database.url.get_secret_value()
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    try:
        await connection.execute("CREATE TEMP TABLE copied (LIKE claim_rows)")
        pieces = b"".join(encode_rows(table.batches(), constants=CONSTANTS))
        await connection.copy_to_table("copied", source=io.BytesIO(pieces), columns=COLUMNS)
        stored = await connection.fetch("SELECT * FROM copied ORDER BY row_no")
    finally:
        await connection.close()
    for row, record in zip(table.rows(), stored, strict=True):
        assert tuple(record["cells"]) == row.cells
        for name in COLUMNS[COLUMNS.index("claim_key") : COLUMNS.index("fault")]:
            assert record[name] == getattr(row, name)
        assert tuple(record["warnings"] or ()) == row.warnings
        assert (json.loads(record["fault"]) if row.fault else None) == (
            row.fault._asdict() if row.fault else None
        )
