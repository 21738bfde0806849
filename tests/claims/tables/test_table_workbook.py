"""Workbooks: written by hand as zip and XML, so that hostile ones can be made too."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from datetime import date

import pytest

from app.claims.errors import FileEmpty, HeaderUnknown, NotATable, TooLarge
from app.claims.tables.options import Limits
from app.claims.tables.reader import Table

Read = Callable[..., Table]

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
HEADER = ["Claim Number", "First Name", "Last Name", "DOB"]


def cell(value: object) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    if isinstance(value, date):
        return f'<c s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
    return f'<c t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


def sheet(rows: Sequence[Sequence[object]]) -> str:
    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    return f'{DECLARATION}<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'


def parts(*sheets: str, flags: str = "", hidden: int | None = None) -> dict[str, str]:
    ids = range(1, len(sheets) + 1)
    states = ['state="hidden"' if n == hidden else "" for n in ids]
    names = "".join(f'<sheet name="S{n}" sheetId="{n}" {states[n - 1]} r:id="r{n}"/>' for n in ids)
    links = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n in ids
    )
    return {
        "_rels/.rels": f'{DECLARATION}<Relationships xmlns="{PACKAGE}"><Relationship Id="r" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{DECLARATION}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
        f"<workbookPr {flags}/><sheets>{names}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{DECLARATION}<Relationships xmlns="{PACKAGE}">{links}'
        f'<Relationship Id="st" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'{DECLARATION}<styleSheet xmlns="{MAIN}"><cellXfs count="2">'
        '<xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
        **{f"xl/worksheets/s{n}.xml": text for n, text in zip(ids, sheets, strict=True)},
    }


def packed(members: dict[str, str], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return out.getvalue()


def workbook(*rows: Sequence[object]) -> bytes:
    return packed(parts(sheet(rows)))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_every_kind_of_value_is_text(read: Read, method: int) -> None:
    content = packed(
        parts(
            sheet(
                [
                    [*HEADER, "note"],
                    [123456789012, "Ann", "Lee", date(1980, 3, 15), 1.5],
                    ["007", "Zoë", "Lee", "03/15/1980", True],
                ]
            )
        ),
        method=method,
    )
    table = read(content, filename="claims.xlsx")
    assert (table.format, table.encoding, table.delimiter) == ("xlsx", "utf-8", "")
    assert table.columns["date_of_birth"] == "DOB"
    first, second = table.rows()
    assert first.cells == ("123456789012", "Ann", "Lee", "1980-03-15", "1.5")
    assert second.cells == ("007", "Zoë", "Lee", "03/15/1980", "TRUE")
    assert first.date_of_birth == second.date_of_birth == date(1980, 3, 15)
    assert first.fault is second.fault is None


def test_the_content_decides_and_not_the_name(read: Read) -> None:
    assert (
        read(workbook(HEADER, ["C1", "Ann", "Lee", "1980-03-15"]), filename="x.csv").format
        == "xlsx"
    )


def test_a_bare_number_in_a_date_column_is_a_day(read: Read) -> None:
    table = read(
        workbook(
            [*HEADER, "n"], ["C1", "Ann", "Lee", 29295, 29295], ["C2", "Bo", "Lee", 29295.75, 1]
        )
    )
    first, second = table.rows()
    assert first.date_of_birth == second.date_of_birth == date(1980, 3, 15)
    assert first.cells == ("C1", "Ann", "Lee", "1980-03-15", "29295")


def test_the_calendar_that_begins_in_1904(read: Read) -> None:
    rows: list[list[object]] = [list(HEADER), ["C1", "Ann", "Lee", 27833]]
    (row,) = read(packed(parts(sheet(rows), flags='date1904="1"'))).rows()
    assert row.date_of_birth == date(1980, 3, 15)


def test_a_serial_is_no_date_in_a_text_file(read: Read) -> None:
    (row,) = read("claim_number,first_name,last_name,dob\nC1,Ann,Lee,29295\n").rows()
    assert row.fault is not None
    assert row.fault.code == "row.bad_date"


def test_blank_rows_short_rows_and_stray_cells(read: Read) -> None:
    table = read(
        workbook(
            [],
            [*HEADER, None, None],
            [None, None],
            ["C1", "Ann", "Lee"],
            ["C2", "Ann", "Lee", "1980-03-15", None, " "],
            ["C3", "Ann", "Lee", "1980-03-15", "stray"],
        )
    )
    assert table.header == tuple(HEADER)
    assert [row.fault and row.fault.code for row in table.rows()] == [
        "row.missing_field",
        None,
        "row.column_count",
    ]


def test_the_first_sheet_that_is_shown_and_filled(read: Read) -> None:
    data = sheet([list(HEADER), ["C1", "Ann", "Lee", "1980-03-15"]])
    other = sheet([["something", "else"]])
    table = read(packed(parts(other, sheet([]), data, other, hidden=1)))
    assert table.row_count == 1
    assert [w.code for w in table.warnings] == ["first_sheet_only"]
    assert "2 sheets" in table.warnings[0].message


def test_a_workbook_without_cells(read: Read) -> None:
    with pytest.raises(FileEmpty):
        read(packed(parts(sheet([]))))
    with pytest.raises(FileEmpty):
        read(workbook(list(HEADER)))


def test_a_workbook_with_another_header(read: Read) -> None:
    with pytest.raises(HeaderUnknown):
        read(workbook(["name", "city"], ["Ann", "Rome"]))


@pytest.mark.parametrize(
    "members",
    [
        {"word/document.xml": "<w/>"},
        {"xl/workbook.bin": "x"},
        {"xl/workbook.xml": "no xml at all <"},
        {"xl/workbook.xml": "<workbook/>", "../evil": "x"},
        {"xl/workbook.xml": "<workbook/>", "/etc/evil": "x"},
        {"xl/workbook.xml": "<workbook/>", "a\\evil": "x"},
        parts(sheet([])) | {"xl/styles.xml": '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'},
    ],
)
def test_archives_that_are_no_workbook(read: Read, members: dict[str, str]) -> None:
    with pytest.raises(NotATable):
        read(packed(members))


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
def test_a_cut_workbook(read: Read, keep: float) -> None:
    whole = workbook(list(HEADER), *(["C1", "Ann", "Lee", "1980-03-15"] for _ in range(50)))
    with pytest.raises(NotATable):
        read(whole[: int(len(whole) * keep)])


def test_two_far_cells_do_not_end_the_process(read: Read) -> None:
    body = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    content = packed(parts(f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'))
    with pytest.raises(TooLarge):
        read(content)


def test_limits_of_what_is_packed(read: Read) -> None:
    content = workbook(
        list(HEADER), *([f"C{n}", "Ann", "Lee", "1980-03-15"] for n in range(20_000))
    )
    assert read(content).row_count == 20_000
    for limits in (
        Limits(workbook_part_bytes=10_000),
        Limits(workbook_bytes=10_000),
        Limits(workbook_ratio=2),
        Limits(workbook_entries=3),
    ):
        with pytest.raises(TooLarge):
            read(content, limits=limits)


def test_a_directory_that_lies_about_a_size(read: Read) -> None:
    members = parts(sheet([list(HEADER), ["C1", "Ann", "Lee", "1980-03-15"]]))
    honest = packed(members)
    name = b"xl/worksheets/s1.xml"
    entry = honest.rindex(name) - 46
    lying = bytearray(honest)
    struct.pack_into("<L", lying, entry + 24, 10)
    assert read(honest).row_count == 1
    with pytest.raises(NotATable):
        read(bytes(lying))


def test_a_name_given_twice(read: Read) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts(sheet([list(HEADER)])).items():
            archive.writestr(name, text)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(NotATable):
        read(out.getvalue())


def test_a_huge_directory_is_not_even_read(read: Read) -> None:
    end = b"PK\x05\x06" + struct.pack("<4x2H2LH", 65_535, 65_535, 90_000_000, 0, 0)
    with pytest.raises(TooLarge):
        read(b"PK\x03\x04" + zlib.compress(b"x") + end)
