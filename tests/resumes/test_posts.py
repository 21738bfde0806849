"""Posts, degrees, dates and what follows from them."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.resumes.understanding.dates import Point, months_in_all, spans_of
from app.resumes.understanding.understand import understand

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
            "Globex, Denver, CO\t2014 to Present\nSenior Engineer (2018 to Present)\nManage budgets and lead the design of bridges.\n- Built\nEngineer (2014 to 2018)\n- Drew",
            [
                ("Senior Engineer", "Globex", "2018", "now"),
                ("Engineer", "Globex", "2014", "2018"),
            ],
        ),
        (
            "Globex – Lyon\nDéveloppeur | Avril 2019 – Mars 2021\nOutil de suivi.\nEnvironnement technique : Java 11, Angular\nStage – Thales, Vélizy (6 mois, 2017)\nPrototype.",
            [("Développeur", "Globex", "2019-04", "2021-03"), ("Stage", "Thales", None, "2017")],
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
            "2017 : Diplôme d'ingénieur en informatique, ENSEEIHT, Toulouse",
            [("Diplôme d'ingénieur en informatique", "ENSEEIHT", "informatique", 2017)],
        ),
        (
            "State University\nCandidate for B.S. in Physics, GPA 4.8/5.0\tJune 2025\nLincoln Academy\nHigh School Diploma\tJune 2021",
            [
                ("B.S. in Physics", "State University", "Physics", 2025),
                ("High School Diploma", "Lincoln Academy", None, 2021),
            ],
        ),
        (
            "Master of Science, Mechatronics (grade 1.6)\nState University, 2014",
            [("Master of Science, Mechatronics", "State University", "Mechatronics", 2014)],
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
