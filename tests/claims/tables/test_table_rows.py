"""Single rows: what is read of them, why one fails alone, and which of them ask the same."""

from collections.abc import Callable
from datetime import date

import pytest

from app.claims.errors import ROW_CODES
from app.claims.tables.batch import Row
from app.claims.tables.reader import Table

Read = Callable[..., Table]

CLAIM = "claim_number,first_name,last_name,date_of_birth\n"
PATIENT = "first_name,last_name,date_of_birth,first_service_date,last_service_date\n"
GOOD = "C0,Ann,Lee,1980-03-15\n"


def rows(table: Table) -> list[Row]:
    return list(table.rows())


def code(row: Row) -> str | None:
    return row.fault.code if row.fault else None


def test_a_row_comes_out_whole(read: Read) -> None:
    (row,) = rows(
        read(
            "Claim Number,practice_id,First Name,Last Name,DOB,date_of_service,last service date,"
            "TIN,payer_id,subscriber_id,note\n"
            " fe-48 219 ,14, Mary Ann ,O'Brien Jr.,03/15/1980,1/5/2026,1/31/2026,"
            "12-3456789,87726, W1 , kept as it is \n"
        )
    )
    assert row == Row(
        row_no=1,
        claim_number="fe-48 219",
        first_name="Mary Ann",
        last_name="O'Brien Jr.",
        date_of_birth=date(1980, 3, 15),
        service_from=date(2026, 1, 5),
        service_to=date(2026, 1, 31),
        practice_id=14,
        tin="123456789",
        payer_id="87726",
        subscriber_id="W1",
        cells=(
            " fe-48 219 ",
            "14",
            " Mary Ann ",
            "O'Brien Jr.",
            "03/15/1980",
            "1/5/2026",
            "1/31/2026",
            "12-3456789",
            "87726",
            " W1 ",
            " kept as it is ",
        ),
        fault=None,
        warnings=(),
        claim_key="FE48219",
        first_key="maryann",
        last_key="obrien",
    )


@pytest.mark.parametrize(
    ("line", "expected", "field"),
    [
        ("C1,Ann,Lee", "row.column_count", ""),
        ("C1,Ann,Lee,1980-03-15,", "row.column_count", ""),
        ("C1,Lee, Ann,Lee,1980-03-15", "row.column_count", ""),
        (",Ann,Lee,1980-03-15", "row.missing_field", "claim_number"),
        ("C1, ,Lee,1980-03-15", "row.missing_field", "first_name"),
        ("C1,Ann,,1980-03-15", "row.missing_field", "last_name"),
        ("C1,Ann,Lee,", "row.missing_field", "date_of_birth"),
        ("---,Ann,Lee,1980-03-15", "row.missing_field", "claim_number"),
        ("C1,?,Lee,1980-03-15", "row.missing_field", "first_name"),
        ("C1,Ann,-,1980-03-15", "row.missing_field", "last_name"),
        ("C1,Ann,Lee,15.15.1980", "row.bad_date", "date_of_birth"),
        ("C1,Ann,Lee,03/15/80", "row.bad_date", "date_of_birth"),
        ("C1,Ann,Lee,2027-03-15", "row.date_range", "date_of_birth"),
        ("C1,A\0nn,Lee,1980-03-15", "row.control_character", "first_name"),
        ("C1,A\x07nn,Lee,1980-03-15", "row.control_character", "first_name"),
        ("C1,A\x85nn,Lee,1980-03-15", "row.control_character", "first_name"),
        ('"C\n1",Ann,Lee,1980-03-15', "row.control_character", "claim_number"),
        (f"C1,Ann,{'e' * 257},1980-03-15", "row.field_too_long", "last_name"),
        (f"{'7' * 40_000},Ann,Lee,1980-03-15", "row.field_too_long", "claim_number"),
    ],
)
def test_a_bad_row_fails_alone(read: Read, line: str, expected: str, field: str) -> None:
    before, bad, after = rows(read(CLAIM + GOOD + line + "\n" + GOOD))
    assert (before.fault, after.fault) == (None, None)
    assert [before.row_no, bad.row_no, after.row_no] == [1, 2, 3]
    assert bad.fault is not None
    assert (bad.fault.code, bad.fault.field) == (expected, field)
    assert bad.fault.code in ROW_CODES
    assert (bad.claim_key, bad.last_key) == (None, None)


@pytest.mark.parametrize(
    ("line", "expected", "field"),
    [
        ("Ann,Lee,1980-03-15,,2026-01-05", "row.missing_field", "first_service_date"),
        ("Ann,Lee,1980-03-15,soon,2026-01-05", "row.bad_date", "first_service_date"),
        ("Ann,Lee,1980-03-15,2026-01-05,later", "row.bad_date", "last_service_date"),
        ("Ann,Lee,1980-03-15,2026-01-06,2026-01-05", "row.date_range", "last_service_date"),
        ("Ann,Lee,1980-03-15,2026-12-01,2026-12-02", "row.date_range", "first_service_date"),
        ("Ann,Lee,2026-01-06,2026-01-05,2026-01-07", "row.date_range", "first_service_date"),
    ],
)
def test_service_dates_that_do_not_hold(read: Read, line: str, expected: str, field: str) -> None:
    (bad,) = rows(read(PATIENT + line + "\n"))
    assert bad.fault is not None
    assert (bad.fault.code, bad.fault.field) == (expected, field)


def test_one_service_date_stands_for_both(read: Read) -> None:
    (row,) = rows(read(PATIENT + "Ann,Lee,1980-03-15,2026-01-05,\n"))
    assert row.fault is None
    assert row.service_from == row.service_to == date(2026, 1, 5)


def test_service_dates_beside_a_claim_number_may_be_empty_but_not_wrong(read: Read) -> None:
    header = CLAIM.replace("\n", ",first_service_date,last_service_date\n")
    empty, late, wrong = rows(
        read(
            header
            + "C1,Ann,Lee,1980-03-15,,\nC2,Ann,Lee,1980-03-15,,2026-01-05\nC3,Ann,Lee,1980-03-15,x,\n"
        )
    )
    assert (empty.fault, empty.service_from, empty.service_to) == (None, None, None)
    assert late.service_from == late.service_to == date(2026, 1, 5)
    assert code(wrong) == "row.bad_date"


def test_each_column_has_its_own_order(read: Read) -> None:
    table = read(
        PATIENT
        + "Ann,Lee,25/12/1980,01/02/2026,01/25/2026\n"
        + "Bob,Lee,01/02/1981,01/02/2026,01/31/2026\n"
    )
    assert table.layout.orders == {
        "date_of_birth": "dmy",
        "first_service_date": "mdy",
        "last_service_date": "mdy",
    }
    assert table.date_order == "mixed"
    assert [w.code for w in table.warnings] == ["date_order_assumed"]
    _, bob = rows(table)
    assert bob.date_of_birth == date(1981, 2, 1)
    assert bob.service_from == date(2026, 1, 2)


def test_a_contradictory_column_fails_only_what_has_two_readings(read: Read) -> None:
    table = read(
        CLAIM
        + "C1,Ann,Lee,25/12/1980\nC2,Ann,Lee,12/25/1980\nC3,Ann,Lee,01/02/1980\n"
        + "C4,Ann,Lee,05/05/1980\nC5,Ann,Lee,1980-01-02\n"
    )
    assert [code(row) for row in table.rows()] == [None, None, "row.ambiguous_date", None, None]
    assert table.date_order == "mixed"
    assert [w.code for w in table.warnings] == ["date_order_mixed"]


def test_the_callers_order_settles_it(read: Read) -> None:
    content = CLAIM + "C1,Ann,Lee,25/12/1980\nC2,Ann,Lee,12/25/1980\nC3,Ann,Lee,01/02/1980\n"
    table = read(content, date_order="dmy")
    assert [code(row) for row in table.rows()] == [None, "row.bad_date", None]
    assert (table.date_order, table.warnings) == ("dmy", ())


def test_a_proof_in_the_last_row_holds_for_the_first(read: Read) -> None:
    many = "".join(f"C{n},Ann,Lee,03/04/1980\n" for n in range(5_000))
    table = read(CLAIM + many + "C,Ann,Lee,31/01/1980\n")
    assert {row.date_of_birth for row in rows(table)[:-1]} == {date(1980, 4, 3)}


@pytest.mark.parametrize(
    ("practice", "tin", "expected", "field"),
    [
        ("", "", None, None),
        ("14", "", None, None),
        ("014", "", None, None),
        ("2147483647", "", None, None),
        ("2147483648", "", "row.practice_unknown", "practice_id"),
        ("0", "", "row.practice_unknown", "practice_id"),
        ("-3", "", "row.practice_unknown", "practice_id"),
        ("main", "", "row.practice_unknown", "practice_id"),
        ("", "12-3456789", None, None),
        ("", "1234567", "row.practice_unknown", "tin"),
        ("", "XX-XXX1234", "row.practice_unknown", "tin"),
    ],
)
def test_practices(
    read: Read, practice: str, tin: str, expected: str | None, field: str | None
) -> None:
    header = CLAIM.replace("\n", ",practice_id,tin\n")
    (row,) = rows(read(header + f"C1,Ann,Lee,1980-03-15,{practice},{tin}\n"))
    assert code(row) == expected
    assert (row.fault.field if row.fault else None) == field


def test_what_spreadsheets_break_is_said(read: Read) -> None:
    header = CLAIM.replace("\n", ",tin\n")
    first, second, third = rows(
        read(
            header
            + "1.23457E+14,Ann,Lee,1980-03-15,12345678\nC2,Ann,Lee,1980-03-15,012345678\n"
            + "1E+2X,Ann,Lee,1980-03-15,01-2345678\n"
        )
    )
    assert set(first.warnings) == {"claim_number_rounded", "tin_zero_restored"}
    assert first.tin == "012345678"
    assert second.warnings == third.warnings == ()


def test_control_characters_elsewhere_in_a_row_are_kept(read: Read) -> None:
    header = CLAIM.replace("\n", ",note\n")
    tab, nul = rows(read(header + "C1,Ann,Lee,1980-03-15,a\tb\x0bc\nC2,Ann,Lee,1980-03-15,a\0b\n"))
    assert tab.fault is None
    assert tab.cells[4] == "a\tb\x0bc"
    assert nul.fault is not None
    assert (nul.fault.code, nul.fault.field) == ("row.control_character", "note")
    assert nul.cells[4] == "a\ufffdb"


def test_a_ragged_row_has_one_fault_and_keeps_its_cells(read: Read) -> None:
    table = read(CLAIM + "C1,Ann\0,Lee,,x,y\n" + GOOD)
    (batch,) = table.batches()
    assert [fault.code for fault in batch.faults[0]] == ["row.column_count"]
    bad, _ = batch.rows()
    assert bad.cells == ("C1", "Ann\ufffd", "Lee", "", "x", "y")
    assert bad.claim_number is None


def test_every_fault_of_a_row_is_found_and_each_field_once(read: Read) -> None:
    (batch,) = read(CLAIM + ",A\nn,---,1980-13-13\n" + ',"A\nn",---,1980-13-13\n').batches()
    assert {(fault.code, fault.field) for fault in batch.faults[len(batch) - 1]} == {
        ("row.missing_field", "claim_number"),
        ("row.control_character", "first_name"),
        ("row.missing_field", "last_name"),
        ("row.bad_date", "date_of_birth"),
    }
    assert len(batch.faults[len(batch) - 1]) == 4


def test_our_own_apostrophes_are_taken_off(read: Read) -> None:
    header = CLAIM.replace("\n", ",note\n")
    cells = ["'=1+1", "'-x", "'＝1", "''=1", "'plain", "'", "=1", "'\t=1"]
    table = read(header + "".join(f"C1,Ann,Lee,1980-03-15,{cell}\n" for cell in cells))
    assert [row.cells[4] for row in table.rows()] == [
        "=1+1",
        "-x",
        "＝1",
        "'=1",
        "'plain",
        "'",
        "=1",
        "\t=1",
    ]
