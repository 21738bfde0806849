"""The preview of a file and the templates, which must be read without a fault themselves."""

from collections.abc import Callable

import pytest

from app.claims.tables.header import SHAPES, Shape
from app.claims.tables.preview import preview
from app.claims.tables.reader import Table
from app.claims.tables.template import template

Read = Callable[..., Table]

HEADER = "Claim Number;First Name;Last Name;DOB;note\n"


def test_a_preview_tells_what_was_understood(read: Read) -> None:
    content = HEADER + "C1;Ann;Lee;25/12/1980;x\nC2;;Lee;12/13/1980;y\n;Bo;Lee;1/1/1990\n"
    seen = preview(read(content.encode("cp1252") + "C4;Zoë;Lee;01/02/1980;\n".encode("cp1252")))
    assert (seen.shape, seen.format, seen.encoding, seen.delimiter) == (
        "claim_number",
        "text",
        "cp1252",
        ";",
    )
    assert seen.date_order == "mixed"
    assert seen.date_orders == {"date_of_birth": "mixed"}
    assert seen.columns["claim_number"] == "Claim Number"
    assert seen.ignored_columns == ("note",)
    assert (seen.row_count, seen.good_rows) == (4, 1)
    assert [row.row_no for row in seen.first_rows] == [1, 2, 3, 4]
    assert [(p.row, p.column, p.code, p.value) for p in seen.problems] == [
        (2, "First Name", "row.missing_field", ""),
        (3, "", "row.column_count", ""),
        (4, "DOB", "row.ambiguous_date", "01/02/1980"),
    ]
    assert seen.problem_counts == {
        "row.missing_field": 1,
        "row.column_count": 1,
        "row.ambiguous_date": 1,
    }
    assert [w.code for w in seen.warnings] == ["encoding_guessed", "date_order_mixed"]


def test_a_fault_in_a_column_of_their_own_has_its_name(read: Read) -> None:
    (problem,) = preview(read(HEADER + "C1;Ann;Lee;1980-03-15;a\0b\n")).problems
    assert (problem.column, problem.field, problem.row) == ("note", "note", 1)


def test_long_lists_are_cut_and_counts_are_whole(read: Read) -> None:
    table = read(HEADER + "C1;Ann;Lee;never;\n" * 5_000)
    seen = preview(table, first=3, most_problems=7)
    assert (len(seen.first_rows), len(seen.problems)) == (3, 7)
    assert seen.problem_counts == {"row.bad_date": 5_000}
    assert seen.good_rows == 0


@pytest.mark.parametrize("shape", list(SHAPES))
def test_a_template_is_a_good_file(read: Read, shape: Shape) -> None:
    text = template(shape)
    table = read(text)
    assert table.shape == shape
    assert table.header == SHAPES[shape]
    rows = list(table.rows())
    assert len(rows) == 2
    assert [row.fault for row in rows] == [None, None]
    assert text.count("\r\n") == text.count("\n") == 3
