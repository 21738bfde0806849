"""Text files: delimiters, encodings, line ends, quotes, and what is no table at all."""

import codecs
import io
import random
import tempfile
from collections.abc import Callable
from typing import BinaryIO, cast

import pytest

from app.claims.errors import (
    EncodingUnknown,
    FileEmpty,
    Malformed,
    NotATable,
    OptionInvalid,
    TooLarge,
    TooManyRows,
)
from app.claims.tables.options import Limits, ReadOptions, parse_date_order, parse_delimiter
from app.claims.tables.quotes import cut_record
from app.claims.tables.reader import Table, open_table

Read = Callable[..., Table]

HEADER = "claim_number,first_name,last_name,date_of_birth\n"
ROW = "C1,Ann,Lee,1980-03-15\n"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("bom", "codec", "shown"),
    [
        (b"", "utf-8", "utf-8"),
        (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be"),
        (b"", "utf-16-le", "utf-16-le"),
        (b"", "utf-16-be", "utf-16-be"),
        (b"", "cp1252", "cp1252"),
    ],
)
def test_every_dialect(
    read: Read, line_end: str, delimiter: str, bom: bytes, codec: str, shown: str
) -> None:
    lines = [
        "claim_number,first_name,last_name,date_of_birth",
        "C1,Renée,Müller,1980-03-15",
        "C2,José,Ñu,1980-03-16",
    ]
    text = line_end.join(lines).replace(",", delimiter)
    table = read(bom + text.encode(codec))
    assert (table.encoding, table.delimiter, table.row_count) == (shown, delimiter, 2)
    assert [row.first_name for row in table.rows()] == ["Renée", "José"]
    assert [w.code for w in table.warnings] == (["encoding_guessed"] if codec == "cp1252" else [])


def test_an_accent_late_in_the_file_decides_the_encoding(read: Read) -> None:
    many = "".join(f"C{n},Ann,Lee,1980-03-15\n" for n in range(60_000))
    table = read((HEADER + many).encode() + "X,Zoë,Lee,1980-03-15\n".encode("cp1252"))
    assert table.encoding == "cp1252"
    assert table.row_count == 60_001
    assert list(table.rows())[-1].first_name == "Zoë"


def test_the_callers_encoding_is_obeyed(read: Read) -> None:
    content = HEADER.encode() + "C1,Łukasz,Lee,1980-03-15\n".encode("iso8859-2")
    table = read(content, encoding="latin2")
    assert table.encoding == "iso8859-2"
    assert next(table.rows()).first_name == "Łukasz"


def test_a_bom_beats_the_callers_encoding(read: Read) -> None:
    assert (
        read(codecs.BOM_UTF8 + (HEADER + ROW).encode(), encoding="cp1252").encoding == "utf-8-sig"
    )


@pytest.mark.parametrize(
    "name", ["nonsense", "rot13", "zip", "unicode_escape", "idna", "\0", "utf-7", ""]
)
def test_an_encoding_that_is_none(read: Read, name: str) -> None:
    with pytest.raises(EncodingUnknown):
        read(HEADER + ROW, encoding=name)


def test_bytes_that_are_no_text_in_the_encoding(read: Read) -> None:
    bad = HEADER.encode() + b"C1,\x81\x8d,Lee,1980-03-15\n"
    with pytest.raises(EncodingUnknown):
        read(bad)
    with pytest.raises(EncodingUnknown):
        read(HEADER.encode() + "C1,Zoë,Lee,1980-03-15\n".encode("cp1252"), encoding="utf-8")


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
        b"rubbish before it\n%PDF-1.4\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"\x1f\x8b\x08\x00",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
        b"<!DOCTYPE html><html>",
        b'\xef\xbb\xbf<?xml version="1.0"?>',
        b'{"claim_number": "C1"}',
        b'[{"claim_number": "C1"}]',
        b"ISA*00*          *00*",
        b"PK\x05\x06" + bytes(18),
        bytes(range(256)) * 8,
        b"\x00" * 4096,
        random.Random(7).randbytes(5_000),
    ],
)
def test_what_is_no_table(read: Read, content: bytes) -> None:
    with pytest.raises(NotATable):
        read(content)


@pytest.mark.parametrize(
    "content", ["", "\n", "\r\n \r\n,,\n", "\ufeff", HEADER, HEADER + "\n,,,\n  \n"]
)
def test_a_file_without_rows(read: Read, content: str) -> None:
    with pytest.raises(FileEmpty):
        read(content)


def test_blank_lines_are_skipped_and_not_counted(read: Read) -> None:
    table = read("\n\n" + HEADER + "\n \n" + ROW + ",,,\n\r\n" + ROW + "\n\n")
    assert table.row_count == 2
    assert [row.row_no for row in table.rows()] == [1, 2]


def test_quoted_cells_may_hold_anything(read: Read) -> None:
    content = (
        'claim_number,first_name,"last\nname",date_of_birth,note\r\n'
        'C1,"Ann ""Annie""",Lee,1980-03-15,"a, b\r\nc\n\nd"\r\n'
        'C2,5" nail,Lee,1980-03-15,\r\n'
    )
    first, second = read(content).rows()
    assert first.first_name == 'Ann "Annie"'
    assert first.cells[4] == "a, b\r\nc\n\nd"
    assert second.first_name == '5" nail'


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (ROW + 'C2,"Ann,Lee,1980-03-15\n' + ROW, 3),
        (ROW + 'C2,"Ann" ,Lee,1980-03-15\n' + ROW, 3),
        ('C2,"Ann,Lee,1980-03-15\n' + ROW + 'C3,"Bo",Lee,1980-03-15\n', 2),
        ('C2,"two\nlines","broken\n' + ROW, 3),
        ('C2,"Ann,Lee,1980-03-15\n' + ROW * 20_000, 2),
        ('C2,"two\nlines","broken\n' + ROW * 20_000, 3),
    ],
    ids=["unclosed", "text behind", "closed by another", "second quote", "huge", "huge second"],
)
def test_a_broken_quote_is_refused_with_its_line(read: Read, body: str, line: int) -> None:
    with pytest.raises(Malformed) as caught:
        read(HEADER + body)
    assert f"opens on line {line} " in caught.value.detail


@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("length", [32_001, 131_073, 2_000_000])
def test_a_long_cell_fails_alone(read: Read, quoted: bool, length: int) -> None:
    cell = "x" * length
    long = f'C2,Ann,Lee,1980-03-15,"{cell}"\n' if quoted else f"C2,Ann,Lee,1980-03-15,{cell}\n"
    short = "C1,Ann,Lee,1980-03-15,\n"
    table = read(HEADER.replace("\n", ",note\n") + short + long + short)
    faults = [row.fault for row in table.rows()]
    assert faults[0] is None
    assert faults[2] is None
    assert faults[1] is not None
    assert (faults[1].code, faults[1].field) == ("row.field_too_long", "note")


def test_rows_of_long_cells_do_not_pile_up_in_one_batch(read: Read) -> None:
    line = f"C1,Ann,Lee,1980-03-15,{'x' * 150_000}\n"
    table = read(HEADER.replace("\n", ",note\n") + line * 30)
    assert table.row_count == 30
    assert max(len(batch) for batch in table.batches()) <= 2
    assert [row.row_no for row in table.rows()] == list(range(1, 31))


def test_a_line_without_end_is_refused(read: Read) -> None:
    with pytest.raises(Malformed):
        read(HEADER + "x" * (9 * 2**20))


def test_limits_of_size_and_rows(read: Read) -> None:
    with pytest.raises(TooLarge):
        read(HEADER + ROW, limits=Limits(bytes=40))
    assert read(HEADER + ROW * 3, limits=Limits(rows=3)).row_count == 3
    with pytest.raises(TooManyRows):
        read(HEADER + ROW * 4, limits=Limits(rows=3))


def test_the_callers_delimiter_is_obeyed(read: Read) -> None:
    table = read(
        "claim_number;first_name;last_name;date_of_birth;a,b\nC1;Ann;Lee;1980-03-15;x\n",
        delimiter=";",
    )
    assert table.header[-1] == "a,b"


def test_commas_in_names_do_not_choose_the_delimiter(read: Read) -> None:
    table = read(
        "claim_number;first_name;last_name;date_of_birth;a, b, c, d, e\nC1;Ann;Lee;1980-03-15;1, 2, 3\n"
    )
    assert table.delimiter == ";"


def test_options_in_words() -> None:
    assert [parse_delimiter(word) for word in (None, "", "auto", "comma", "TAB", "\t", "|")] == [
        None,
        None,
        None,
        ",",
        "\t",
        "\t",
        "|",
    ]
    assert parse_date_order(None) == "auto"
    assert parse_date_order("DMY") == "dmy"
    with pytest.raises(OptionInvalid):
        parse_delimiter("x")
    with pytest.raises(OptionInvalid):
        parse_date_order("ydm")


def test_a_spooled_file_is_read_and_left_open() -> None:
    with tempfile.SpooledTemporaryFile(max_size=10) as spooled:
        spooled.write((HEADER + ROW * 5_000).encode())
        table = open_table(cast(BinaryIO, spooled), filename="x.csv", options=ReadOptions())
        assert sum(1 for _ in table.rows()) == 5_000
        assert sum(len(batch) for batch in table.batches()) == 5_000
        assert not spooled.closed


def test_an_abandoned_iteration_does_not_spoil_the_next() -> None:
    file = io.BytesIO((HEADER + ROW * 5_000).encode())
    table = open_table(file, filename="x.csv", options=ReadOptions())
    rows = table.rows()
    next(rows)
    del rows
    assert sum(1 for _ in table.rows()) == 5_000


def test_records_are_cut_as_the_csv_module_cuts_them() -> None:
    assert cut_record('a,"b,""c""",,d\r\nnext', ",") == (["a", 'b,"c"', "", "d"], None)
    assert cut_record('a,b|"c\nd"|', "|") == (["a,b", "c\nd", ""], None)
    assert cut_record('a,"b', ",").broken_at == 2
    assert cut_record('"a"b', ",").broken_at == 0
