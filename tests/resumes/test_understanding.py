"""Text to fields: whole résumés in two languages, and what always holds."""

from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.resumes.understanding.understand import understand
from app.resumes.understanding.values import Experience, Understanding

ANNOTATED = sorted((Path(__file__).parent / "annotated").glob("*.txt"))
TODAY = date(2024, 6, 15)


@pytest.mark.parametrize("path", ANNOTATED, ids=lambda path: path.stem)
def test_a_whole_resume_is_read_as_a_person_reads_it(path: Path) -> None:
    truth = msgspec.json.decode(path.with_suffix(".truth.json").read_bytes())
    seen = understand(path.read_text(encoding="utf-8"), document_date=TODAY)
    assert seen.language == truth["language"]
    assert (seen.contact.name, seen.contact.email) == (
        truth["contact"]["full_name"],
        truth["contact"]["email"],
    )
    assert seen.contact.phone == truth["contact"]["phone"]
    assert [(post.title, post.company) for post in seen.experience] == [
        (post["title"], post["company"]) for post in truth["experience"]
    ]
    assert [(each.degree, each.institution) for each in seen.education] == [
        (each["degree"], each["institution"]) for each in truth["education"]
    ]
    names = [skill.name for skill in seen.skills if skill.listed and skill.category != "language"]
    assert names == truth["skills"]


def squeezed(text: str) -> str:
    return "".join(text.split())


def values_of(seen: Understanding) -> list[str | None]:
    out: list[str | None] = [
        seen.contact.name,
        seen.contact.email,
        seen.contact.phone,
        *seen.contact.links,
    ]
    for post in seen.experience:
        out += [post.title, post.company, post.location, post.description]
    for each in seen.education:
        out += [each.degree, each.institution, each.field]
    return [*out, *(skill.name for skill in seen.skills)]


WORDS = st.sampled_from(
    [
        "Experience",
        "Education",
        "Skills",
        "Engineer, Globex",
        "Jan 2020 - Present",
        "2019 – 2020",
        "• Built it with Docker",
        "Jane Smith",
        "jane@",
        "example.com",
        "jane@example.com",
        "B.S. in Physics",
        "State University",
        "Python, Go (basic), C++",
        "at",
        "|",
        "\t",
        "(",
        ")",
        ",",
        ":",
        "—",
        "(312) 555-0123",
        "http://x.io/a",
        "Compétences :",
        "Langues",
        "anglais C1",
        "Paris",
        "20XX - now",
        "\n",
        "\n\n",
        "é",
        "𝒳",
        ".",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(WORDS, max_size=40).map(" ".join),
    st.lists(WORDS, max_size=40).map("\n".join),
)


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_nothing_is_made_up_and_evidence_stands_where_it_says(text: str) -> None:
    seen = understand(text, document_date=TODAY)
    within = squeezed(text)
    assert all(squeezed(value) in within for value in values_of(seen) if value is not None)
    evidence = [one for skill in seen.skills for one in skill.evidence]
    evidence += [post.evidence for post in seen.experience]
    evidence += [each.evidence for each in seen.education]
    assert all(text[one.start : one.end] == one.text for one in evidence if len(one.text) < 300)
    assert msgspec.json.encode(seen) == msgspec.json.encode(understand(text, document_date=TODAY))


@pytest.mark.parametrize(
    "piece",
    [
        "a.",
        "1 ",
        "Jan 2020 ",
        "(",
        ", ",
        "a@",
        "Engineer ",
        "B.S. ",
        "- ",
        "\t",
        "www.",
        "é\n",
        "2019 - ",
    ],
)
def test_long_lines_of_one_thing_end(piece: str) -> None:
    assert isinstance(understand(piece * 2_000), Understanding)


def test_what_is_understood_goes_through_json() -> None:
    seen = understand(
        "Jane Smith\nExperience\nEngineer, Globex\t2019 - 2020\n• Built", document_date=TODAY
    )
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Understanding) == seen
    assert isinstance(seen.experience[0], Experience)
