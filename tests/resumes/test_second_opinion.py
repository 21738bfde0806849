"""pdfminer.six reads where pdfium opens nothing, finds hardly a letter or cannot map the fonts."""

import pytest

from app.resumes.reading import reader
from app.resumes.reading.results import CannotRead, FailureCode, Limits, Reading, Unreadable
from tests.resumes.papers import lines, pdf

PAGE = pdf(lines("Jane Smith", "jane@example.com", "Engineer at Globex", "since May 2019 in Leeds"))
ICONS = "\ue001\ue002 " * 30


def pdfium_says(patch: pytest.MonkeyPatch, answer: str | FailureCode) -> None:
    """A text, or why there is none."""

    def read_pdf(_content: bytes, _limits: Limits) -> Reading:
        if answer.startswith("resume."):
            raise CannotRead(answer)  # type: ignore[arg-type]
        return Reading(kind="pdf", text=answer, reader="pdfium", pages=7)

    patch.setattr(reader, "read_pdf", read_pdf)


@pytest.mark.parametrize("first", ["resume.damaged", "J S", ICONS], ids=["closed", "few", "icons"])
def test_what_pdfium_does_not_read_pdfminer_does(
    monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    pdfium_says(monkeypatch, first)
    found = reader.read(PAGE)
    assert isinstance(found, Reading)
    assert (found.reader, found.pages) == ("pdfminer", 1 if first == "resume.damaged" else 7)
    assert found.text.split("\n")[0] == "Jane Smith"
    assert "Engineer at Globex" in found.text


def test_what_pdfium_reads_well_is_not_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_content: bytes, _limits: Limits) -> Reading:
        raise AssertionError

    monkeypatch.setattr(reader, "read_with_pdfminer", never)
    found = reader.read(PAGE)
    assert isinstance(found, Reading)
    assert found.reader == "pdfium"


@pytest.mark.parametrize("content", [PAGE[:200], b"%PDF-1.7"], ids=["cut off", "only a head"])
def test_a_second_opinion_that_is_no_better_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    pdfium_says(monkeypatch, "Jane")
    found = reader.read(content)
    assert isinstance(found, Reading)
    assert (found.reader, found.text) == ("pdfium", "Jane")


@pytest.mark.parametrize("code", ["resume.encrypted", "resume.no_text_layer"])
def test_what_pdfium_is_sure_of_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, code: FailureCode
) -> None:
    pdfium_says(monkeypatch, code)
    found = reader.read(PAGE)
    assert isinstance(found, Unreadable)
    assert found.code == code
