"""Where words stand on a page, asked of pdfium in bulk: odd letters, full pages, two columns."""

from collections.abc import Sequence

from app.resumes.reading.pdf import read_pdf
from scripts.bench.resumes import read_text
from scripts.bench.two_columns import pairs_in_order, two_columns
from tests.resumes.papers import Placed, broken_pdf, lines, pdf, stream

# "A" is a letter beyond the sixteen bits that pdfium counts in, "B" is one sign for two letters.
UNICODE = (
    b"begincmap 1 begincodespacerange <00> <FF> endcodespacerange"
    b" 2 beginbfchar <41> <D835DCB3> <42> <00660069> endbfchar endcmap"
)


def mapped(shown: Sequence[tuple[int, int, bytes]]) -> bytes:
    body = b"".join(b"BT /F1 10 Tf 1 0 0 1 %d %d Tm (%s) Tj ET\n" % each for each in shown)
    fonts = b"/Resources << /Font << /F1 5 0 R >> >>"
    return broken_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R %s >>" % fonts,
            stream(body),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
            stream(UNICODE),
        ]
    )


def test_letters_of_two_units_and_signs_of_two_letters_move_no_gap() -> None:
    page = mapped(
        [
            (72, 700, b"A one AA"),
            (300, 700, b"two AA three"),
            (72, 680, b"oBce of words"),
            (400, 680, b"2020 to A today"),
        ]
    )
    assert read_pdf(page).text.splitlines() == [
        "𝒳 one 𝒳𝒳\ttwo 𝒳𝒳 three",
        "ofice of words\t2020 to 𝒳 today",
    ]


def test_a_page_with_more_words_and_letters_than_are_asked_at_once() -> None:
    left = [" ".join(["wordsofletters"] * 20) + f" {number}" for number in range(60)]
    page: list[Placed] = []
    for number, text in enumerate(left):
        page += [(10, 780 - 13 * number, text), (2400, 780 - 13 * number, "far off")]
    read = read_pdf(pdf(page)).text.splitlines()
    assert sum(map(len, read)) > 16 * 1024
    assert read == [f"{text}\tfar off" for text in left]


def test_blanks_that_are_no_single_ones_move_no_gap() -> None:
    page: list[Placed] = [
        *lines("Jane Smith ", " Engineer \xa0 at  Globex", "of the firm"),
        (430, 726, "2019 - 2020"),
    ]
    read = read_pdf(pdf(page)).text.splitlines()
    assert read == ["Jane Smith", "Engineer at Globex\t2019 - 2020", "of the firm"]


def test_invented_pages_of_two_columns_are_read_column_by_column() -> None:
    right = wanted = 0
    for seed in range(1000, 1050):
        page, columns, _ = two_columns(seed)
        found, of = pairs_in_order(read_text(page), columns)
        right, wanted = right + found, wanted + of
    assert right / wanted >= 0.99
