"""Text of scanned pages by tesseract, where it is installed. Off the critical path.

A page takes a second or two, hundreds of times as long as reading a text layer, so this is never
part of `read`: after `resume.no_text_layer` the pipeline asks for it when no other résumé waits.
"""

import io
import os
import subprocess
from contextlib import closing
from typing import Final

import pypdfium2

from app.resumes.reading.normalise import normalise
from app.resumes.reading.readers import tesseract
from app.resumes.reading.results import LIMITS, Limits, Reading, Unreadable, unreadable

_POINTS_PER_INCH: Final = 72
_DOTS_PER_INCH: Final = 200
_LARGEST_SIDE: Final = 4_000
_MOST_PAGES: Final = 5
_SECONDS_A_PAGE: Final = 30
_LANGUAGES: Final = ("eng", "fra")


def recognise(content: bytes, limits: Limits = LIMITS) -> Reading | Unreadable:
    """The text in the pictures of a PDF's first five pages, at 200 dots an inch.

    `resume.no_text_layer` where tesseract is not installed or sees no text, `resume.damaged` where
    no page can be drawn, `resume.too_demanding` where a page takes over 30 seconds.
    """
    program = tesseract()
    if program is None:
        return unreadable("resume.no_text_layer")
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        return unreadable("resume.damaged")
    with closing(document):
        count = len(document)
        shown = min(count, _MOST_PAGES, limits.pages)
        try:
            languages = _languages(program)
            pages = [_page(program, languages, _draw(document, at)) for at in range(shown)]
        except subprocess.TimeoutExpired:
            return unreadable("resume.too_demanding")
        except (pypdfium2.PdfiumError, subprocess.CalledProcessError):
            return unreadable("resume.damaged")
    text = normalise("\n\n".join(pages), limits.characters)
    if not any(map(str.isalnum, text)):
        return unreadable("resume.no_text_layer")
    return Reading(
        kind="pdf",
        text=text,
        reader="tesseract",
        pages=count,
        cautions=("pages.cut", "text.recognized") if shown < count else ("text.recognized",),
    )


def _draw(document: pypdfium2.PdfDocument, number: int) -> bytes:
    with closing(document[number]) as page:
        side = max(page.get_size())
        scale = min(_DOTS_PER_INCH / _POINTS_PER_INCH, _LARGEST_SIDE / max(1.0, side))
        picture = page.render(scale=scale, grayscale=True).to_pil()
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _languages(program: str) -> str:
    """Those of English and French that are installed, as tesseract's option wants them."""
    listed = _run([program, "--list-langs"], b"").split()
    return "+".join(name for name in _LANGUAGES if name in listed) or _LANGUAGES[0]


def _page(program: str, languages: str, picture: bytes) -> str:
    return _run([program, "stdin", "stdout", "-l", languages, "--psm", "3"], picture)


def _run(command: list[str], given: bytes) -> str:
    # One thread: more are slower where a machine is busy.
    done = subprocess.run(  # noqa: S603 - a fixed program, and no part of the file in the command.
        command,
        input=given,
        capture_output=True,
        timeout=_SECONDS_A_PAGE,
        check=True,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
    )
    return done.stdout.decode("utf-8", "replace")
