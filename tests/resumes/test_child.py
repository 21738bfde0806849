"""Hostile files in the child process: each ends in a word, and the worker stays as it was."""

import io
import resource
import stat
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import msgspec
import pytest

from app.core.sandbox import Died, Limits, Sandbox
from app.resumes.reading.readers import Outcome, Readers, tesseract
from app.resumes.reading.recognition import recognise
from app.resumes.reading.results import Reading, Unreadable
from app.resumes.understanding.understand import understand
from tests.resumes.papers import (
    WORD,
    broken_pdf,
    docx,
    lines,
    one_page,
    paragraph,
    pdf,
    scanned,
)

PAGE = lines("Jane Smith", "jane.smith@example.com", "Engineer at Globex since 2019", "Python, SQL")
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R >>"
LOCKED = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<00> <00>]" % (
    b"41" * 32,
    b"42" * 32,
)
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


def laughing() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", f'{LAUGHS}<w:p xmlns:w="{WORD}">&c;</w:p>')
    return out.getvalue()


HOSTILE = {
    "a password": (pdf(PAGE).replace(b"trailer\n<<", b"trailer\n<< " + LOCKED), "resume.encrypted"),
    "cut off": (pdf(PAGE)[:120], "resume.damaged"),
    "only a head": (b"%PDF-1.7\n", "resume.damaged"),
    "a web page": (b"%PDF-1.4\n<html><body>Jane</body></html>", "resume.damaged"),
    "pictures": (scanned(pdf(PAGE)), "resume.no_text_layer"),
    "pages in a circle": (broken_pdf([CATALOGUE, PAGES.replace(b"3", b"2")]), "resume.no_text"),
    "nothing there": (pdf([]), "resume.no_text"),
    "a zip bomb": (docx("<w:p/>" + " " * 40_000_000), "resume.too_large"),
    "entities": (laughing(), "resume.damaged"),
    "a deep document": (docx("<w:p>" * 5_000 + "</w:p>" * 5_000), "resume.damaged"),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(64), "resume.type_not_supported"),
}


@pytest.fixture(scope="module")
def readers() -> Readers:
    return Readers()


@pytest.mark.parametrize(("content", "code"), HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_file_ends_in_a_word(readers: Readers, content: bytes, code: str) -> None:
    found = await readers.read(content)
    assert isinstance(found, Unreadable), found
    assert found.code == code
    assert found.message
    assert found.hint


@pytest.mark.parametrize(
    "content",
    [
        pdf(PAGE).replace(b"xref\n0 6", b"xref\n0 99999"),
        pdf(PAGE).replace(b"startxref\n", b"startxref\n9"),
        pdf(PAGE)[:-20],
        b"some bytes of a mail\n" + pdf(PAGE),
        pdf(PAGE) + docx(paragraph("Somebody else")),
    ],
    ids=["entries", "start", "tail", "head", "two kinds"],
)
async def test_a_damaged_file_that_can_be_mended_is_read(readers: Readers, content: bytes) -> None:
    found = await readers.read(content)
    assert isinstance(found, Reading), found
    assert "Engineer at Globex since 2019" in found.text
    assert "Somebody" not in found.text


SMALL = Limits(memory_bytes=256 * 1024 * 1024, cpu_seconds=1, wall_seconds=60)


def swells() -> bytes:
    zeros = zlib.compress(bytes(400_000_000), 1)
    return one_page(zlib.compress(zeros, 9), b"/Filter [/FlateDecode /FlateDecode]")


def loops() -> bytes:
    return broken_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"2 0 R"])


def many() -> bytes:
    return one_page(b"BT /F1 1 Tf " + b"(x) Tj " * 3_000_000 + b" ET")


@pytest.mark.parametrize("make", [swells, loops, many])
async def test_what_takes_too_much_takes_only_the_child_with_it(
    make: Callable[[], bytes],
) -> None:
    content = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sandbox = Sandbox("app.resumes.reading.child:read_in_child", limits=SMALL)
    # Died, unless the reader itself saw that it is too much.
    with suppress(Died):
        said = msgspec.msgpack.decode(await sandbox.run(content), type=Outcome)
        assert said.unreadable is not None
    # In kilobytes: the file itself passes through, what it swells to does not.
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 3 * len(content) // 1024 + 20_000


async def test_a_death_is_told_as_a_word(readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    async def die(*_: object) -> bytes:
        raise Died("memory")

    monkeypatch.setattr(Sandbox, "run", die)
    found = await readers.read(b"")
    assert isinstance(found, Unreadable)
    assert found.code == "resume.too_demanding"


async def test_many_files_leave_the_worker_as_small_as_it_was(readers: Readers) -> None:
    content = pdf(*[PAGE] * 20, dated="D:20200229")
    first = await readers.read(content)
    assert isinstance(first, Reading)
    assert (first.pages, first.document_date) == (20, date(2020, 2, 29))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(10):
        assert await readers.read(content) == first
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 5_000


def stub(folder: Path, script: str) -> Path:
    program = folder / "tesseract"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    return folder


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            '[ "$1" = --list-langs ] && echo fra && exit; cat > /dev/null; echo "Jane $4"',
            "Jane fra",
        ),
        ("cat > /dev/null", "resume.no_text_layer"),
        ("exit 1", "resume.damaged"),
    ],
    ids=["text", "none", "fails"],
)
def test_scanned_pages_go_through_tesseract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, expected: str
) -> None:
    monkeypatch.setenv("PATH", str(stub(tmp_path, script)), prepend=":")
    found = recognise(HOSTILE["pictures"][0])
    if isinstance(found, Reading):
        assert (found.text, found.reader, found.cautions) == (
            expected,
            "tesseract",
            ("text.recognized",),
        )
    else:
        assert found.code == expected


def test_without_tesseract_scanned_pages_have_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tesseract() is None
    found = recognise(HOSTILE["pictures"][0])
    assert isinstance(found, Unreadable)
    assert found.code == "resume.no_text_layer"


@pytest.mark.skipif(tesseract() is None, reason="tesseract is not installed")
async def test_a_scanned_page_is_read_by_the_real_program(readers: Readers) -> None:
    found = await readers.recognise(HOSTILE["pictures"][0])
    assert isinstance(found, Reading), found
    assert "Engineer at Globex since 2019" in found.text
    assert understand(found.text).contact.email == "jane.smith@example.com"
