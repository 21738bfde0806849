"""Answers are kept under the version of the rules that made them, so rules must not change without it.

Where one of these tests fails, something else comes out of the same texts than before. If that was
meant, raise the version it names and put the new digest here; an old version's digest never changes.
"""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from app.analysis.engine.demands import read_job
from app.analysis.engine.fit import fit_of
from app.analysis.engine.profile import read_resume
from app.analysis.engine.score import score
from app.analysis.engine.version import RULES
from app.resumes.understanding.understand import understand
from app.resumes.understanding.version import VERSION
from scripts.bench.made_resumes import made_resume
from tests.analysis.samples import POST

UNDERSTOOD: Final = {"2": "d2a6c2b3755ebaa7", "3": "d2a6c2b3755ebaa7", "4": "5f8e7af87951b451"}
SCORED: Final = {
    "2.2": "e4bfa562fa80429c",
    "3.2": "46b3e2df1f005cad",
    "3.3": "46b3e2df1f005cad",
    "3.4": "46b3e2df1f005cad",
}
DAY: Final = date(2024, 3, 1)
ANNOTATED: Final = Path(__file__).parents[1] / "resumes" / "annotated"
TEXTS: Final = [
    *(path.read_text(encoding="utf-8") for path in sorted(ANNOTATED.glob("*.txt"))),
    *(made_resume(seed).text for seed in range(9000, 9012)),
]
POSTS: Final = [
    POST,
    msgspec.structs.replace(
        POST,
        title="Infirmière de nuit",
        description="Vous accompagnez les patients d’un service de chirurgie.",
        requirements="Diplôme d’État exigé, trois ans d’expérience. L’anglais serait un plus.",
        skills=("Soins infirmiers",),
        level="mid",
    ),
]


def digest(results: list[Any]) -> str:
    """What came out, in short."""
    return hashlib.sha256(msgspec.json.encode(results, order="deterministic")).hexdigest()[:16]


def test_what_is_understood_changes_only_with_the_version() -> None:
    found = [understand(text, document_date=DAY) for text in TEXTS]
    results = [{**msgspec.to_builtins(each), "version": None} for each in found]
    assert digest(results) == UNDERSTOOD[VERSION]


def test_what_is_scored_changes_only_with_the_version() -> None:
    results = []
    for text in TEXTS:
        understood = understand(text, document_date=DAY)
        profile = msgspec.structs.replace(read_resume(text, understood), embedding=b"")
        for post in POSTS:
            demands = msgspec.structs.replace(read_job(post), embedding=b"")
            results.append(score(profile, demands, fit=fit_of(profile, demands)))
    assert digest(results) == SCORED[f"{RULES}.{VERSION}"]
