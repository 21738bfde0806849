"""Train the model of skills in sentences on SkillSpan's training set, and measure it on dev.

    .venv/bin/python -m scripts.taxonomy.train FOLDER [--write]

FOLDER holds SkillSpan's train.json and dev.json (MIT). Overlap: a predicted span counts where it
touches a gold one and a gold one where a predicted one touches it; strict: the same words.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Final

import pycrfsuite

from app.resumes.understanding.features import features_of
from app.resumes.understanding.spans import MODEL, labelled_spans, relaxed_labels
from app.skills.surface import Token, plain
from app.skills.taxonomy import taxonomy

_SETTINGS: Final = {
    "c1": 0.3,
    "c2": 0.05,
    "max_iterations": 120,
    "feature.possible_transitions": True,
    "feature.minfreq": 1,
}
Span = tuple[int, int, str]
Sentence = tuple[list[Token], str, list[str], list[Span]]


def read(path: Path) -> list[Sentence]:
    """Sentences with their words, text, labels and gold spans."""
    out = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        tokens, at = [], 0
        for word in row["tokens"]:
            tokens.append(Token(word, at, at + len(word), plain(word)))
            at += len(word) + 1
        gold = [
            *_spans(row["tags_knowledge"], "K"),
            *_spans(row["tags_skill"], "S"),
        ]
        out.append((tokens, " ".join(row["tokens"]), _labels(row), gold))
    return out


def _labels(row: dict[str, list[str]]) -> list[str]:
    """One label a word; knowledge inside a skill wins, being the nearer to a taxonomy."""
    pairs = zip(row["tags_skill"], row["tags_knowledge"], strict=True)
    return [
        f"{knowledge}-K" if knowledge != "O" else f"{skill}-S" if skill != "O" else "O"
        for skill, knowledge in pairs
    ]


def _spans(tags: list[str], kind: str) -> list[Span]:
    return labelled_spans([tag if tag == "O" else f"{tag}-{kind}" for tag in tags])


def train(sentences: list[Sentence], path: Path) -> None:
    """Write the model to the path."""
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params(_SETTINGS)
    for tokens, text, labels, _ in sentences:
        if tokens:
            trainer.append(features_of(tokens, text, taxonomy()), labels)
    trainer.train(str(path))


def f1(found: int, right: int, wanted: int, met: int) -> tuple[float, float, float]:
    """Precision, recall and their harmonic mean."""
    precision, recall = right / max(1, found), met / max(1, wanted)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def measure(
    model: Path, sentences: list[Sentence], kind: str | None = None
) -> dict[str, tuple[float, float, float]]:
    """Strict and overlap scores, of knowledge alone where kind is K."""
    tagger = pycrfsuite.Tagger()
    tagger.open(str(model))
    found = right = wanted = met = strict = 0
    for tokens, text, _, gold in sentences:
        spans = (
            labelled_spans(relaxed_labels(tagger, features_of(tokens, text, taxonomy())))
            if tokens
            else []
        )
        spans = [span for span in spans if kind in (None, span[2])]
        golden = [span for span in gold if kind in (None, span[2])]
        touching = [(a, b) for a in spans for b in golden if a[0] <= b[1] and b[0] <= a[1]]
        found, wanted = found + len(spans), wanted + len(golden)
        right += len({a for a, _ in touching})
        met += len({b for _, b in touching})
        strict += len(set(spans) & set(golden))
    return {"overlap": f1(found, right, wanted, met), "strict": f1(found, strict, wanted, strict)}


def main() -> int:
    """Argument: the folder of SkillSpan's JSON files; --write keeps the model."""
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as place:
        model = Path(place) / "model"
        train(read(folder / "train.json"), model)
        held_out = read(folder / "dev.json")
        print(f"{model.stat().st_size:,} bytes")
        for kind in (None, "K", "S"):
            for name, scores in measure(model, held_out, kind).items():
                print(kind or "both", name, " ".join(f"{score:.3f}" for score in scores))
        if "--write" in sys.argv:
            MODEL.write_bytes(model.read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
