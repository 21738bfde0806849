"""Who somebody is never moves a score: name, e-mail, sex, age, family, photo and address are swapped."""

from functools import lru_cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.analysis.engine import meaning, profile
from app.analysis.engine.demands import read_job
from app.analysis.engine.fit import signal
from app.analysis.engine.profile import read_resume
from app.analysis.engine.score import score
from app.analysis.engine.values import Demands, Profile
from app.resumes.understanding.understand import understand
from tests.analysis.samples import DAY, POST

ENGLISH = """{name}
{email} | {phone} | {address}
{personal}

Summary

{title} {name} is a data engineer with a love for clean data. {Pronoun} leads a small team.

Experience

Senior Data Engineer, Analytical Engines Ltd
January 2020 - March 2023
{Pronoun} built pipelines in Python on PostgreSQL, and {pronoun} ran Docker for {possessive} team.

Education

BSc Mathematics, University of London, 2015

Skills

Python, PostgreSQL, Docker, Kubernetes
"""
FRENCH = """{name}
{email} | {phone}
{address}
{personal}

Expérience

{job}, Machines Analytiques SA
janvier 2020 - mars 2023
{Pronoun} a été {charged} des flux de données en Python sur PostgreSQL pour son équipe.

Formation

Licence en mathématiques, Université de Lyon, 2015

Compétences

Python, PostgreSQL, Docker, Kubernetes
"""
NAMES = ("Ada Byron", "Mohamed Benali", "Li Wei", "Fatou Diop", "Jean-Pierre Dupont", "Olga Novak")
EMAILS = ("ada@example.com", "m.benali1968@example.org", "sister.mary@convent.example")
PHONES = ("+44 20 7946 0958", "+33 6 12 34 56 78", "+1 212 555 0142")
ADDRESSES = (
    "12 rue de la Paix, 75002 Paris",
    "221B Baker Street, London NW1 6XE",
    "Bondy (93140)",
    "Lagos, Nigeria",
    "4 Park Avenue, New York, NY 10016",
)
PERSONAL = (
    "",
    "Age: 58",
    "Born 12 March 1998",
    "Née le 3 mai 1990, mariée, 2 enfants",
    "Gender: female, nationality: Moroccan",
    "Single, photo attached",
    "34 ans, célibataire, permis B",
)
ENGLISH_WORDS = (
    {"title": "Mrs", "pronoun": "she", "Pronoun": "She", "possessive": "her"},
    {"title": "Mr", "pronoun": "he", "Pronoun": "He", "possessive": "his"},
)
FRENCH_WORDS = (
    {"job": "Ingénieure de données", "Pronoun": "Elle", "charged": "chargée"},
    {"job": "Ingénieur de données", "Pronoun": "Il", "charged": "chargé"},
)
people = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "email": st.sampled_from(EMAILS),
        "phone": st.sampled_from(PHONES),
        "address": st.sampled_from(ADDRESSES),
        "personal": st.sampled_from(PERSONAL),
    }
)


@pytest.fixture(autouse=True)
def _texts_for_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is embedded is compared as it stands: one text has one vector, and models take their time."""
    monkeypatch.setattr(meaning, "is_installed", lambda: False)
    monkeypatch.setattr(profile, "embed_where_installed", str.encode)


@lru_cache(maxsize=1)
def demands() -> Demands:
    """The job that all are held against."""
    return read_job(POST)


def what_counts(text: str) -> tuple[Profile, float, tuple[object, ...]]:
    """Everything that a score is made of, and the score with its signal."""
    read = read_resume(text, understand(text, document_date=DAY))
    found = score(read, demands(), fit=50)
    parts = tuple((each.name, each.score, each.explanation) for each in found.components)
    return read, signal(read, demands()), parts


def same(first: str, second: str) -> None:
    """Both texts have the same words, vector, signal and score."""
    one, one_signal, one_parts = what_counts(first)
    other, other_signal, other_parts = what_counts(second)
    assert one.terms == other.terms
    assert one.embedding == other.embedding
    assert [skill.key for skill in one.skills] == [skill.key for skill in other.skills]
    assert (one.months, one.degree) == (other.months, other.degree)
    assert one_signal == other_signal
    assert one_parts == other_parts


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people, people, st.sampled_from(ENGLISH_WORDS), st.sampled_from(ENGLISH_WORDS))
def test_who_an_english_resume_is_of(
    one: dict[str, str], other: dict[str, str], first: dict[str, str], second: dict[str, str]
) -> None:
    same(ENGLISH.format(**one, **first), ENGLISH.format(**other, **second))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people, people, st.sampled_from(FRENCH_WORDS), st.sampled_from(FRENCH_WORDS))
def test_who_a_french_resume_is_of(
    one: dict[str, str], other: dict[str, str], first: dict[str, str], second: dict[str, str]
) -> None:
    same(FRENCH.format(**one, **first), FRENCH.format(**other, **second))


def test_what_is_compared_names_nobody() -> None:
    text = ENGLISH.format(
        name="Ada Byron",
        email=EMAILS[0],
        phone=PHONES[0],
        address=ADDRESSES[1],
        personal=PERSONAL[1],
        **ENGLISH_WORDS[0],
    )
    found = what_counts(text)[0]
    words = {word for term in found.terms for word in term.split()}
    assert words.isdisjoint({"ada", "byron", "baker", "street", "she", "mr", "mrs", "her", "58"})
    assert {"pipeline", "python"} <= words
    told = found.embedding.decode().split()
    assert {"Ada", "Byron", "She", "she", "her"}.isdisjoint(told)
    assert {"built", "pipelines"} <= set(told)
