"""What a page tells of the action before it: a cookie for one page, of codes and ids alone."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import Request, Response

from app.accounts import cookies
from app.applications.moves import STATUSES

COOKIE: Final = "intake_told"
_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Told:
    """How many were moved, where to, and the first of them."""

    count: int
    word: str
    subject: UUID


def tell(request: Request, answer: Response, told: Told) -> None:
    """Keep it for the page that comes next."""
    value = f"{told.count}.{told.word}.{told.subject}"
    cookies.set_cookie(request, answer, COOKIE, value, _SECONDS)


def read_told(request: Request) -> Told | None:
    """What the action before has done; a cookie that somebody made up tells nothing."""
    count, _, rest = request.cookies.get(COOKIE, "").partition(".")
    word, _, subject = rest.partition(".")
    if not (count.isascii() and count.isdecimal()) or word not in STATUSES:
        return None
    try:
        return Told(int(count[:6]), word, UUID(subject))
    except ValueError:
        return None
