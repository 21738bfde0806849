"""The engine: jobs read, résumés read, scores that add up, advice that keeps its word."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.analysis.engine import meaning, optional
from app.analysis.engine.advice import advise
from app.analysis.engine.degrees import (
    BACHELOR,
    DOCTORATE,
    MASTER,
    SHORT_CYCLE,
    level_of,
    lowest_of,
)
from app.analysis.engine.demands import read_job
from app.analysis.engine.experience import asked_months
from app.analysis.engine.fit import fit_of, on_scale, signal
from app.analysis.engine.profile import read_resume
from app.analysis.engine.ranking import number_of, packed, signals
from app.analysis.engine.relations import CONTAINED, NEAR, relations
from app.analysis.engine.score import relevant_months, score
from app.analysis.engine.values import (
    AskedSkill,
    Demands,
    Held,
    HeldSkill,
    Passage,
    Post,
    Profile,
)
from app.analysis.engine.wordpiece import pieces_of
from app.analysis.engine.words import form_of, words_of
from app.analysis.index import strongest
from app.resumes.understanding.understand import understand
from tests.analysis.samples import DAY, POST
from tests.resumes.samples import TEXT

NOWHERE = Passage("", 0, 0)


@pytest.fixture(autouse=True)
def _words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers do not depend on what a machine has installed."""
    monkeypatch.setattr(meaning, "is_installed", lambda: False)


def profile_of(text: str = TEXT) -> Profile:
    """A résumé as the engine reads it."""
    return read_resume(text, understand(text, document_date=DAY))


def importances(post: Post) -> dict[str, str]:
    """The asked skills and how much each is asked for."""
    return {skill.name: skill.importance for skill in read_job(post).skills}


def test_importance_is_read_from_the_wording() -> None:
    assert importances(POST) == {
        "PostgreSQL": "must",
        "Python": "must",
        "SQL": "must",
        "Apache Spark": "must",
        "Terraform": "nice",
        "Kubernetes": "nice",
        "Apache Airflow": "nice",
        "Amazon Web Services": "nice",
    }


def test_french_wording() -> None:
    post = Post(
        title="Développeuse Python (F/H)",
        description="Vous rejoignez une équipe qui travaille avec Docker.",
        requirements=(
            "Maîtrise de Python exigée.\nUne connaissance de Django serait un plus.\n"
            "Au moins trois ans d'expérience.\nBac+5 souhaité, Bac+3 exigé.\n"
            "Première expérience appréciée."
        ),
        skills=(),
        level="mid",
    )
    found = read_job(post)
    assert importances(post) == {"Python": "must", "Django": "nice", "Docker": "nice"}
    assert (found.months, found.months_evidence) == (36, "Au moins trois ans d'expérience.")
    assert found.title_words >= {"developpeur", "python"}


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("5+ years of experience", 60),
        ("at least 3 years in a similar role", 36),
        ("3-5 years of experience with SQL", 36),
        ("five years' experience", 60),
        ("18 months of experience", 18),
        ("5 ans d'expérience", 60),
        ("Minimum trois ans d’expérience", 36),
        ("Expérience de 2 à 4 ans", 24),
        ("2 years with Java. 4 years of experience in teams", 48),
        ("We have been in business for over 20 years", None),
        ("Founded 10 years ago", None),
        ("You must be 18 years old", None),
        ("Contract of 12 months", None),
        ("Python and SQL", None),
    ],
)
def test_months_that_are_asked_for(text: str, months: int | None) -> None:
    found = asked_months(text, sure=True)
    assert (None if found is None else found[0]) == months


def test_a_description_has_to_speak_of_experience() -> None:
    assert asked_months("Our product is 3 years ahead.", sure=False) is None
    assert asked_months("You bring 3 years of experience.", sure=False) is not None


def test_a_level_stands_for_a_time_where_none_is_named() -> None:
    bare = replace(POST, requirements="", level="lead")
    assert (read_job(bare).months, read_job(bare).months_evidence) == (84, None)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Master's degree in physics", MASTER),
        ("MSc Data Science", MASTER),
        ("Diplôme d'ingénieur", MASTER),
        ("Bac+5", MASTER),
        ("Ph.D. in chemistry", DOCTORATE),
        ("BSc Mathematics", BACHELOR),
        ("Licence en droit", BACHELOR),
        ("BTS comptabilité", SHORT_CYCLE),
        ("Scrum Master", 0),
        ("Master the tools", 0),
        ("A driving licence", 0),
    ],
)
def test_degrees(text: str, level: int) -> None:
    assert level_of(text) == level


def test_of_several_degrees_the_lowest_will_do() -> None:
    assert lowest_of("A bachelor's or master's degree in computer science") == BACHELOR
    post = replace(POST, requirements="A master's degree is a plus.", description="")
    assert read_job(post).degree == 0


def test_every_relation_is_of_known_skills() -> None:
    assert len(relations()) > 50
    assert {credit for near in relations().values() for credit in near.values()} == {
        CONTAINED,
        NEAR,
    }


def test_a_skill_is_concluded_from_another_at_a_discount() -> None:
    profile, demands = profile_of(), read_job(POST)
    matched = {each.name: each for each in score(profile, demands, fit=0).matched}
    assert (matched["SQL"].credit, matched["SQL"].via) == (CONTAINED, "PostgreSQL")
    assert matched["SQL"].evidence[0].text == "PostgreSQL"
    assert (matched["Python"].credit, matched["Python"].via) == (1.0, None)


def test_advice_keeps_its_word() -> None:
    profile, demands = profile_of(), read_job(POST)
    present = score(profile, demands, fit=40)
    advice = advise(profile, demands, present)
    gains = [each.gain for each in advice]
    assert gains == sorted(gains, reverse=True)
    assert min(gains) > 0
    spark = next(each for each in advice if each.title == "Show Apache Spark")
    better = profile_of(TEXT.replace("Docker, Kubernetes", "Docker, Kubernetes, Apache Spark"))
    assert score(better, demands, fit=40).overall - present.overall == spark.gain


def test_nothing_asked_leaves_its_points_to_the_rest() -> None:
    bare = Post(title="Gardener", description="Roses.", requirements="", skills=(), level="entry")
    found = score(profile_of(), read_job(bare), fit=50)
    maxima = {each.name: each.max for each in found.components}
    assert maxima == {"skills": 0, "experience": 20, "education": 0, "relevance": 80}
    assert found.overall == 60


def held(title: str, months: int, *skills: str) -> Held:
    """A post."""
    return Held(
        title=title,
        months=months,
        words=frozenset(words_of(title)),
        skills=frozenset(skills),
        evidence=NOWHERE,
    )


def test_months_elsewhere_count_by_half_and_overlaps_once() -> None:
    demands = read_job(POST)
    empty = replace(profile_of(), posts=(), months=None)
    engineer, cook = held("Data Engineer", 24), held("Cook", 36)
    assert relevant_months(replace(empty, posts=(engineer, cook), months=60), demands)[0] == 42
    assert relevant_months(replace(empty, posts=(engineer, engineer), months=24), demands)[0] == 24
    assert relevant_months(empty, demands) == (0, ())


def test_experience_may_stand_in_for_a_degree_where_the_job_says_so() -> None:
    wants = "Bachelor's degree required{}. 2 years of experience."
    without = TEXT.replace("BSc Mathematics, University of London, 2015", "")
    shares = []
    for clause in ("", " or equivalent experience"):
        post = replace(POST, requirements=wants.format(clause))
        found = score(profile_of(without), read_job(post), fit=0)
        shares.append(next(each for each in found.components if each.name == "education").score)
    assert shares == [0.0, 10.0]


KEYS = [f"skill-{number}" for number in range(12)]
asked_skills = st.builds(
    lambda key, importance: AskedSkill(key, key, importance, key),
    st.sampled_from(KEYS),
    st.sampled_from(["must", "nice"]),
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Profile, Demands]:
    """Any résumé and any job, as the engine sees them."""
    unique: dict[str, AskedSkill] = {
        each.key: each for each in draw(st.lists(asked_skills, max_size=12))
    }
    demands = Demands(
        skills=tuple(unique.values()),
        months=draw(st.sampled_from([0, 1, 36, 360])),
        months_evidence=None,
        degree=draw(st.sampled_from([0, 4, 6, 8])),
        degree_evidence=None,
        experience_may_replace=draw(st.booleans()),
        title_words=frozenset({"data"}),
        terms={},
    )
    months = draw(st.lists(st.integers(0, 480), max_size=4))
    profile = Profile(
        skills=tuple(HeldSkill(key, key, ()) for key in draw(st.sets(st.sampled_from(KEYS)))),
        posts=tuple(held("data" if each % 2 else "cook", each) for each in months),
        months=draw(st.one_of(st.none(), st.integers(0, 480))),
        degree=draw(st.sampled_from([0, 4, 5, 6, 7, 8])),
        degree_evidence=None,
        terms={},
    )
    return profile, demands


@settings(max_examples=300)
@given(pairs(), st.floats(0, 100))
def test_parts_add_up_exactly(pair: tuple[Profile, Demands], fit: float) -> None:
    profile, demands = pair
    found = score(profile, demands, fit=fit)
    assert sum(each.score for each in found.components) == found.overall
    assert sum(each.max for each in found.components) == 100
    assert all(0 <= each.score <= each.max for each in found.components)
    assert len(found.matched) + len(found.missing) == len(demands.skills)
    for each in advise(profile, demands, found):
        assert found.overall + each.gain <= 100


@settings(max_examples=100)
@given(pairs(), st.sampled_from(KEYS))
def test_one_skill_more_never_harms(pair: tuple[Profile, Demands], key: str) -> None:
    profile, demands = pair
    richer = replace(profile, skills=(*profile.skills, HeldSkill(key, key, ())))
    assert score(richer, demands, fit=0).overall >= score(profile, demands, fit=0).overall


def test_words_agree_in_number_and_gender() -> None:
    assert words_of("Développeuses expérimentées") == words_of("Développeur expérimenté")
    assert words_of("Ingénieure, infirmière, directrice") == ["ingenieur", "infirmier", "directeur"]
    assert form_of("she") == "she"
    assert words_of("She and her team are in C and R") == ["team", "c", "r"]


def test_the_scale() -> None:
    curve = ((0.0, 0.0), (1.0, 50.0), (3.0, 100.0))
    assert [on_scale(each, curve) for each in (0.0, 0.5, 1.0, 2.0, 3.0, 9.0)] == [
        0.0,
        25.0,
        50.0,
        75.0,
        100.0,
        100.0,
    ]


def test_the_right_job_fits_better() -> None:
    nurse = Post(
        title="Night Nurse",
        description="You care for patients.",
        requirements="Nursing",
        skills=(),
        level="mid",
    )
    profile = profile_of()
    assert fit_of(profile, read_job(POST)) > fit_of(profile, read_job(nurse)) >= 0


def test_terms_of_candidates_are_small_numbers() -> None:
    assert -(2**31) <= number_of("anything") < 2**31
    found = strongest({"a": 0.5, "b": 0.9, "c": 0.1}, {"skill:key": 0.3}, 2)
    assert found == {number_of("b"): 0.9, number_of("a"): 0.5, number_of("skill:key"): 0.3}


def vector(*values: float) -> bytes:
    """A vector of length one that begins with these values."""
    whole = np.zeros(384, dtype=np.float16)
    whole[: len(values)] = values
    return whole.tobytes()


def test_meaning_is_added_where_both_sides_have_it() -> None:
    profile, demands = profile_of(), read_job(POST)
    bare = signal(profile, demands)
    near, far = vector(0.6, 0.8), vector(-0.6, -0.8)
    told = replace(profile, embedding=near)
    assert signal(told, demands) == bare
    assert signal(told, replace(demands, embedding=near)) == pytest.approx(bare + 0.75, abs=1e-2)
    assert signal(told, replace(demands, embedding=far)) == bare
    assert fit_of(told, replace(demands, embedding=near)) <= 100


def test_the_largest_coordinates_name_a_vector() -> None:
    found = meaning.strongest_coordinates(vector(0.1, -0.8, 0.5, 0.0), 2)
    assert list(found) == ["meaning:1:False", "meaning:2:True"]
    assert list(found.values()) == pytest.approx([0.8, 0.5], abs=1e-3)
    assert meaning.strongest_coordinates(b"", 2) == {}


def test_word_pieces() -> None:
    # From the reference tokenizer of all-MiniLM-L6-v2.
    assert pieces_of("Élève ingénieur, C++", 256) == [
        101,
        3449,
        18697,
        13749,
        18595,
        11236,
        1010,
        1039,
        1009,
        1009,
        102,
    ]
    assert len(pieces_of("word " * 500, 256)) == 256
    assert pieces_of("x" * 101, 256) == [101, 100, 102]
    assert pieces_of("", 256) == [101, 102]


@pytest.mark.skipif(not optional.is_installed(), reason="needs intake[meaning]")
def test_meaning_tells_work_apart() -> None:
    nurse = meaning.embed("Registered nurse on a surgical ward")
    near = meaning.likeness(nurse, meaning.embed("Hospital staff who care for patients"))
    far = meaning.likeness(nurse, meaning.embed("Developer of web applications in Java"))
    assert near > far + 0.2
    assert meaning.embed("the same") == meaning.embed("the same")
    assert len(nurse) == 2 * 384


vectors = st.one_of(
    st.just(b""),
    st.lists(st.floats(-1, 1, width=16), min_size=384, max_size=384).map(
        lambda values: bytes(np.array(values, np.float16).tobytes())
    ),
)
weighed_terms = st.dictionaries(
    st.sampled_from([f"word {number}" for number in range(40)]), st.floats(0, 0.3), max_size=30
)


@settings(max_examples=50)
@given(weighed_terms, vectors, st.lists(st.tuples(weighed_terms, vectors), max_size=5))
def test_many_jobs_at_once_rank_as_each_by_itself(
    own: dict[str, float], vector: bytes, jobs: list[tuple[dict[str, float], bytes]]
) -> None:
    blank = Demands(
        skills=(),
        months=0,
        months_evidence=None,
        degree=0,
        degree_evidence=None,
        experience_may_replace=False,
        title_words=frozenset(),
        terms={},
    )
    profile = replace(profile_of(), terms=own, embedding=vector)
    demands = [replace(blank, terms=terms, embedding=theirs) for terms, theirs in jobs]
    found = signals(profile, [packed(each) for each in demands])
    assert found == pytest.approx([signal(profile, each) for each in demands], abs=1e-4)
