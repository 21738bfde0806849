"""Measures of rankings, and the plain methods that a matcher has to beat."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, log2

from app.analysis.engine.words import Rarity, cosine, terms_of, weigh, words_of

Matrix = list[list[float]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Job → résumés: MAP and nDCG@10. Résumé → jobs: MRR, and how often the right job is first."""

    average_precision: float
    gain: float
    reciprocal_rank: float
    first: float


def measure(scores: Matrix, occupations: Sequence[int]) -> Figures:
    """`scores[résumé][job]`, and each résumé's right job."""
    jobs = range(len(scores[0]))
    by_job = [_ranked([row[job] for row in scores]) for job in jobs]
    precision = [
        _precision(order, occupations, job) for job, order in zip(jobs, by_job, strict=True)
    ]
    gains = [_gain(order[:10], occupations, job) for job, order in zip(jobs, by_job, strict=True)]
    ranks = [1 + _ranked(row).index(right) for row, right in zip(scores, occupations, strict=True)]
    return Figures(
        sum(precision) / len(precision),
        sum(gains) / len(gains),
        sum(1 / rank for rank in ranks) / len(ranks),
        sum(rank == 1 for rank in ranks) / len(ranks),
    )


def _ranked(values: Sequence[float]) -> list[int]:
    return sorted(range(len(values)), key=lambda at: (-values[at], at))


def _precision(order: Sequence[int], occupations: Sequence[int], job: int) -> float:
    found, total = 0, 0.0
    for place, resume in enumerate(order, start=1):
        if occupations[resume] == job:
            found += 1
            total += found / place
    return total / found


def _gain(order: Sequence[int], occupations: Sequence[int], job: int) -> float:
    right = sum(each == job for each in occupations)
    best = sum(1 / log2(place + 1) for place in range(1, min(right, 10) + 1))
    found = sum(
        1 / log2(place + 1)
        for place, resume in enumerate(order, start=1)
        if occupations[resume] == job
    )
    return found / best


def keyword_overlap(resumes: Sequence[str], jobs: Sequence[str]) -> Matrix:
    """The share of a job's words that the résumé has."""
    wanted = [set(words_of(job)) for job in jobs]
    held = [set(words_of(resume)) for resume in resumes]
    return [[len(have & want) / len(want) for want in wanted] for have in held]


def bm25(resumes: Sequence[str], jobs: Sequence[str]) -> Matrix:
    """Okapi BM25 with k1 1.5 and b 0.75, the résumé as the question."""
    documents = [Counter(words_of(job)) for job in jobs]
    frequency = Counter(word for document in documents for word in document)
    mean = sum(map(_length, documents)) / len(documents)

    def of(question: set[str], document: Mapping[str, int]) -> float:
        norm = 1.5 * (0.25 + 0.75 * _length(document) / mean)
        return sum(
            log(1 + (len(documents) - frequency[word] + 0.5) / (frequency[word] + 0.5))
            * document[word]
            * 2.5
            / (document[word] + norm)
            for word in question & document.keys()
        )

    questions = [set(words_of(resume)) for resume in resumes]
    return [[of(question, document) for document in documents] for question in questions]


def _length(document: Mapping[str, int]) -> int:
    return sum(document.values())


def tf_idf(resumes: Sequence[str], jobs: Sequence[str]) -> Matrix:
    """Words and pairs, weighed over these very texts: what a library does in three lines."""
    counts = [terms_of(words_of(text)) for text in (*resumes, *jobs)]
    frequency = Counter(term for each in counts for term in each)
    rarity = Rarity(len(counts), frequency)
    weighed = [weigh(each, rarity) for each in counts]
    own, others = weighed[: len(resumes)], weighed[len(resumes) :]
    return [[cosine(one, other) for other in others] for one in own]
