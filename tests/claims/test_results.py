"""Results and errors as CSV: what stands in them, and that they come back unchanged."""

import csv
import io
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.claims.results import RESULT_COLUMNS, ResultRow, errors_csv, is_plain, results_csv
from app.claims.tables.options import ReadOptions
from app.claims.tables.reader import Table, open_table
from app.core.spreadsheets import defuse_cell, redo_cell

HEADER = ("claim_number", "first_name", "last_name", "date_of_birth", "note")
CLAIM = {
    "claim_number": "FE1",
    "status": "PAID",
    "patient_name": "Ann Lee",
    "total_charged": "120.00",
    "total_paid": "-35.50",
    "processed_date": date(2026, 2, 3),
    "first_service_date": "2026-01-05",
}


def parsed(pieces: bytes) -> list[list[str]]:
    assert pieces.startswith(b"\xef\xbb\xbf")
    text = pieces.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def read(content: bytes) -> Table:
    options = ReadOptions(today=date(2026, 11, 21))
    return open_table(io.BytesIO(content), filename="errors.csv", options=options)


def test_a_line_for_each_claim_and_each_row_without_one() -> None:
    rows = [
        ResultRow(
            1,
            ("fe-1", "Ann", "Lee", "03/15/1980", "=x"),
            "succeeded",
            [CLAIM, CLAIM | {"claim_number": "FE2", "total_paid": None}],
        ),
        ResultRow(
            2, ("C2", "Bo", "Lee", "", ""), "failed", error="Why", error_code="row.missing_field"
        ),
        ResultRow(3, ("C3", "Cy"), None),
    ]
    content = b"".join(results_csv(rows, HEADER))
    assert content.count(b"\r\n") == content.count(b"\n") == 5
    header, *lines = parsed(content)
    assert header == [*RESULT_COLUMNS, *HEADER]
    assert ",".join(RESULT_COLUMNS) == (
        "row,claim_number,status,patient_name,total_charged,total_paid,processed_date,success,error,error_code"
    )
    own = ["fe-1", "Ann", "Lee", "03/15/1980", "'=x"]
    assert lines == [
        ["1", "FE1", "PAID", "Ann Lee", "120.00", "-35.50", "2026-02-03", "True", "", "", *own],
        ["1", "FE2", "PAID", "Ann Lee", "120.00", "", "2026-02-03", "True", "", "", *own],
        [
            "2",
            "",
            "",
            "",
            "",
            "",
            "",
            "False",
            "Why",
            "row.missing_field",
            "C2",
            "Bo",
            "Lee",
            "",
            "",
        ],
        ["3", "", "", "", "", "", "", "", "", "", "C3", "Cy", "", "", ""],
    ]


def test_no_rows_are_still_a_file() -> None:
    assert parsed(b"".join(results_csv([], HEADER))) == [[*RESULT_COLUMNS, *HEADER]]


def test_many_rows_come_in_pieces() -> None:
    rows = (ResultRow(n, ("x",) * 5, "failed") for n in range(1, 5_001))
    pieces = list(results_csv(rows, HEADER))
    assert len(pieces) == 6
    assert len(parsed(b"".join(pieces))) == 5_001


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+cmd",
        "-x",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＋1",
        "－1+1",
        "＠x",
        " =1",
        "\xa0=1",
        "-1+cmd|' /C calc'!A0",
        "=-5",
        "+",
        "-",
        "--5",
        "-5-5",
        "'=1",
        "-1e",
        "+1,23",
        "-٥",
    ],
)
def test_what_a_spreadsheet_would_run_is_defused(cell: str) -> None:
    assert defuse_cell(cell) == "'" + cell
    assert redo_cell(defuse_cell(cell)) == cell


@pytest.mark.parametrize(
    "cell",
    [
        "-5",
        "-35.50",
        "+15551234567",
        "-1,234.56",
        "-$1,234.56",
        "-.5",
        "-5.",
        "-1.5E+3",
        "-12%",
        "",
        "a=1",
        "O'Brien",
        "'",
        "'quoted'",
        "1980-03-15",
        "0",
    ],
)
def test_numbers_and_plain_text_stay(cell: str) -> None:
    assert defuse_cell(cell) == cell
    assert redo_cell(cell) == cell


@given(st.text(max_size=20))
@example("''=")
@example("'\t")
@example("' =")
def test_defusing_can_always_be_taken_back(cell: str) -> None:
    safe = defuse_cell(cell)
    assert redo_cell(safe) == cell
    assert safe in {cell, "'" + cell}


def test_an_errors_file_is_read_again_as_it_is() -> None:
    first = read(
        b"\xef\xbb\xbfclaim_number;first_name;last_name;date_of_birth;note;balance\r\n"
        b'C1;Ann;;1980-03-15;=1+1;-5.00\r\nC2;Bo;Lee;soon;"a;b\nc ""d""";-1\r\n'
        b"C3;Cy;Lee;1980-03-15;'=x;0\r\nC4;Dee;Lee\r\nC5;E;Lee;1980-03-15;;;1;2\r\n"
    )
    before = list(first.rows())
    failed = [
        ResultRow(
            row.row_no,
            row.cells,
            "failed" if row.fault else "succeeded",
            (),
            row.fault.message if row.fault else "",
            row.fault.code if row.fault else "",
        )
        for row in before
    ]
    content = b"".join(errors_csv(failed, first.header))
    again = read(content)
    assert again.header == (*first.header, "error_code", "error_message")
    after = list(again.rows())
    expected = [row for row in before if row.fault]
    assert [row.cells[:6] for row in after][:2] == [row.cells for row in expected[:2]]
    assert [row.fault and row.fault.code for row in after] == [
        "row.missing_field",
        "row.bad_date",
        "row.missing_field",
        "row.column_count",
    ]
    assert after[2].cells[:6] == ("C4", "Dee", "Lee", "", "", "")
    assert after[3].cells == (
        *expected[3].cells[:6],
        "row.column_count",
        expected[3].fault and expected[3].fault.message,
        "1",
        "2",
    )


def test_reasons_of_an_earlier_errors_file_give_way() -> None:
    header = ("claim_number", "error_code", "error_message", "note")
    rows = [ResultRow(1, ("C1", "old", "old words", "n"), "failed", (), "new words", "new")]
    assert parsed(b"".join(errors_csv(rows, header))) == [
        ["claim_number", "note", "error_code", "error_message"],
        ["C1", "n", "new", "new words"],
    ]


CELLS = st.lists(
    st.text(
        st.one_of(
            st.sampled_from(list("=+-@'\"\t\r\n ,;＝5")),
            st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
        ),
        max_size=12,
    ),
    min_size=5,
    max_size=5,
)


@given(st.lists(CELLS, min_size=1, max_size=8))
def test_any_cells_survive_writing_and_reading(rows: list[list[str]]) -> None:
    failed = [ResultRow(n, cells, "failed", (), "Why", "code") for n, cells in enumerate(rows, 1)]
    table = read(b"".join(errors_csv(failed, HEADER)))
    assert [list(row.cells) for row in table.rows()] == [[*cells, "code", "Why"] for cells in rows]


NASTY = st.text(
    st.sampled_from(
        [*"'=+-@\t\r\n \",1a.%\x01\x0b\x0c\x1c\x85\xa0\u1680\u2003\u2028\u3000＝＋－＠é"]
    ),
    max_size=6,
)


@given(st.lists(st.lists(NASTY, min_size=1, max_size=3), min_size=1, max_size=4))
@example([["-5.20", "-1", "a b"]])
@example([["Smith, Jr.", "2024-01-02", "a-b"]])
def test_lines_that_are_plain_have_nothing_to_defuse(table: list[list[str]]) -> None:
    """Neither a cell that is a formula nor one that changes when the line ends do."""
    out = io.StringIO(newline="")
    rows = [[str(n), *row] for n, row in enumerate(table)]
    csv.writer(out, lineterminator="\n").writerows(rows)
    lines = out.getvalue().encode()
    if is_plain(lines, rows=len(rows)):
        assert all(defuse_cell(cell) == cell for row in rows for cell in row)
        ended = lines.replace(b"\n", b"\r\n").decode()
        assert list(csv.reader(io.StringIO(ended, newline=""), strict=True)) == rows


@pytest.mark.parametrize(
    "cell", ["-5.20", "-1", "Ada Byron", "2024-01-02", "Smith, Jr.", "é", "50%"]
)
def test_usual_cells_are_plain(cell: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(["1", cell, "x"])
    assert is_plain(out.getvalue().encode(), rows=1)
