"""Skills in lists and in sentences."""

import pytest

from app.resumes.understanding.passages import passages_of
from app.resumes.understanding.skills import find_skills
from app.resumes.understanding.understand import understand
from app.skills.taxonomy import taxonomy


def listed(text: str) -> list[str]:
    return [
        skill.name for skill in find_skills(text, passages_of(text), taxonomy()) if skill.listed
    ]


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
        ("Skills\nPython (basic), SQL", ["Python", "SQL"]),
        ("Skills\nAWS (EC2, S3), Git", ["AWS", "EC2", "S3", "Git"]),
        ("Langues\nAnglais : C1 – Espagnol : B2", ["Anglais", "Espagnol"]),
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
