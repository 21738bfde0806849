"""Jobs and résumés made of occupations, so that it is known which belong together.

A job is told with one half of an occupation's tasks and skills, its résumés with the other: they
share few sentences and no more words than two people who write of the same work. Each résumé has an
earlier post from another occupation, half of them a title that says little, and one of four layouts.
"""

import gzip
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.analysis.engine.values import Post

DATA: Final = Path(__file__).parent / "data" / "occupations.json.gz"
_NAMES: Final = ("Ada Byron", "Jean Martin", "Li Wei", "Fatou Diop", "Olga Novak", "Tom O'Neill")
_FIRMS: Final = ("Northwind", "Contoso", "Fabrikam", "Adatum", "Litware", "Tailspin", "Proseware")
_ABOUT: Final = (
    "We are a growing company with a friendly team. We offer a competitive salary and flexible hours.",
    "Join us: you will work with motivated colleagues, learn every day and grow your career.",
    "Our customers trust us for over 20 years. We value diversity and a good balance of work and life.",
)
_INTERESTS: Final = (
    "Reading, hiking, chess",
    "Cooking and travel",
    "Football, music, volunteering",
)


@dataclass(frozen=True, slots=True)
class Resume:
    """A résumé's text and the place of its occupation among the jobs."""

    text: str
    occupation: int


def make(resumes_each: int, *, seed: int) -> tuple[list[Post], list[Resume]]:
    """One job an occupation, and some résumés for each."""
    draw = random.Random(seed)
    occupations: list[dict[str, Any]] = json.loads(gzip.decompress(DATA.read_bytes()))
    jobs, sides = [], []
    for occupation in occupations:
        mine, theirs = _halves(draw, occupation["tasks"])
        wanted, held = _halves(draw, occupation["skills"])
        jobs.append(_job(draw, occupation["title"], mine, wanted))
        shared = draw.sample(wanted, min(len(wanted), 2))
        sides.append({**occupation, "tasks": theirs, "skills": [*held, *shared]})
    resumes = [
        Resume(_resume(draw, side, draw.choice(sides)), number)
        for number, side in enumerate(sides)
        for _ in range(resumes_each)
    ]
    return jobs, resumes


def _halves(draw: random.Random, items: list[str]) -> tuple[list[str], list[str]]:
    mixed = draw.sample(items, len(items))
    middle = (len(mixed) + 1) // 2
    return mixed[:middle], mixed[middle:] or mixed


def _job(draw: random.Random, title: str, tasks: list[str], skills: list[str]) -> Post:
    duties = "\n".join(f"- {task}" for task in tasks)
    asked = "\n".join(f"- {skill}" for skill in skills)
    years = draw.choice((2, 3, 5))
    return Post(
        title=title.capitalize(),
        description=f"{draw.choice(_ABOUT)}\n\nWhat you do:\n{duties}",
        requirements=f"{years}+ years of experience in a similar role\n{asked}",
        skills=(),
        level="mid",
    )


def _resume(draw: random.Random, occupation: dict[str, Any], other: dict[str, Any]) -> str:
    tasks, skills = occupation["tasks"], occupation["skills"]
    titles = occupation["also"] or [occupation["title"]]
    whole = draw.choice(titles)
    title = whole.split()[-1] if draw.random() < 0.5 else whole
    count = min(len(tasks), draw.randint(3, 7))
    posts = [
        (title, draw.choice(_FIRMS), "03/2019 - 09/2023", draw.sample(tasks, count)),
        (
            other["title"],
            draw.choice(_FIRMS),
            "01/2016 - 02/2019",
            draw.sample(other["tasks"], min(3, len(other["tasks"]))),
        ),
    ]
    name = draw.choice(_NAMES)
    known = draw.sample(skills, min(len(skills), 8))
    layout = draw.choice((_classic, _skills_first, _capitals, _dense))
    return layout(name, posts, known, draw.choice(_INTERESTS))


Posts = list[tuple[str, str, str, list[str]]]


def _contact(name: str) -> str:
    return f"{name}\n{name.split(maxsplit=1)[0].lower()}@example.com | +44 20 7946 0958 | London\n"


def _classic(name: str, posts: Posts, skills: list[str], interests: str) -> str:
    told = "\n\n".join(
        f"{title}, {firm}\n{time}\n" + "\n".join(f"• {task}" for task in tasks)
        for title, firm, time, tasks in posts
    )
    listed = f"\nSkills\n\n{', '.join(skills)}\n" if skills else ""
    return f"{_contact(name)}\nExperience\n\n{told}\n\nEducation\n\nBSc, University of London, 2015\n{listed}\nInterests\n\n{interests}\n"


def _skills_first(name: str, posts: Posts, skills: list[str], interests: str) -> str:
    listed = "Skills\n" + "\n".join(f"- {skill}" for skill in skills) + "\n\n" if skills else ""
    told = "\n\n".join(
        f"{firm} — {title} ({time})\n{' '.join(tasks)}" for title, firm, time, tasks in posts
    )
    return f"{_contact(name)}\n{listed}Work experience\n{told}\n\nHobbies\n{interests}\n"


def _capitals(name: str, posts: Posts, skills: list[str], interests: str) -> str:
    told = "\n\n".join(
        f"{time}\t{title}\n{firm}\n" + "\n".join(f"- {task}" for task in tasks)
        for title, firm, time, tasks in posts
    )
    listed = f"\n\nTECHNICAL SKILLS\n{' | '.join(skills)}" if skills else ""
    return f"{name.upper()}\n{_contact(name)}\nPROFESSIONAL EXPERIENCE\n{told}{listed}\n\nINTERESTS\n{interests}\n"


def _dense(name: str, posts: Posts, skills: list[str], interests: str) -> str:
    first = posts[0]
    told = "\n".join(
        f"{title} at {firm}, {time}\n{'; '.join(task.rstrip('.') for task in tasks)}."
        for title, firm, time, tasks in posts
    )
    listed = f"\nCompetencies: {'; '.join(skills)}" if skills else ""
    return f"{_contact(name)}\nProfile\n{first[3][0]}\n\nEmployment history\n{told}{listed}\n\nInterests\n{interests}\n"
