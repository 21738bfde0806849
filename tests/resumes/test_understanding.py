"""Text to fields: whole résumés in two languages, tables for each field, and what always holds."""

from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.resumes.headings import heading_of
from app.resumes.understanding.contact import find_email, find_links, find_phone
from app.resumes.understanding.dates import Point, months_in_all, spans_of
from app.resumes.understanding.language import language_of
from app.resumes.understanding.names import find_name
from app.resumes.understanding.passages import passages_of
from app.resumes.understanding.skills import find_skills
from app.resumes.understanding.surface import key_of, tokens_of
from app.resumes.understanding.taxonomy import taxonomy
from app.resumes.understanding.understand import understand
from app.resumes.understanding.values import Experience, Understanding
from app.resumes.understanding.vocabulary import is_place, title_score

ANNOTATED = sorted((Path(__file__).parent / "annotated").glob("*.txt"))
TODAY = date(2024, 6, 15)


def posts_of(text: str) -> list[tuple[str | None, str | None, str | None, str | None]]:
    found = understand(f"Experience\n{text}", document_date=TODAY).experience
    return [
        (post.title, post.company, post.start, "now" if post.current else post.end)
        for post in found
    ]


def schools_of(text: str) -> list[tuple[str | None, str | None, str | None, int | None]]:
    found = understand(f"Education\n{text}").education
    return [(each.degree, each.institution, each.field, each.year) for each in found]


def listed(text: str) -> list[str]:
    return [
        skill.name for skill in find_skills(text, passages_of(text), taxonomy()) if skill.listed
    ]


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


@pytest.mark.parametrize(
    ("text", "posts"),
    [
        (
            "Engineer, Globex\tMay 2020 - Present\n• Built it",
            [("Engineer", "Globex", "2020-05", "now")],
        ),
        (
            "Globex Corp\t2018 - 2020\nSenior Engineer\n• Built it",
            [("Senior Engineer", "Globex Corp", "2018", "2020")],
        ),
        (
            "Data Analyst\nJuly 2019 – Sept. 2021\nInitech – Austin, TX\n• Built it",
            [("Data Analyst", "Initech", "2019-07", "2021-09")],
        ),
        (
            "Engineer at Globex\n03/2019 to 04/2020\n• Built it",
            [("Engineer", "Globex", "2019-03", "2020-04")],
        ),
        (
            "03/2022 - Present\n• Staff Engineer, Globex LLC\n• Led it",
            [("Staff Engineer", "Globex LLC", "2022-03", "now")],
        ),
        (
            "Founder & CEO · Meridian Labs, Chicago, IL\n2020-01 – 2021-06\n• Sold it",
            [("Founder & CEO", "Meridian Labs", "2020-01", "2021-06")],
        ),
        (
            "Office manager, The Phone Company\nJanuary 20XX - Current\nKept the office.",
            [("Office manager", "The Phone Company", None, "now")],
        ),
        (
            "Retail Associate\nExample Music Store LLC\n• Sold records\nUsher\nExample Opera Company\n• Seated guests",
            [
                ("Retail Associate", "Example Music Store LLC", None, None),
                ("Usher", "Example Opera Company", None, None),
            ],
        ),
        (
            "Globex Corporation\nLead Engineer\tJan 2020 – Present\n• Led it\nEngineer\tJan 2018 – Dec 2019\n• Built it",
            [
                ("Lead Engineer", "Globex Corporation", "2020-01", "now"),
                ("Engineer", "Globex Corporation", "2018-01", "2019-12"),
            ],
        ),
        (
            "Développeuse chez Studio Bleu, Paris\nDepuis mars 2020\n• Conception",
            [("Développeuse", "Studio Bleu", "2020-03", "now")],
        ),
        (
            "Globex, Austin, TX\nEngineer (2018 – 2020)\n• Built the platform that all of the firm now uses every day\nLockheed Martin, New York, NY\nAnalyst (2016 – 2018)\n• Wrote reports",
            [
                ("Engineer", "Globex", "2018", "2020"),
                ("Analyst", "Lockheed Martin", "2016", "2018"),
            ],
        ),
        (
            "Globex (Lyon)\t2018 - 2020\nSage-femme\nSuivi des patientes.",
            [("Sage-femme", "Globex", "2018", "2020")],
        ),
        (
            "Barista at eBay\n2018 - 2020\n• Brewed",
            [("Barista", "eBay", "2018", "2020")],
        ),
        (
            "Trader Joe's, Boston, MA\nRegistered Nurse (2016 – 2018)\n• Cared",
            [("Registered Nurse", "Trader Joe's", "2016", "2018")],
        ),
        (
            "Zalando\nSenior Engineer\nMarch 2020 - Present (4 years 3 months)\nOwns it.\nN26\n4 years 2 months\nEngineer\nJanuary 2017 - February 2020 (3 years 2 months)\nBuilt it.\nTrainee\nJanuary 2016 - December 2016 (1 year)\nTelefónica\nIntern\nJune 2015 - September 2015 (4 months)",
            [
                ("Senior Engineer", "Zalando", "2020-03", "now"),
                ("Engineer", "N26", "2017-01", "2020-02"),
                ("Trainee", "N26", "2016-01", "2016-12"),
                ("Intern", "Telefónica", "2015-06", "2015-09"),
            ],
        ),
        (
            "Technicien\nAuchan\nDe 09/2017 à 02/2020\nMaintenance du parc (800 postes)\nSerrurier, McDonald's (2015 à 2016)",
            [
                ("Technicien", "Auchan", "2017-09", "2020-02"),
                ("Serrurier", "McDonald's", "2015", "2016"),
            ],
        ),
        (
            "2018 – présent : Comptable, Michelin, Lyon\nTenue des comptes.",
            [("Comptable", "Michelin", "2018", "now")],
        ),
    ],
)
def test_posts_in_the_ways_they_are_set(text: str, posts: list[tuple[str | None, ...]]) -> None:
    assert posts_of(text) == posts


@pytest.mark.parametrize(
    ("text", "schools"),
    [
        (
            "B.S. in Computer Science, State University, 2020",
            [("B.S. in Computer Science", "State University", "Computer Science", 2020)],
        ),
        (
            "State University\n2013 - 2017\nB.A. History",
            [("B.A. History", "State University", "History", 2017)],
        ),
        (
            "MIT\tMay 2022\nM.S., Physics\nCaltech\tMay 2020\nB.S., Physics, cum laude",
            [
                ("M.S., Physics", "MIT", "Physics", 2022),
                ("B.S., Physics", "Caltech", "Physics", 2020),
            ],
        ),
        (
            "Bachelor of Science in Nursing (BSN), University of Texas at Austin, 2016",
            [
                (
                    "Bachelor of Science in Nursing (BSN)",
                    "University of Texas at Austin",
                    "Nursing",
                    2016,
                )
            ],
        ),
        (
            "Master Informatique, Université de Lille, 2010",
            [("Master Informatique", "Université de Lille", "Informatique", 2010)],
        ),
        (
            "Diplôme d'ingénieur en informatique — INSA Lyon\n2013 - 2016",
            [("Diplôme d'ingénieur en informatique", "INSA Lyon", "informatique", 2016)],
        ),
        (
            "Web Program (2022)\nGeneral Assembly\nData Analytics Immersive (2021)\nBrainStation",
            [
                ("Web Program", "General Assembly", None, 2022),
                ("Data Analytics Immersive", "BrainStation", None, 2021),
            ],
        ),
        (
            "State University\nB.S. Physics, 2015\nCollege of Engineering",
            [("B.S. Physics", "State University", "Physics", 2015)],
        ),
        (
            "INSEAD, Fontainebleau — MBA (2020–2021)",
            [("MBA", "INSEAD", None, 2021)],
        ),
        (
            "2014 – 2017\nRoyal Institute\nBSc in Media Technology\n2010 – 2013\nState University\nMChem",
            [
                ("BSc in Media Technology", "Royal Institute", "Media Technology", 2017),
                ("MChem", "State University", None, 2013),
            ],
        ),
        (
            "2010 - Diplôme d'ingénieur, INSA Lyon (Lyon)",
            [("Diplôme d'ingénieur", "INSA Lyon", None, 2010)],
        ),
    ],
)
def test_degrees_and_schools(text: str, schools: list[tuple[object, ...]]) -> None:
    assert schools_of(text) == schools


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Skills\nPython, Go, C, R, .NET, Node.js, C++",
            ["Python", "Go", "C", "R", ".NET", "Node.js", "C++"],
        ),
        ("Skills\nLanguages: Python, SQL\nTools: Docker | Git", ["Python", "SQL", "Docker", "Git"]),
        ("Compétences : Excel, gestion de projet", ["Excel", "gestion de projet"]),
        ("Skills\nPython (pandas, NumPy)", ["Python", "pandas", "NumPy"]),
        ("Skills\n• Wicker weaving\n• SQL", ["Wicker weaving", "SQL"]),
        (
            "SKILLS\nPython, Kafka, AWS, gRPC, Distributed\nSystems",
            ["Python", "Kafka", "AWS", "gRPC", "Distributed\nSystems"],
        ),
        ("Langues\nanglais (courant, C1), espagnol : notions", ["anglais", "espagnol"]),
        ("Skills\nProject management\tData analysis", ["Project management", "Data analysis"]),
        (
            "Skills\nCloud AWS, Docker\nProgramming Python, Java",
            ["AWS", "Docker", "Python", "Java"],
        ),
    ],
)
def test_lists_of_skills(text: str, names: list[str]) -> None:
    assert listed(text) == names


def test_synonyms_share_one_id_and_keep_how_they_are_written() -> None:
    text = "Skills\nk8s, Postgres, JS\nExperience\nEngineer, Globex\t2019 - 2020\n• Moved forty services to Kubernetes and PostgreSQL in one year"
    found = {skill.label: skill for skill in understand(text).skills}
    assert found["Kubernetes"].name == "k8s"
    assert found["Kubernetes"].id == "onet:kubernetes"
    assert [text[one.start : one.end] for one in found["Kubernetes"].evidence] == [
        "k8s",
        "Kubernetes",
    ]
    assert (
        found["PostgreSQL"].id
        == "http://data.europa.eu/esco/skill/a8d07b5a-c1a1-42c6-9d53-db9c7a2ca996"
    )
    assert found["JavaScript"].category == "technology"


def test_sentences_mention_skills_less_surely_and_common_words_none() -> None:
    text = "Experience\nEngineer, Globex\t2019 - 2020\n• Deployed services with Docker, Kubernetes and Terraform\n• Had access to go on with the word of the whole board of the company"
    found = understand(text).skills
    assert {skill.name for skill in found} >= {"Docker", "Kubernetes"}
    assert not {skill.name for skill in found} & {"access", "go", "word"}
    text = "Experience\nEngineer, Globex\t2019 - 2020\n• Had teams meet at Google to guide the building of operations in the cloud"
    assert not understand(text).skills
    assert all(not skill.listed and skill.confidence < 0.9 for skill in found)


@pytest.mark.parametrize(
    ("text", "first", "last", "current"),
    [
        ("Jan 2020 – Present", Point(2020, 1), None, True),
        ("January 2020 to March 2021", Point(2020, 1), Point(2021, 3), False),
        ("2019-21", Point(2019, None), Point(2021, None), False),
        ("May – Aug 2023", Point(2023, 5), Point(2023, 8), False),
        ("03/2019 - 12/2020", Point(2019, 3), Point(2020, 12), False),
        ("Sept '18 - Oct. '19", Point(2018, 9), Point(2019, 10), False),
        ("de février 2015 à août 2016", Point(2015, 2), Point(2016, 8), False),
        ("Depuis septembre 2016 à décembre 2019", Point(2016, 9), Point(2019, 12), False),
        ("depuis 2019", Point(2019, None), None, True),
        ("2018 – aujourd’hui", Point(2018, None), None, True),
        ("2022 - 2019", None, None, False),
        ("2016", None, Point(2016, None), False),
    ],
)
def test_dates(text: str, first: Point | None, last: Point | None, current: bool) -> None:
    span = next(spans_of(text))
    assert (span.first, span.last, span.current) == (first, last, current)


def test_present_ends_in_the_month_of_the_document_and_overlaps_count_once() -> None:
    text = "Experience\nEngineer, Globex\tJan 2024 - Present\n• Built\nTutor, State University\tMar 2024 - Apr 2024\n• Taught\nUsher, Opera\t2020 - 2022\n• Seated"
    seen = understand(text, document_date=TODAY)
    assert [post.months for post in seen.experience] == [6, 2, 24]
    assert seen.total_experience_months == 30
    undated = understand(text)
    assert [post.months for post in undated.experience] == [None, 2, 24]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40)), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_months_are_those_that_any_post_covers(posts: list[tuple[int, int]]) -> None:
    intervals = [(begin, begin + length) for begin, length in posts]
    covered = {month for begin, end in intervals for month in range(begin, end)}
    assert months_in_all(intervals) == len(covered)


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


@pytest.mark.parametrize(
    ("title", "dates", "level"),
    [
        ("Software Engineering Intern", "Jan 2024 - Present", "intern"),
        ("Senior Engineer", "Jan 2024 - Present", "senior"),
        ("Director of Finance", "Jan 2024 - Present", "manager"),
        ("Chief Executive Officer", "Jan 2024 - Present", "executive"),
        ("Accountant", "Jan 2024 - Present", "junior"),
        ("Accountant", "Jan 2020 - Present", "middle"),
        ("Accountant", "Jan 2010 - Present", "senior"),
    ],
)
def test_seniority(title: str, dates: str, level: str) -> None:
    seen = understand(f"Experience\n{title}, Globex\t{dates}\n• Worked", document_date=TODAY)
    assert seen.seniority == level


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
@settings(max_examples=250, deadline=None)
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
    assert isinstance(understand(piece * 4_000), Understanding)


def test_what_is_understood_goes_through_json() -> None:
    seen = understand(
        "Jane Smith\nExperience\nEngineer, Globex\t2019 - 2020\n• Built", document_date=TODAY
    )
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Understanding) == seen
    assert isinstance(seen.experience[0], Experience)
