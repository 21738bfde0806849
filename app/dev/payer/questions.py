"""What a caller of the local payer asks, read out of the request's headers."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from app.core.clock import now

PAYER_IDS: Final = frozenset(
    {"87726", "03432", "96385", "95467", "86050", "86047", "95378", "37602"}
)
_TIN: Final = re.compile(r"[0-9]{9}")
_DAY: Final = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")

Headers = Mapping[bytes, bytes]
"""Names in lower case."""


def payer_today() -> date:
    """The payer sits in US Central time."""
    return (now() - timedelta(hours=6)).date()


class Refusal(Exception):
    """An answer in the payer's error form."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def asked_tin(headers: Headers) -> str:
    """The provider, once its payer id is one that the payer serves.

    Raises:
        Refusal: 102 where one is missing, 105 for a payer id that is not served.
    """
    tin, payer_id = text_of(headers, b"tin"), text_of(headers, b"payerid")
    if not _TIN.fullmatch(tin) or not payer_id:
        raise Refusal("LCLM_PS_102")
    if payer_id not in PAYER_IDS:
        raise Refusal("LCLM_PS_105")
    return tin


def asked_page(token: str) -> tuple[str, int]:
    """The walk that goes on and its page; an empty walk and page 1 for a new question."""
    walk_id, _, number = token.partition("-")
    return walk_id, int(number) if number.isdigit() else 1


def asked_window(headers: Headers, today: date, window_days: int) -> tuple[date, date]:
    """The first and the last day of service.

    Raises:
        Refusal: 102, 106, 107, 108, 111 or 112.
    """
    first = _day(headers, b"firstservicedt", "LCLM_PS_108")
    last = _day(headers, b"lastservicedt", "LCLM_PS_111")
    return checked_window(first, last, today, window_days)


def checked_window(
    first: date | None, last: date | None, today: date, window_days: int
) -> tuple[date, date]:
    """The days, once the payer takes them.

    Raises:
        Refusal: 102, 106, 107 or 112.
    """
    if first is None or last is None:
        raise Refusal("LCLM_PS_102")
    if first < _two_years_before(today) or last > today:
        raise Refusal("LCLM_PS_107")
    if last < first:
        raise Refusal("LCLM_PS_106")
    if (last - first).days >= window_days:
        raise Refusal("LCLM_PS_112")
    return first, last


def asked_patient(headers: Headers) -> tuple[str, str, date | None]:
    """First name, last name and birth day, each empty where not asked for.

    Raises:
        Refusal: 113 for a birth day that is none.
    """
    born = _day(headers, b"ptntdob", "LCLM_PS_113")
    return text_of(headers, b"ptntfn"), text_of(headers, b"ptntln"), born


def text_of(headers: Headers, name: bytes) -> str:
    """A header's text, "" for none."""
    return headers.get(name, b"").decode("latin-1").strip()


def _day(headers: Headers, name: bytes, code: str) -> date | None:
    text = text_of(headers, name)
    if not text:
        return None
    found = _DAY.fullmatch(text)
    try:
        return date(int(found[3]), int(found[1]), int(found[2])) if found else _refuse(code)
    except ValueError:
        return _refuse(code)


def _refuse(code: str) -> date:
    raise Refusal(code)


def _two_years_before(today: date) -> date:
    leap_day = (today.month, today.day) == (2, 29)
    return today.replace(year=today.year - 2, day=28 if leap_day else today.day)
