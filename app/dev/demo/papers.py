"""What the demonstration's people hand in: résumés as text, and claim files for the local payer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from app.core.clock import now
from app.dev.demo.cast import Applicant
from app.dev.payer.asgi import PayerOptions
from app.dev.payer.book import Books
from app.dev.payer.example import DEMO_TIN
from app.dev.payer.questions import payer_today
from app.dev.payer.rows import Mix, RowPlan, Shape, write_rows

_TEMPLATES: Final = {
    "en": """{name}
{place} | {email}

Profile
{title} with {years} years of experience.

Experience

{title}, Harbor Street Partners
March {recent} - Present
Works every day with {first} and {second}; trains two colleagues.

{title}, Northfield Services
September {begin} - February {recent}
Began with {second}, then moved to {last}.

Education

{degree}

Skills

{skills}

Languages

English (native), French (basic)
""",
    "fr": """{name}
{place} | {email}

Profil
{title}, {years} ans d’expérience.

Expérience professionnelle

{title}, Groupe Saône Santé
mars {recent} - aujourd’hui
Travaille chaque jour avec {first} et {second} ; encadre deux collègues.

{title}, Nordet Services
septembre {begin} - février {recent}
A commencé par {second}, puis {last}.

Formation

{degree}

Compétences

{skills}

Langues

Français (langue maternelle), anglais (courant)
""",
}
_DEGREES: Final = {
    "en": "BSc Computer Science, University of Vermont, {year}",
    "fr": "Master Informatique, Université de Lyon, {year}",
}


def resume(applicant: Applicant) -> bytes:
    """An applicant's résumé as a text file."""
    begin = now().year - applicant.years
    text = _TEMPLATES[applicant.language].format(
        name=applicant.full_name,
        place=applicant.place,
        email=applicant.email,
        title=applicant.title,
        years=applicant.years,
        begin=begin,
        recent=begin + (applicant.years + 1) // 2,
        first=applicant.skills[0],
        second=applicant.skills[1],
        last=applicant.skills[-1],
        degree=_DEGREES[applicant.language].format(year=begin),
        skills=", ".join(applicant.skills),
    )
    return text.encode()


def resume_name(applicant: Applicant) -> str:
    """The name of the file."""
    return f"{applicant.full_name.replace(' ', '-')}.txt"


Days = tuple[date, date]
_FLAWLESS: Final = Mix(wrong_person=0.0, unknown=0.0)


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """A claim file for the local payer; in a flawless one every row is found."""

    name: str
    shape: Shape
    rows: int
    in_windows: bool = True
    is_flawless: bool = False


CLAIM_FILES: Final = (
    ClaimFile("claims-october.csv", "claim_number", 180),
    ClaimFile("patients-week-46.csv", "patient", 90),
    ClaimFile("lakeview-practice-q3.csv", "practice", 60),
    ClaimFile("resubmissions-77.csv", "claim_number", 40, in_windows=False),
    ClaimFile("claims-november.csv", "claim_number", 240, is_flawless=True),
    ClaimFile("patients-by-mistake.csv", "patient", 30),
)


def claim_files(folder: Path, practice_id: int) -> Iterator[tuple[ClaimFile, Path, Days]]:
    """Each file, written into `folder`, with the first and last day of the payer's claims.

    The local payer knows the answer to every row.
    """
    usual = PayerOptions()
    books = Books(seed=usual.seed, claims=usual.claims, days=usual.days, today=payer_today())
    book = books.book(DEMO_TIN)
    for number, file in enumerate(CLAIM_FILES, start=1):
        path = folder / file.name
        plan = RowPlan(
            shape=file.shape,
            rows=file.rows,
            seed=number,
            practice_id=practice_id,
            mix=_FLAWLESS if file.is_flawless else Mix(),
        )
        write_rows(book, path, plan)
        yield file, path, (book.first_day, book.last_day)
