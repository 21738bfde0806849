"""Bytes to text: order, kinds, encodings, and the reason where there is none."""

import io
import struct
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.resumes.reading.normalise import normalise
from app.resumes.reading.reader import read
from app.resumes.reading.results import Limits, Reading, Unreadable
from tests.resumes.papers import WORD, docx, lines, paragraph, pdf

LEFT = ("SKILLS", "Python", "Docker", "Kubernetes", "SQL", "EDUCATION", "State University")
RIGHT = (
    "EXPERIENCE",
    "Engineer at Globex Corporation",
    "Built the billing platform of the firm",
    "Kept three services running all night",
    "Analyst at Initech",
    "Wrote the weekly report for the board",
    "Moved the archive to another city",
)


def text_of(content: bytes) -> str:
    reading = read(content)
    assert isinstance(reading, Reading), reading
    return reading.text


def code_of(content: bytes, limits: Limits | None = None) -> str:
    failure = read(content, limits or Limits())
    assert isinstance(failure, Unreadable), failure
    assert failure.message
    assert failure.hint
    return failure.code


def test_a_pdf_gives_text_pages_date_and_reader() -> None:
    reading = read(
        pdf(lines("Jane Smith", "jane@example.com and a line of words"), lines("Second page of it"))
    )
    assert isinstance(reading, Reading)
    assert (reading.pages, reading.reader, reading.kind) == (2, "pdfium", "pdf")
    assert reading.document_date == date(2024, 6, 15)
    assert reading.text.splitlines()[0] == "Jane Smith"
    assert "Second page of it" in reading.text


def test_what_stands_far_right_on_a_line_is_a_cell_of_its_own() -> None:
    page = [
        (72, 700, "Software Engineer"),
        (430, 700, "Jan 2020 - Present"),
        *lines("A line of text below it", top=680),
    ]
    assert "Software Engineer\tJan 2020 - Present" in text_of(pdf(page))


def test_columns_drawn_row_by_row_are_read_one_after_the_other() -> None:
    page = []
    for at, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
        page += [(60, 700 - 15 * at, left), (240, 700 - 15 * at, right)]
    text = text_of(pdf(page))
    assert [line for line in text.splitlines() if line in LEFT] == list(LEFT)
    assert text.index(LEFT[-1]) < text.index(RIGHT[0])
    assert text.endswith(RIGHT[-1])


def test_columns_drawn_one_after_the_other_stay_as_they_are() -> None:
    page = [*lines(*LEFT, left=60), *lines(*RIGHT, left=240)]
    assert text_of(pdf(page)).splitlines() == [*LEFT, *RIGHT]


def test_dates_drawn_last_go_back_to_their_line() -> None:
    page = [
        *lines("Engineer, Globex", "Built the platform", "Analyst, Initech", "Wrote reports"),
        (430, 740, "Jan 2020 - Present"),
        (430, 712, "2018 - 2020"),
    ]
    assert text_of(pdf(page)).splitlines() == [
        "Engineer, Globex\tJan 2020 - Present",
        "Built the platform",
        "Analyst, Initech\t2018 - 2020",
        "Wrote reports",
    ]


def test_a_date_of_the_sidebar_stays_there() -> None:
    side = [*LEFT, "2010 - 2014"]
    main = [*RIGHT, "Kept the whole of it running"]
    page = [*lines(*main, left=40), *lines(*side, left=400)]
    assert text_of(pdf(page)).splitlines() == [*main, *side]


def test_a_column_goes_on_over_the_page_before_the_next_column_begins() -> None:
    first = [*lines(*RIGHT, left=40), *lines(*LEFT, left=400)]
    second = lines("Filed the archive in a new order", "REFERENCES", left=40)
    third = lines("EDUCATION", "A new page of its own", left=40)
    reading = read(pdf(first, second, third))
    assert isinstance(reading, Reading)
    assert reading.text.splitlines() == [
        *RIGHT,
        "Filed the archive in a new order",
        "REFERENCES",
        *LEFT,
        "EDUCATION",
        "A new page of its own",
    ]
    assert reading.cautions == ("layout.reordered",)


@pytest.mark.parametrize("by_rows", [True, False])
def test_a_date_that_a_narrow_cell_broke_is_made_whole(by_rows: bool) -> None:
    cells = [(72, 740, "Docent, Community Heritage"), (72, 726, "Museum")]
    dates = [(430, 740, "May 2023 - June"), (430, 726, "2024")]
    mixed = [cells[0], dates[0], cells[1], dates[1]]
    page = [*(mixed if by_rows else [*cells, *dates]), (72, 712, "Led guests through it")]
    assert text_of(pdf(page)).splitlines() == [
        "Docent, Community Heritage Museum\tMay 2023 - June 2024",
        "Led guests through it",
    ]


def test_letters_set_apart_make_words() -> None:
    letters = [(72 + 12 * at, 740, letter) for at, letter in enumerate("JANE")]
    letters += [(140 + 12 * at, 740, letter) for at, letter in enumerate("SMITH")]
    assert text_of(pdf([*letters, *lines("A line of other words", top=700)])).startswith(
        "JANE SMITH"
    )


def test_more_pages_than_wanted_are_cut_and_said() -> None:
    reading = read(
        pdf(*[lines(f"Page number {at} of many words") for at in range(3)]), Limits(pages=2)
    )
    assert isinstance(reading, Reading)
    assert reading.cautions == ("pages.cut",)
    assert "number 2" not in reading.text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.4\nnothing", "resume.damaged"),
        (b"<html>%PDF-1.4 no</html>", "resume.damaged"),
        (pdf([]), "resume.no_text"),
        (b"", "resume.no_text"),
        (b" \n\t ", "resume.no_text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "resume.type_not_supported"),
        (b"<!DOCTYPE html><p>Jane</p>", "resume.type_not_supported"),
        (b"{\\rtf1 Jane}", "resume.type_not_supported"),
        (b"PK\x03\x04 some other archive", "resume.type_not_supported"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old Word file", "resume.type_not_supported"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "resume.encrypted",
        ),
        (b"PK\x03\x04 word/document.xml cut off", "resume.damaged"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, code: str) -> None:
    assert code_of(content) == code


def test_a_document_gives_paragraphs_tables_boxes_headers_and_lists() -> None:
    bullet = "<w:pPr><w:numPr/></w:pPr>"
    box = f"<w:p><w:r><w:t>Beside</w:t><w:pict><w:txbxContent>{paragraph('In a box')}</w:txbxContent></w:pict></w:r></w:p>"
    row = (
        f"<w:tr><w:tc>{paragraph('Engineer')}</w:tc><w:tc>{paragraph('2020 - 2022')}</w:tc></w:tr>"
    )
    wide = f"<w:tr><w:tc>{paragraph('One')}{paragraph('Two')}</w:tc><w:tc>{paragraph('Three')}</w:tc></w:tr>"
    body = paragraph("Jane") + paragraph("Led a team", bullet) + box + f"<w:tbl>{row}{wide}</w:tbl>"
    header = f'<w:hdr xmlns:w="{WORD}">{paragraph("jane@example.com")}</w:hdr>'
    text = text_of(docx(body, {"word/header1.xml": header, "word/header2.xml": header}))
    assert text.splitlines() == [
        "jane@example.com",
        "Jane",
        "• Led a team",
        "Beside",
        "In a box",
        "Engineer\t2020 - 2022",
        "One",
        "Two",
        "Three",
    ]


def test_a_document_says_its_date_and_pages_and_links() -> None:
    parts = {
        "docProps/core.xml": "<p xmlns:t='t'><t:modified>2023-05-01T08:00:00Z</t:modified></p>",
        "docProps/app.xml": "<p><Pages>3</Pages></p>",
        "word/_rels/document.xml.rels": '<r><x TargetMode="External" Target="https://example.com/jane"/><x TargetMode="External" Target="file:///etc/passwd"/></r>',
    }
    reading = read(docx(paragraph("Jane Smith"), parts))
    assert isinstance(reading, Reading)
    assert (reading.document_date, reading.pages) == (date(2023, 5, 1), 3)
    assert reading.links == ("https://example.com/jane",)


def test_text_for_old_programs_and_deleted_text_is_left_out() -> None:
    compatible = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    body = f'<w:p><w:r><w:t>Once</w:t></w:r><m:Fallback xmlns:m="{compatible}"><w:r><w:t>Twice</w:t></w:r></m:Fallback><w:del><w:r><w:delText>Gone</w:delText></w:r></w:del></w:p>'
    assert text_of(docx(body)) == "Once"


def renamed(content: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    return content.replace(old, new)


def lying() -> bytes:
    content = bytearray(docx(paragraph("a" * 5000)))
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<L", 10)
    return bytes(content)


def twice() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("word/document.xml", "<b/>")
    return out.getvalue()


def declared() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lying(), "resume.damaged"),
        (declared(), "resume.damaged"),
        (docx("<w:p>" * 300 + "</w:p>" * 300), "resume.damaged"),
        (docx("<w:p>"), "resume.damaged"),
        (renamed(docx("", {"word/ab.xml": "x"}), b"word/ab.xml", b"../../b.xml"), "resume.damaged"),
        (docx("<w:p/>" * 400_000), "resume.too_large"),
        (docx("", {"docProps/core.xml": "x"}), "resume.no_text"),
    ],
    ids=["lies", "entities", "deep", "unclosed", "climbs", "swells", "empty"],
)
def test_hostile_documents_end_in_a_word(content: bytes, code: str) -> None:
    assert code_of(content) == code


def test_a_part_that_is_there_twice_is_refused() -> None:
    assert code_of(twice()) == "resume.damaged"


def test_too_many_entries_elements_and_bytes_are_refused() -> None:
    content = docx(paragraph("Jane"), {f"word/{at}.xml": "x" for at in range(9)})
    assert code_of(content, Limits(archive_entries=5)) == "resume.too_large"
    assert code_of(content, Limits(archive_part_bytes=20)) == "resume.too_large"
    assert code_of(docx(paragraph("Jane") * 9), Limits(xml_elements=20)) == "resume.too_large"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman", "cp850"],
)
def test_plain_text_in_any_encoding(encoding: str) -> None:
    text = "Éloïse Lefèvre, ingénieure à Besançon\nDéveloppé des systèmes où tout était prévu"
    assert text_of(text.encode(encoding)) == text


def test_blanks_in_a_row_part_the_columns_of_plain_text() -> None:
    assert text_of(b"Line Cook        Aug 2020 - Current\n  The  Optimist") == (
        "Line Cook\tAug 2020 - Current\nThe Optimist"
    )


def test_form_feeds_count_pages_of_plain_text() -> None:
    reading = read(b"Jane\fSmith")
    assert isinstance(reading, Reading)
    assert (reading.pages, reading.text) == (2, "Jane\nSmith")


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_normal_text_has_no_controls_and_stays_as_it_is(text: str) -> None:
    once = normalise(text, 10_000)
    assert normalise(once, 10_000) == once
    assert not any(letter < " " and letter not in "\n\t" for letter in once)
    once.encode("utf-8")


@given(st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_any_bytes_end_in_a_text_or_a_word(content: bytes) -> None:
    assert isinstance(read(content), Reading | Unreadable)
