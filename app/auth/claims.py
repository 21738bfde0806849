"""Single values out of foreign claims: cleaned, bounded, and empty where they are unusable.

What an issuer signs may still have been typed by anybody, so text is held to the same rules as in
our own forms; a name that breaks them is dropped, never a reason to fail.
"""

from functools import lru_cache
from typing import Final

from pydantic import TypeAdapter, ValidationError

from app.auth.jwt import Claims
from app.core.schema import Email
from app.core.text import is_clean, is_one_line, normal

LONGEST_NAME: Final = 200
LONGEST_ID: Final = 100
_EMAIL: Final = TypeAdapter[str](Email)
# The strongest first: of several roles that a token gives, this one counts.
_ROLES: Final = {
    "admin": ("admin", "manager"),
    "staff": ("staff", "billing", "api_user"),
    "employer": ("employer",),
    "viewer": ("read_only",),
    "candidate": ("candidate",),
}
UNKNOWN_ROLE: Final = "candidate"


def line(claims: Claims, name: str, longest: int = LONGEST_NAME) -> str:
    """One line of text, cut to `longest` characters."""
    value = claims.get(name)
    if not isinstance(value, str) or not is_clean(value) or not is_one_line(value):
        return ""
    return normal(value).strip()[:longest]


def moment(claims: Claims, name: str) -> int:
    """Seconds since 1970, 0 where there is no usable number."""
    value = claims.get(name)
    is_usable = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**40
    return value if is_usable and isinstance(value, int) else 0


def identifier(value: object) -> str:
    """An id or alias, whole or not at all: half of one would name something else."""
    is_usable = isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()
    return str(value) if is_usable else ""


def email(value: object) -> str:
    """An e-mail address that our own forms would take."""
    return _address(value) if isinstance(value, str) else ""


@lru_cache(maxsize=1024)
def _address(text: str) -> str:
    # Every request of a person brings the same address, and judging it costs more than all else.
    try:
        return _EMAIL.validate_python(text)
    except ValidationError:
        return ""


def strongest_role(names: object) -> str | None:
    """The strongest of our roles that foreign names stand for, whatever their case; None for none.

    The table: admin and manager are admins; staff, billing and api_user staff;
    read_only a viewer; employer and candidate as they are.
    """
    if not isinstance(names, list):
        return None
    found = {name.casefold() for name in names if isinstance(name, str)}
    return next((role for role, meant in _ROLES.items() if found.intersection(meant)), None)
