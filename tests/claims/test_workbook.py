"""Workbooks: another program reads what was meant, whatever the cells hold."""

import io
import zipfile
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from app.claims.workbook import WorkbookWriter

HEADER = ("row", "name")


def sheets(content: bytes) -> list[list[list[object]]]:
    """The cells of each sheet, as calamine reads them."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [
        [list(row) for row in book.get_sheet_by_name(name).to_python()] for name in book.sheet_names
    ]


def written(lines: list[tuple[str, ...]], **options: int) -> bytes:
    """A whole workbook."""
    writer = WorkbookWriter(HEADER, numbers=(0,), **options)
    return writer.write(lines) + writer.close()


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("1", 1.0),
        ("-20.50", -20.5),
        ("0", 0.0),
        ("007", "007"),
        ("1e5", "1e5"),
        ("1.", "1."),
        ("", ""),
        ("nan", "nan"),
        ("123456789012345678", "123456789012345678"),
        ("１", "１"),
    ],
)
def test_what_is_a_number(cell: str, read: object) -> None:
    ((_, first),) = sheets(written([(cell, cell or "x")]))
    assert first == [read, cell or "x"]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_every_text_is_well_formed_xml(text: str) -> None:
    content = written([("1", text)])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - our own.
    found = [node.text for node in sheet.iter() if node.tag.endswith("}t")]
    assert len(found) == 3
    if text.isprintable() and "_x" not in text:
        assert found[-1] == text


def test_formulas_markup_and_escapes_stay_text() -> None:
    cells = ["=1+1", "<b>&amp;\"'", " spaced ", "tab\tand\nline", "_x0041_", "\x07bell", "😀"]
    content = written([("1", cell) for cell in cells])
    (lines,) = sheets(content)
    assert lines[0] == list(HEADER)
    shown = [line[1] for line in lines[1:]]
    assert shown[:4] == cells[:4]
    assert shown[-1] == cells[-1]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "_x005F_x0041_" in xml
    assert "_x0007_bell" in xml
    assert "<f>" not in xml


def test_a_cell_longer_than_excel_takes_is_cut() -> None:
    ((_, line),) = sheets(written([("1", "x" * 40_000)]))
    assert line[1] == "x" * 32_767


def test_what_is_too_much_for_a_sheet_goes_on_in_another() -> None:
    writer = WorkbookWriter(HEADER, sheet_lines=4)
    content = b"".join([*(writer.write([(str(n), "x")]) for n in range(7)), writer.close()])
    found = sheets(content)
    assert [len(lines) for lines in found] == [4, 4, 2]
    assert all(lines[0] == list(HEADER) for lines in found)
    assert [line[0] for lines in found for line in lines[1:]] == [str(n) for n in range(7)]


def test_a_workbook_without_rows() -> None:
    assert sheets(written([])) == [[list(HEADER)]]


def test_nothing_is_kept_back() -> None:
    """Writing gives bytes as it goes: memory stays flat, and little is left for the end."""
    writer = WorkbookWriter(HEADER)
    sent = 0
    for at in range(0, 100_000, 1_000):
        sent += len(writer.write((str(n), f"{n * 7919:x}") for n in range(at, at + 1_000)))
    assert len(writer.close()) < sent / 10
    assert writer.close() == b""
