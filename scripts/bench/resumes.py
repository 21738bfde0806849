"""Measure reading and understanding against annotated résumés, and their speed.

    .venv/bin/python -m scripts.bench.resumes FOLDER [--misses] [--own] [--made]

FOLDER holds PDFs with a NAME.truth.json beside some of them: contact {full_name, email, phone},
experience [{title, company, dates}], education [{degree, institution}], skills [...]. `--own`
measures the project's own annotated texts (tests/resumes/annotated) as well, `--made` 400 invented
résumés, 400 others in settings and words that no rule has seen, and 400 pages of two columns. `--misses` shows what was missed and what was made up.
"""

import io
import json
import re
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from pdfminer.high_level import extract_text

from app.resumes.reading.pdf import read_pdf
from app.resumes.reading.reader import read
from app.resumes.reading.results import LIMITS, Reading
from app.resumes.reading.second_opinion import read_with_pdfminer
from app.resumes.understanding.dates import spans_of
from app.resumes.understanding.understand import understand
from app.resumes.understanding.values import Understanding
from app.skills.surface import plain
from scripts.bench.made_resumes import Book, made_resume
from scripts.bench.two_columns import ORDERS, pairs_in_order, two_columns

_OWN: Final = Path(__file__).parents[2] / "tests" / "resumes" / "annotated"
_ROUNDS: Final = 3
_TRIES: Final = 4
_MADE: Final = 400


@dataclass
class Score:
    """Hits among what was found and what was wanted."""

    hits: int = 0
    found: int = 0
    wanted: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, name: str, found: Iterable[str], wanted: Iterable[str]) -> None:
        """Count values of one document; each wanted one may be hit once."""
        left = [plain_value(each) for each in wanted]
        self.wanted += len(left)
        made_up = []
        for value in found:
            self.found += 1
            key = plain_value(value)
            if key in left:
                left.remove(key)
                self.hits += 1
            else:
                made_up.append(key)
        if left or made_up:
            self.misses.append(f"{name}: missed {left}, made up {made_up}")

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.hits / max(1, self.found + self.wanted)

    def row(self) -> str:
        """Precision, recall and F1 as cells of a table."""
        precision, recall = self.hits / max(1, self.found), self.hits / max(1, self.wanted)
        return f"{precision:.2f} | {recall:.2f} | {self.f1:.2f} | {self.hits}/{self.wanted}"


def plain_value(value: str) -> str:
    """How values compare: lower case, one kind of dash, single spaces, no closing point."""
    return re.sub(r"[\s.,]+", " ", re.sub(r"[–—−]", "-", plain(value))).strip()


def documents(folder: Path) -> Iterator[tuple[str, Reading, dict[str, Any]]]:
    """Every annotated file of the folder: its name, its reading and the truth."""
    for truth in sorted(folder.rglob("*.truth.json")):
        base = truth.with_name(truth.name.removesuffix(".truth.json"))
        files = [base.with_suffix(ending) for ending in (".pdf", ".docx", ".txt")]
        source = next((file for file in files if file.is_file()), None)
        if source is None:
            continue
        reading = read(source.read_bytes())
        if isinstance(reading, Reading):
            yield base.name, reading, json.loads(truth.read_text(encoding="utf-8"))


Fields = dict[str, list[str]]
Papers = Sequence[tuple[str, Reading, dict[str, Any]]]


def ours(reading: Reading) -> Fields:
    """The values of each field as this project reads them."""
    seen: Understanding = understand(
        reading.text, document_date=reading.document_date, links=reading.links
    )
    present = seen.contact
    return {
        "e-mail": [present.email] if present.email else [],
        "phone": [re.sub(r"\D", "", present.phone)] if present.phone else [],
        "name": [present.name] if present.name else [],
        "title": [post.title for post in seen.experience if post.title],
        "company": [post.company for post in seen.experience if post.company],
        "dates": [
            f"{post.start} {'now' if post.current else post.end}"
            for post in seen.experience
            if post.start
        ],
        "school": [each.institution for each in seen.education if each.institution],
        "degree": [each.degree for each in seen.education if each.degree],
        "skills listed": [
            each.name for each in seen.skills if each.listed and each.category != "language"
        ],
        "skills all": [each.name for each in seen.skills if each.category != "language"],
    }


def naive(reading: Reading) -> Fields:
    """What a first attempt does: patterns, the first line, lines with dates, commas after Skills."""
    text = reading.text
    lines = [line for line in text.splitlines() if line.strip()]
    dated = [line for line in lines if re.search(r"(?:19|20)\d\d\s*[-–]", line)]
    after = re.search(r"^skills:?\s*\n(.*)", text, re.IGNORECASE | re.MULTILINE)
    skills = re.split(r"[,;|•]", after[1]) if after else []
    return {
        "e-mail": re.findall(r"\S+@\S+\.\w+", text)[:1],
        "phone": [
            re.sub(r"\D", "", each)
            for each in re.findall(r"\+?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}", text)[:1]
        ],
        "name": lines[:1],
        "title": [re.split(r"\t| [-–|·] |, ", line)[0] for line in dated],
        "company": [part for line in dated for part in re.split(r"\t| [-–|·] |, ", line)[1:2]],
        "dates": [_dates(line) for line in dated],
        "school": [line for line in lines if re.search(r"university|college", line, re.IGNORECASE)],
        "degree": [line for line in lines if re.search(r"\bB\.?S|Bachelor|Master", line)],
        "skills listed": skills,
        "skills all": skills,
    }


def wanted(truth: dict[str, Any]) -> Fields:
    """The values of each field as a person wrote them down."""
    contact = truth["contact"]
    posts, schools = truth.get("experience", []), truth.get("education", [])
    phone = contact.get("phone")
    dates = [_dates(each["dates"]) for each in posts if each.get("dates")]
    return {
        "e-mail": [contact["email"]] if contact.get("email") else [],
        "phone": [re.sub(r"\D", "", phone)] if phone else [],
        "name": [contact["full_name"]] if contact.get("full_name") else [],
        "title": [each["title"] for each in posts if each.get("title")],
        "company": [each["company"] for each in posts if each.get("company")],
        "dates": [each for each in dates if each],
        "school": [each["institution"] for each in schools if each.get("institution")],
        "degree": [each["degree"] for each in schools if each.get("degree")],
        "skills listed": truth.get("skills", []),
        "skills all": truth.get("skills", []),
    }


def _dates(written: str) -> str:
    for span in spans_of(written):
        if span.first is not None or span.last is not None:
            return f"{span.first or span.last} {'now' if span.current else span.last}"
    return ""


def accuracy(papers: Papers, reader: Callable[[Reading], Fields]) -> tuple[dict[str, Score], int]:
    """Scores by field over the annotated documents, and their number."""
    scores: dict[str, Score] = defaultdict(Score)
    count = 0
    for name, reading, truth in papers:
        count += 1
        found = reader(reading)
        for field_name, values in wanted(truth).items():
            # Documents whose truth names no skills may still mention some in their sentences.
            if not field_name.startswith("skills") or values:
                scores[field_name].add(name, found[field_name], values)
    return scores, count


def _speed(folder: Path) -> None:
    contents = [path.read_bytes() for path in sorted(folder.rglob("*.pdf"))]
    readings = [reading for each in contents if isinstance(reading := read(each), Reading)]
    pages = sum(reading.pages or 0 for reading in readings)
    readers = {
        "pdfium with reading order": read_pdf,
        "pdfminer.six, as the second opinion": lambda each: read_with_pdfminer(each, LIMITS),
        "pdfminer.six, its own extract_text": lambda each: extract_text(io.BytesIO(each)),
    }
    took: dict[str, float] = {}
    for _ in range(_ROUNDS):
        # In turns, because a machine is never equally fast for a minute.
        for name, reader in readers.items():
            tries = _TRIES if reader is read_pdf else 1
            best = _best(partial(_read_all, reader, contents), rounds=tries)
            took[name] = min(best, took.get(name, best))
    print(f"\n{len(contents)} PDFs, {pages} pages, CPU seconds of the best of {_ROUNDS} rounds")
    print("| what | pages/s | ms a page | pdfium's times as fast |\n| --- | --- | --- | --- |")
    fast = took["pdfium with reading order"]
    for name, seconds in took.items():
        row = f"{pages / seconds:.0f} | {1000 * seconds / pages:.1f} | {seconds / fast:.1f}"
        print(f"| {name} | {row} |")
    times = sorted(_best(partial(understand, each.text)) for each in readings)
    print(
        f"\nunderstanding: p50 {1000 * times[len(times) // 2]:.1f} ms, slowest {1000 * times[-1]:.1f} ms"
    )
    print(
        f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )


def _read_all(reader: Callable[[bytes], object], contents: Sequence[bytes]) -> None:
    for each in contents:
        reader(each)


def _best(work: Callable[[], object], rounds: int = _ROUNDS) -> float:
    took = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return min(took)


def _made(book: Book) -> Iterator[tuple[str, Reading, dict[str, Any]]]:
    for seed in range(_MADE):
        made = made_resume(seed, book=book)
        yield str(seed), Reading(kind="txt", text=made.text, reader="text"), made.truth


def _show_order() -> None:
    print(
        f"\n{_MADE} invented pages of two columns\n| drawn | line pairs in order |\n| --- | --- |"
    )
    pairs: dict[str, list[int]] = {order: [0, 0] for order in ORDERS}
    for seed in range(_MADE):
        page, columns, order = two_columns(seed)
        right, of = pairs_in_order(read_text(page), columns)
        pairs[order] = [pairs[order][0] + right, pairs[order][1] + of]
    for order, (right, of) in pairs.items():
        print(f"| {order} | {right / of:.3f} ({right:,} of {of:,}) |")


def read_text(content: bytes) -> str:
    """The text of a file that can be read."""
    reading = read(content)
    return reading.text if isinstance(reading, Reading) else ""


def _show(name: str, papers: Papers, misses: bool) -> None:
    scores, count = accuracy(papers, ours)
    baseline, _ = accuracy(papers, naive)
    print(f"\n{name}: {count} annotated résumés")
    print(
        "| field | precision | recall | F1 | hits | naive F1 |\n| --- | --- | --- | --- | --- | --- |"
    )
    for field_name, score in scores.items():
        print(f"| {field_name} | {score.row()} | {baseline[field_name].f1:.2f} |")
        if misses:
            print("\n".join(f"    {miss}" for miss in score.misses))


def main() -> int:
    """Arguments: the folder of annotated résumés, and what to show besides."""
    folders = [Path(each) for each in sys.argv[1:] if not each.startswith("--")]
    if not folders and not {"--own", "--made"} & set(sys.argv):
        print(__doc__)
        return 2
    for folder in [*folders, *([_OWN] if "--own" in sys.argv else [])]:
        _show(folder.name, list(documents(folder)), "--misses" in sys.argv)
    if "--made" in sys.argv:
        _show("invented", list(_made("plain")), "--misses" in sys.argv)
        _show("invented, for development", list(_made("development")), "--misses" in sys.argv)
    if {"--made", "--unseen"} & set(sys.argv):
        _show("invented, set and worded as never seen", list(_made("unseen")), misses=False)
    if "--made" in sys.argv:
        _show_order()
    if folders and "--fast" not in sys.argv:
        _speed(folders[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
