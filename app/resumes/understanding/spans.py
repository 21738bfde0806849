"""Skills in sentences, by a sequence model trained on job advertisements (SkillSpan)."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import pycrfsuite

from app.resumes.understanding.features import features_of, pieces_of
from app.skills.taxonomy import Taxonomy

MODEL: Final = Path(__file__).parent / "data" / "skill_spans.crfsuite"
_LONGEST_SENTENCE: Final = 200
_SURELY_NONE: Final = 0.75


@lru_cache(maxsize=1)
def _tagger() -> pycrfsuite.Tagger:
    tagger = pycrfsuite.Tagger()
    # From the file, which the system shares between processes, not from a copy in memory.
    tagger.open(str(MODEL))
    return tagger


def relaxed_labels(tagger: pycrfsuite.Tagger, features: list[list[str]]) -> list[str]:
    """The best labels, and a skill's wherever none at all is not likely enough.

    The model alone misses more spans than it invents; the threshold evens that out.
    """
    labels = tagger.tag(features)
    skills = [label for label in tagger.labels() if label != "O"]
    return [
        max(skills, key=lambda each: tagger.marginal(each, at))
        if label == "O" and tagger.marginal("O", at) < _SURELY_NONE
        else label
        for at, label in enumerate(labels)
    ]


def labelled_spans(labels: Sequence[str]) -> list[tuple[int, int, str]]:
    """First and last word of each run of labels, and its kind: S(kill) or K(nowledge)."""
    spans: list[tuple[int, int, str]] = []
    for at, label in enumerate(labels):
        if label == "O":
            continue
        mark, _, kind = label.partition("-")
        goes_on = mark == "I" and spans and spans[-1][1] == at - 1 and spans[-1][2] == kind
        if goes_on:
            spans[-1] = (spans[-1][0], at, kind)
        else:
            spans.append((at, at, kind))
    return spans


def skill_spans(
    text: str, start: int, end: int, taxonomy: Taxonomy
) -> Iterator[tuple[int, int, str, float]]:
    """Spans of skills in one sentence: start, end, kind (S or K), and the model's probability."""
    pieces = pieces_of(text, start, end)[:_LONGEST_SENTENCE]
    if not pieces:
        return
    tagger = _tagger()
    labels = relaxed_labels(tagger, features_of(pieces, text, taxonomy))
    for first, last, kind in labelled_spans(labels):
        sure = min(tagger.marginal(labels[at], at) for at in range(first, last + 1))
        yield pieces[first].start, pieces[last].end, kind, sure
