"""Texts out of PDFs: this project's reader beside pdfminer.six alone, over the same invented résumés.

    .venv/bin/python -m scripts.bench.extraction            half a minute
    .venv/bin/python -m scripts.bench.extraction FOLDER     over PDFs of your own
    .venv/bin/python -m scripts.bench.extraction --write    keeps the figures in docs/

Half of the files have two columns, drawn in five orders. Processor time, in turns; how well fields are
read is scripts.bench.resumes' matter.
"""

import argparse
import asyncio
import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pdfminer.high_level import extract_text

from app.resumes.reading.pdf import read_pdf
from app.resumes.reading.readers import Readers
from app.resumes.reading.results import CannotRead, Reading
from app.resumes.understanding.understand import understand
from scripts.bench import kept
from scripts.bench.kept import Figures
from scripts.bench.made_resumes import made_resume
from scripts.bench.page import finish
from scripts.bench.two_columns import two_columns
from tests.resumes.papers import lines, pdf

FILES: Final = 60
_A_PAGE: Final = 48


def corpus(count: int) -> list[bytes]:
    """Invented files: two pages of one column, and pages of two columns, in turns."""
    made = []
    for seed in range(count):
        if seed % 2:
            made.append(two_columns(seed)[0])
            continue
        texts = [made_resume(seed * 10 + part).text for part in range(8)]
        rows = [row.expandtabs(4) for text in texts for row in text.split("\n")][: 2 * _A_PAGE]
        made.append(pdf(lines(*rows[:_A_PAGE]), lines(*rows[_A_PAGE:])))
    return made


def pages_of(files: Sequence[bytes]) -> int:
    """How many pages the files have that can be read."""
    count = 0
    for each in files:
        try:
            count += read_pdf(each).pages or 0
        except CannotRead:
            continue
    return count


def processor_seconds(work: Callable[[bytes], object], files: Sequence[bytes]) -> float:
    """Of this process, for all files one after the other."""
    began = time.process_time()
    for each in files:
        try:
            work(each)
        except CannotRead:
            continue
    return time.process_time() - began


def _pdfminer(content: bytes) -> object:
    try:
        return extract_text(io.BytesIO(content))
    except Exception as error:
        # What it raises for odd files has no common kind; it is a miss of its own, not of the run.
        raise CannotRead("resume.damaged") from error


async def in_children(files: Sequence[bytes]) -> float:
    """Seconds on the clock, as the worker reads: each file in a child of its own, one after another.

    The children belong to a server that forks them, so their processor time is nobody's here.
    """
    readers = Readers()
    await readers.read(files[0])
    began = time.monotonic()
    for each in files:
        await readers.read(each)
    return time.monotonic() - began


def measure(files: Sequence[bytes], rounds: int) -> Figures:
    """Every way of reading over the same files, in turns; seconds of processor time a round."""
    found: Figures = {"files": len(files), "pages": pages_of(files)}
    texts = [reading.text for each in files if isinstance(reading := _read(each), Reading)]
    understand(texts[0])
    for _ in range(rounds):
        told = {
            "ours": processor_seconds(read_pdf, files),
            "pdfminer": processor_seconds(_pdfminer, files),
            "in children": asyncio.run(in_children(files)),
            "understanding": _understanding_seconds(texts),
        }
        for name, seconds in told.items():
            found.setdefault(name, []).append(round(seconds, 4))
    return found


def _understanding_seconds(texts: Sequence[str]) -> float:
    began = time.process_time()
    for text in texts:
        understand(text)
    return time.process_time() - began


def _read(content: bytes) -> Reading | None:
    try:
        return read_pdf(content)
    except CannotRead:
        return None


def main() -> None:
    """Measure, print, and keep where that is asked for."""
    asking = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asking.add_argument("folder", nargs="?", type=Path)
    asking.add_argument("--rounds", type=int, default=5)
    asking.add_argument("--short", action="store_true", help="one round over fewer files")
    asking.add_argument("--write", action="store_true", help="keep them in docs/")
    asked = asking.parse_args()
    before = kept.load()
    if asked.folder:
        files = [path.read_bytes() for path in sorted(asked.folder.rglob("*.pdf"))]
    else:
        files = corpus(16 if asked.short else FILES)
    figures = measure(files, 1 if asked.short else asked.rounds)
    finish("extraction", figures, load=before, is_short=asked.short, is_kept=asked.write)


if __name__ == "__main__":
    main()
