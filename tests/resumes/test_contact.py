"""Names, phones, addresses, links, and the words that tell them apart from other things."""

import pytest

from app.resumes.headings import heading_of
from app.resumes.understanding.contact import find_email, find_links, find_phone
from app.resumes.understanding.language import language_of
from app.resumes.understanding.names import find_name
from app.resumes.understanding.passages import passages_of
from app.resumes.understanding.places import is_place
from app.resumes.understanding.vocabulary import title_score
from app.skills.surface import key_of, tokens_of


@pytest.mark.parametrize(
    ("text", "email", "name"),
    [
        ("Jane Smith\njane.smith@example.com", "jane.smith@example.com", "Jane Smith"),
        ("Product Designer\nJane Smith\njsmith@example.com", "jsmith@example.com", "Jane Smith"),
        (
            "Functional Resume Sample\nJane Smith\njane@example.com",
            "jane@example.com",
            "Jane Smith",
        ),
        ("Chanchal\nSharma\nOffice Manager", None, "Chanchal Sharma"),
        ("Etta\netta@example.com", "etta@example.com", "Etta"),
        ('Robert "Bob" McAllister, PE\nDenver, CO', None, 'Robert "Bob" McAllister'),
        ("Jean-Baptiste de La Tour, PhD | Paris", None, "Jean-Baptiste de La Tour"),
        ("Nom : DUPONT Marie\nTél : 06", None, "DUPONT Marie"),
        ("SKILLS\nPython\nReact Native\nEXPERIENCE\nEngineer", None, None),
        ("Nom : BENALI\nPrénom : Karim\nTéléphone : 07", None, "Karim BENALI"),
        (
            "Languages\nEnglish (Native)\nMaria Gonzalez\nSenior Engineer at Zalando",
            None,
            "Maria Gonzalez",
        ),
        ("Senior Software Engineer\nAustin, TX", None, None),
    ],
)
def test_names(text: str, email: str | None, name: str | None) -> None:
    assert find_name(passages_of(text), email) == name


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("(312) 555-0123", ("(312) 555-0123", "+13125550123")),
        ("Tél : 06 12 34 56 78", ("06 12 34 56 78", "+33612345678")),
        ("+33 6 98 76 54 32", ("+33 6 98 76 54 32", "+33698765432")),
        ("(718) 555–0100", ("(718) 555–0100", "+17185550100")),
        ("mobile 070-123 45 67", ("070-123 45 67", None)),
        ("2019 - 2022", None),
        ("01/2019 - 02/2022", None),
        ("born 12/03/1985", None),
    ],
)
def test_phones(text: str, phone: tuple[str, str] | None) -> None:
    assert find_phone(text, "fr" if "Tél" in text else "en") == phone


def test_addresses_broken_by_a_narrow_column_and_links_behind_the_text() -> None:
    found = find_email("mail me at eloise.lefevre@\nexample.com today")
    assert found is not None
    assert found[0] == "eloise.lefevre@example.com"
    assert find_email("jane.smith @example.com\nEngineer") == ("jane.smith@example.com", 0, 23)
    assert find_email("a @ b") is None
    links = find_links(
        "LinkedIn | jane.dev | ASP.NET\nlinkedin.com/in/jane",
        ("https://www.linkedin.com/in/jane/", "mailto:a@b.c", "https://example.com/x"),
    )
    assert links == ("jane.dev", "linkedin.com/in/jane", "https://example.com/x")


@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("EXPÉRIENCES PROFESSIONNELLES", "experience"),
        ("Leadership and Work Experience", "experience"),
        ("Top Skills", "skills"),
        ("Involvement Experience", "experience"),
        ("Extracurricular Activity", "activities"),
        ("Volunteer Experience", "activities"),
        ("Academic Appointments", "experience"),
        ("Diplôme d'ingénieur", None),
        ("Stage de fin d'études", None),
        ("Centres d’intérêt", "interests"),
        ("Community Outreach Coordinator", None),
        ("Outils : Docker, Git", None),
    ],
)
def test_headings(text: str, section: str | None) -> None:
    assert heading_of(text) == section


def test_languages_places_titles_and_keys() -> None:
    assert language_of("le développement de la plateforme et des services") == "fr"
    assert language_of("the platform and its services for the firm") == "en"
    assert language_of("Python SQL") is None
    assert all(
        map(
            is_place,
            ("Portland, OR", "Paris", "Remote", "69003 Lyon", "Springfield, Illinois, USA"),
        )
    )
    assert not any(map(is_place, ("Initech Robotics, Denver", "Python", "Globex")))
    assert title_score("Développeuse senior") == title_score("Chef de projet") == 3
    assert title_score("Globex Corporation") == 0
    assert key_of("Node.JS") == key_of("node.js")
    assert [token.text for token in tokens_of("C++, C# and .NET")] == ["C++", "C#", "and", ".NET"]
