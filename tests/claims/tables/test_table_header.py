"""Headers: every name that is known, in every spelling, and what is said about the others."""

from collections.abc import Callable

import pytest

from app.claims.errors import (
    DuplicateColumns,
    HeaderUnknown,
    Malformed,
    NoHeader,
    OptionInvalid,
)
from app.claims.tables.reader import Table

Read = Callable[..., Table]

CLAIM = {
    "claim_number": "C1",
    "first_name": "Ann",
    "last_name": "Lee",
    "date_of_birth": "1980-03-15",
}
PATIENT = {
    "first_name": "Ann",
    "last_name": "Lee",
    "date_of_birth": "1980-03-15",
    "first_service_date": "2026-01-05",
    "last_service_date": "2026-01-06",
}


def file(cells: dict[str, str], **renamed: str) -> str:
    names = [renamed.get(name, name) for name in cells]
    return ",".join(names) + "\n" + ",".join(cells.values()) + "\n"


@pytest.mark.parametrize(
    ("cells", "shape"),
    [
        (CLAIM, "claim_number"),
        (PATIENT, "patient"),
        (PATIENT | {"practice_id": "14"}, "practice"),
        (PATIENT | {"practice_tin": "012345678"}, "practice"),
        (CLAIM | PATIENT | {"practice_id": "14"}, "claim_number"),
    ],
)
def test_the_shapes(read: Read, cells: dict[str, str], shape: str) -> None:
    table = read(file(cells))
    assert table.shape == shape
    (row,) = table.rows()
    assert row.fault is None
    assert (row.first_name, row.last_name) == ("Ann", "Lee")


@pytest.mark.parametrize(
    ("field", "alias"),
    [
        ("first_name", "patient_first_name"),
        ("last_name", "patient_last_name"),
        ("date_of_birth", "patient_dob"),
        ("date_of_birth", "dob"),
        ("first_service_date", "date_of_service"),
        ("first_service_date", "service_date"),
    ],
)
def test_also_known_as(read: Read, field: str, alias: str) -> None:
    table = read(file(PATIENT, **{field: alias}))
    assert table.columns[field] == alias
    assert next(table.rows()).fault is None


@pytest.mark.parametrize(
    ("alias", "attribute", "value"),
    [
        ("practice_tin", "tin", "012345678"),
        ("tin", "tin", "012345678"),
        ("payer_id", "payer_id", "87726"),
        ("subscriber_id", "subscriber_id", "W123"),
        ("practice_id", "practice_id", 14),
    ],
)
def test_columns_that_may_be_there(
    read: Read, alias: str, attribute: str, value: str | int
) -> None:
    (row,) = read(file(CLAIM | {alias: str(value)})).rows()
    assert getattr(row, attribute) == value


def test_the_portals_own_template_is_read(read: Read) -> None:
    table = read(
        "practice_tin,patient_first_name,patient_last_name,patient_dob,date_of_service\n"
        "123456789,Ann,Lee,03/15/1980,01/05/2026\n"
    )
    (row,) = table.rows()
    assert (row.tin, row.service_from, row.service_to) == (
        "123456789",
        row.service_to,
        row.service_from,
    )
    assert row.service_from is not None


@pytest.mark.parametrize(
    "spelled",
    [
        "CLAIM_NUMBER",
        "Claim Number",
        "claim-number",
        " claim number ",
        "ClaimNumber",
        "Claim.Number:",
        "ＣＬＡＩＭ number",
        "\u200bclaim_number",
    ],
)
def test_case_spacing_and_punctuation_do_not_matter(read: Read, spelled: str) -> None:
    table = read(file(CLAIM, claim_number=spelled, date_of_birth="Patient DOB"))
    assert table.shape == "claim_number"
    assert table.header[0] == spelled


def test_order_and_extra_columns_do_not_matter(read: Read) -> None:
    table = read("note,DOB,Last Name,note,First Name,Claim Number\nx,1980-03-15,Lee,y,Ann,C1\n")
    (row,) = table.rows()
    assert (row.claim_number, row.cells[0], row.cells[3]) == ("C1", "x", "y")
    assert table.columns["date_of_birth"] == "DOB"


def test_two_columns_of_one_meaning_are_refused_by_name(read: Read) -> None:
    with pytest.raises(DuplicateColumns) as caught:
        read(
            "claim_number,first_name,last_name,dob,Date of Birth\nC1,Ann,Lee,1980-03-15,1980-03-15\n"
        )
    assert '"dob", "Date of Birth"' in caught.value.detail


def test_a_mapping_settles_two_columns_of_one_meaning(read: Read) -> None:
    table = read(
        "claim_number,first_name,last_name,dob,Date of Birth\nC1,Ann,Lee,x,1980-03-15\n",
        mapping={"date_of_birth": "Date of Birth"},
    )
    assert table.columns["date_of_birth"] == "Date of Birth"
    assert next(table.rows()).fault is None


def test_a_mapping_names_columns_that_nobody_knows(read: Read) -> None:
    table = read(
        "ref;given;fam;born\nC1;Ann;Lee;1980-03-15\n",
        mapping={"claim_number": "REF", "First Name": "given", "last_name": "fam", "dob": "born"},
    )
    assert table.delimiter == ";"
    assert table.columns == {
        "claim_number": "ref",
        "first_name": "given",
        "last_name": "fam",
        "date_of_birth": "born",
    }


def test_a_mapped_column_is_not_taken_twice(read: Read) -> None:
    table = read(
        file(CLAIM | {"service_date": "2026-01-05"}), mapping={"last_service_date": "service_date"}
    )
    assert "first_service_date" not in table.columns
    (row,) = table.rows()
    assert row.service_from == row.service_to


def test_a_mapping_to_nothing(read: Read) -> None:
    with pytest.raises(HeaderUnknown, match="header_unknown") as caught:
        read(file(CLAIM), mapping={"claim_number": "Reference"})
    assert '"claim_number"' in caught.value.detail
    with pytest.raises(OptionInvalid):
        read(file(CLAIM), mapping={"shoe_size": "claim_number"})
    with pytest.raises(DuplicateColumns):
        read("a,a,first_name,last_name\nx,y,A,B\n", mapping={"claim_number": "a"})


def test_an_unknown_header_is_told_what_is_missing_and_near(read: Read) -> None:
    with pytest.raises(HeaderUnknown) as caught:
        read("Claim Numbr,First Name,Surname,Birth Date\nC1,Ann,Lee,1980-03-15\n")
    detail = caught.value.detail
    assert "Missing: claim_number or first_service_date, last_name, date_of_birth." in detail
    assert '"Claim Numbr" is near to claim_number.' in detail
    assert '"Surname" is near to last_name.' in detail
    assert '"Birth Date" is near to date_of_birth.' in detail
    assert "claim_number,first_name,last_name,date_of_birth" in detail
    assert {error.pointer for error in caught.value.errors} == {
        "claim_number or first_service_date",
        "last_name",
        "date_of_birth",
    }
    assert any("Claim Numbr" in error.message for error in caught.value.errors)


def test_a_last_service_date_alone_is_no_shape(read: Read) -> None:
    cells = {name: value for name, value in PATIENT.items() if name != "first_service_date"}
    with pytest.raises(HeaderUnknown) as caught:
        read(file(cells))
    assert caught.value.detail.startswith("Missing: first_service_date.")


def test_a_file_without_a_header_is_not_quoted(read: Read) -> None:
    with pytest.raises(NoHeader) as caught:
        read("FE48219076,Margaret,Holloway,1958-03-14\nFE1,Ann,Lee,1980-03-15\n")
    assert "Holloway" not in caught.value.detail


def test_too_many_columns(read: Read) -> None:
    names = [*CLAIM, *(f"extra{n}" for n in range(60))]
    content = ",".join(names) + "\n" + ",".join(["x"] * 64) + "\n"
    assert len(read(content).header) == 64
    with pytest.raises(Malformed) as caught:
        read(",".join([*names, "one_more"]) + "\n")
    assert "65 columns" in caught.value.detail


def test_a_long_header_is_shown_in_part(read: Read) -> None:
    with pytest.raises(HeaderUnknown) as caught:
        read(",".join(f"column_{'abcdefghij'[n // 10]}{'z' * 900}" for n in range(50)) + "\na\n")
    assert "and 30 more" in caught.value.detail
    assert len(caught.value.detail) < 3_000
