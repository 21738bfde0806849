"""People, claim files and papers, made through the API as a customer's own programs would."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from app.core.settings import PROJECT
from app.dev.payer.asgi import PayerOptions
from app.dev.payer.book import Book, Books
from app.dev.payer.example import DEMO_TIN
from app.dev.payer.questions import payer_today
from app.dev.payer.rows import Mix, RowPlan, Shape, write_rows
from tests.browser.rehearsal import Rehearsal
from tests.resumes.papers import lines, pdf

PASSWORD = "correct horse battery"
TIN = "222222222"
_ENDED = ("COMPLETED", "FAILED", "CANCELLED")


@dataclass(frozen=True)
class Person:
    """Somebody with an account; `api` is signed in as them."""

    email: str
    api: httpx.Client = field(repr=False)
    password: str = field(default=PASSWORD, repr=False)


@dataclass
class Seeds:
    """Who is there and what was made; `ids` holds ids by the names that cases of pages use."""

    admin: Person
    superuser: Person
    newcomer: Person
    book: Book
    ids: dict[str, str]

    def person(self, name: str) -> Person | None:
        """One of the people by name; None for `nobody`."""
        found = None if name == "nobody" else getattr(self, name)
        if found is None:
            return None
        assert isinstance(found, Person)
        return found


def sign_in(house: Rehearsal, email: str, password: str) -> Person:
    """A client of the API signed in as somebody who is there already."""
    api = httpx.Client(base_url=f"{house.url}/api/v1", timeout=60)
    answer = api.post("/login/access-token", data={"username": email, "password": password})
    api.headers["Authorization"] = f"Bearer {checked(answer)['access_token']}"
    return Person(email, api, password)


def register(house: Rehearsal, email: str, full_name: str) -> Person:
    """A new account."""
    api = httpx.Client(base_url=f"{house.url}/api/v1", timeout=60)
    account = {"email": email, "password": PASSWORD, "full_name": full_name}
    api.headers["Authorization"] = (
        f"Bearer {checked(api.post('/users/', json=account))['access_token']}"
    )
    return Person(email, api)


def checked(answer: httpx.Response) -> Any:
    """The body of an answer that is good."""
    assert answer.is_success, answer.text
    return answer.json()


def claims_file(book: Book, path: Path, rows: int, *, shape: Shape = "patient") -> Path:
    """A claim file of people whom the payer knows, but for one in twelve rows."""
    plan = RowPlan(shape=shape, rows=rows, seed=rows, mix=Mix(0.05, 0.03))
    write_rows(book, path, plan)
    return path


def upload(person: Person, path: Path, *, book: Book, batch: bool = True) -> str:
    """Hand a claim file in; the job's id."""
    fields = {
        "provider": "uhc",
        "use_batch_query": str(batch).lower(),
        "start_date": book.first_day.isoformat(),
        "end_date": book.last_day.isoformat(),
    }
    with path.open("rb") as file:
        answer = person.api.post(
            "/claims/bulk/upload", data=fields, files={"file": (path.name, file)}
        )
    return str(checked(answer)["id"])


def job(person: Person, job_id: str) -> Any:
    """A job as the API tells it."""
    return checked(person.api.get(f"/claims/csv-jobs/{job_id}"))


def wait_for_end(person: Person, job_id: str, seconds: float = 60) -> Any:
    """The job once it has ended."""
    deadline = time.monotonic() + seconds
    while (found := job(person, job_id))["status"] not in _ENDED:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


@contextmanager
def sown(house: Rehearsal, folder: Path) -> Iterator[Seeds]:
    """All of it, a few seconds, most of them the worker's; the clients close with the block."""
    usual = PayerOptions()
    books = Books(seed=usual.seed, claims=usual.claims, days=usual.days, today=payer_today())
    book = books.book(TIN)
    admin = register(house, "maria.ortiz@lakeside.example", "Maria Ortiz")
    checked(admin.api.post("/organizations/", json={"name": "Lakeside Medical Group"}))
    for name, tin in (("Lakeside Family Practice", DEMO_TIN), ("Lakeside North", TIN)):
        checked(admin.api.post("/practices/", json={"name": name, "tin": tin}))
    for email, role in (
        ("jun.chen@lakeside.example", "staff"),
        ("ana.silva@lakeside.example", "viewer"),
    ):
        checked(admin.api.post("/organizations/me/members", json={"email": email, "role": role}))
    seeds = Seeds(
        admin=admin,
        superuser=sign_in(house, *house.account),
        newcomer=register(house, "ines.dubois@example.org", "Inès Dubois"),
        book=book,
        ids={},
    )
    try:
        _claims(seeds, folder)
        _papers(seeds)
        _hiring(house, seeds)
        yield seeds
    finally:
        for person in (seeds.admin, seeds.superuser, seeds.newcomer):
            person.api.close()


def _claims(seeds: Seeds, folder: Path) -> None:
    admin, book = seeds.admin, seeds.book
    example = PROJECT / "examples" / "claims-5-rows.csv"
    ended = upload(admin, claims_file(book, folder / "claims-week-46.csv", 1_000), book=book)
    few = upload(admin, example, book=book)
    house_of = {"ended": ended, "example": few}
    for job_id in house_of.values():
        wait_for_end(admin, job_id)
    seeds.ids |= house_of


def _papers(seeds: Seeds) -> None:
    seeds.ids["resume"] = _read_resume(seeds.admin)


def _hiring(house: Rehearsal, seeds: Seeds) -> None:
    """Two jobs, and a handful of applicants in several stages, one of them with a résumé."""
    jobs = seeds.admin.api
    post = {
        "title": "Data Engineer, Clinical Pipelines",
        "location": "Saint-Étienne-du-Rouvray",
        "description": "You build the pipelines that our analysts live on.",
        "requirements": "Three years with Python and PostgreSQL. Nice to have: Kubernetes.",
        "skills": ["PostgreSQL", "Python", "Terraform", "Rust"],
    }
    seeds.ids["post"] = checked(jobs.post("/jobs", json=post))["id"]
    draft = {**post, "title": "Revenue cycle analyst", "status": "draft"}
    seeds.ids["draft"] = checked(jobs.post("/jobs", json=draft))["id"]
    names = ("Zoë Ångström-Lefèvre", "Jean-Baptiste d’Aubigné", "Thị-Hương Nguyễn", "Ana Rossi")
    stages = ("applied", "shortlisted", "rejected", "applied")
    for at, (name, stage) in enumerate(zip(names, stages, strict=True)):
        person = register(house, f"applicant-{at}@example.org", name)
        letter: dict[str, Any] = {"job_id": seeds.ids["post"], "source": "Journée portes ouvertes"}
        if at == 0:
            letter |= {"resume_id": _read_resume(person), "cover_letter": "Bonjour,\n\nà bientôt"}
        made = checked(person.api.post("/applications", json=letter))["id"]
        person.api.close()
        seeds.ids["application" if at == 0 else "bare"] = made
        if stage != "applied":
            checked(jobs.put(f"/applications/{made}", json={"status": stage, "rating": 4}))


def _read_resume(person: Person) -> str:
    """A résumé that the worker has read; its id."""
    text = (PROJECT / "examples" / "resume.txt").read_text(encoding="utf-8")
    files = {"file": ("zoe-lefevre.pdf", pdf(lines(*text.splitlines())), "application/pdf")}
    made = str(checked(person.api.post("/resumes", files=files))["id"])
    deadline = time.monotonic() + 60
    while checked(person.api.get(f"/resumes/{made}"))["status"] != "skills_extracted":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return made
