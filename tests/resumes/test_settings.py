"""Ways to set posts and degrees: what is read of each."""

import pytest

from app.resumes.reading.results import Reading
from app.resumes.understanding.degrees import degree_in, field_of
from app.resumes.understanding.places import is_place
from app.resumes.understanding.understand import understand
from scripts.bench.made_resumes import made_resume
from scripts.bench.resumes import accuracy, ours


def studies_of(text: str) -> list[tuple[str | None, str | None, int | None]]:
    """Degree, school and year of a section of studies."""
    found = understand(f"Jane Doe\nEducation\n{text}").education
    return [(each.degree, each.institution, each.year) for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MSc Physics from McGill in 2014", ("MSc Physics", "McGill", 2014)),
        ("BSc Maths, Rutgers, 2014", ("BSc Maths", "Rutgers", 2014)),
        ("BA History (Yale, 2014)", ("BA History", "Yale", 2014)),
        ("BA History [Yale, 2014]", ("BA History", "Yale", 2014)),
        ("BA History with honours, Durham, 2014", ("BA History", "Durham", 2014)),
        (
            "Qualification: HND Business\nInstitution: Leeds Beckett\nYear: 2014",
            ("HND Business", "Leeds Beckett", 2014),
        ),
        ("2014 – M2 Droit, obtenu à l'ISG", ("M2 Droit", "ISG", 2014)),
        (
            "Licence de droit à l'Université de Lille, 2014",
            ("Licence de droit", "Université de Lille", 2014),
        ),
        ("BACHELOR OF ARTS / Bocconi / 2014", ("BACHELOR OF ARTS", "Bocconi", 2014)),
        (
            "BS Biology\nUniversity of California, Davis, 2014",
            ("BS Biology", "University of California, Davis", 2014),
        ),
        (
            "Université Paris 8 / Master Cinéma / 2014",
            ("Master Cinéma", "Université Paris 8", 2014),
        ),
    ],
)
def test_degree_school_and_year(text: str, expected: tuple[str, str, int]) -> None:
    assert studies_of(text) == [expected]


@pytest.mark.parametrize(
    ("degree", "field"),
    [
        ("BTS Comptabilité", "Comptabilité"),
        ("Grado en Economía", "Economía"),
        ("Diplom-Ingenieur Maschinenbau", "Maschinenbau"),
        ("Laurea Magistrale in Architettura", "Architettura"),
        ("Bac pro Électrotechnique", "Électrotechnique"),
        ("L3 Histoire", "Histoire"),
        ("Juris Doctor", None),
        ("Certificate III in Carpentry", "Carpentry"),
    ],
)
def test_what_a_degree_is_in(degree: str, field: str | None) -> None:
    assert degree_in(degree) is not None
    assert field_of(degree) == field


def test_a_habit_tells_what_no_word_does() -> None:
    text = "Jane Doe\nWork Experience\n{}\n- Did this.\n{}\n- Did that.\n{}\n- Did more."
    posts = [
        "Old Navy / Cashier / 2019 - 2020",
        "Orange / Flumper / 2017 - 2018",
        "Pied Piper / Nurse / 2015 - 2016",
    ]
    found = understand(text.format(*posts)).experience
    assert [(post.company, post.title) for post in found] == [
        ("Old Navy", "Cashier"),
        ("Orange", "Flumper"),
        ("Pied Piper", "Nurse"),
    ]


def test_posts_with_brackets_labels_and_places() -> None:
    text = (
        "Jane Doe\nWork Experience\nVolunteer (Habitat for Humanity, Leeds), 2018 - 2019\n- Built.\n"
        "Certified Nursing Assistant (2016 - 2017) at Globex\n- Cared.\n"
        "Designation: Team Lead\nCompany: Initech\nDuration: 2014 - 2015\n- Led."
    )
    assert [(post.title, post.company) for post in understand(text).experience] == [
        ("Volunteer", "Habitat for Humanity"),
        ("Certified Nursing Assistant", "Globex"),
        ("Team Lead", "Initech"),
    ]


def test_towns_are_places_and_firms_of_their_names_are_not() -> None:
    assert all(map(is_place, ("Villeurbanne", "Greater Boston Area", "Paris Cedex 12", "Lyon 3e")))
    assert not any(map(is_place, ("Orange", "Carrefour", "Stanford", "Mobile")))


def test_settings_for_development_are_read() -> None:
    papers = []
    for seed in range(40):
        made = made_resume(seed, book="development")
        papers.append((str(seed), Reading(kind="txt", text=made.text, reader="text"), made.truth))
    scores, _ = accuracy(papers, ours)
    assert {name for name, score in scores.items() if score.f1 < 0.95} == set()
