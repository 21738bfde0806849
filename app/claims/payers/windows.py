"""What every payer's windows have in common: its day, its look-back, its widest span."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from app.claims.payers.line_options import LineOptions
from app.claims.payers.port import (
    DatesOutOfRange,
    PayerBadResponse,
    Question,
    QuestionRejected,
    WindowTooLarge,
)
from app.core.clock import now

PLAIN: Final = re.compile(r"[\x20-\x7e]{1,512}")
_TIN: Final = re.compile(r"[0-9]{9}")
# The payer's day begins later than UTC's: a window that ends today must not reach into tomorrow.
_PAYER_OFFSET: Final = timedelta(hours=6)


def payer_today() -> date:
    """The day at the payer's seat (US Central standard time)."""
    return (now() - _PAYER_OFFSET).date()


def check_sendable(tin: str, payer_id: str, page_token: str | None = None) -> None:
    """Refuse what must not become a header or a variable.

    Raises:
        QuestionRejected: no TIN, or a payer id of other characters than plain ASCII.
        PayerBadResponse: the payer's own page token is none that could be sent back.
    """
    if not _TIN.fullmatch(tin) or not PLAIN.fullmatch(payer_id):
        raise QuestionRejected
    if page_token is not None and not PLAIN.fullmatch(page_token):
        raise PayerBadResponse


def last_day(question: Question, options: LineOptions, today: Callable[[], date]) -> date:
    """The window's end, cut at the payer's today: later days hold no claims and are refused.

    Raises:
        QuestionRejected: it ends before it begins.
        DatesOutOfRange: it lies before the payer's look-back, or in the future.
        WindowTooLarge: it spans more days than the payer takes.
    """
    present = today()
    oldest = present - timedelta(days=options.lookback_days)
    if question.from_date > question.to_date:
        raise QuestionRejected
    if question.from_date > present or question.from_date < oldest:
        raise DatesOutOfRange
    if (question.to_date - question.from_date).days > options.max_window_days:
        raise WindowTooLarge
    return min(question.to_date, present)


def sendable_person(question: Question) -> tuple[str, str, date] | None:
    """First name, last name and birth day, or None where the person cannot be asked for.

    Names travel as ASCII only: what proxies and payers make of more is not known, and a name that
    arrives garbled would be answered with "no data". The window alone gives the claim too, and
    matching finds it there.
    """
    first, last = question.first_name, question.last_name
    if not first or not last or question.date_of_birth is None:
        return None
    if not PLAIN.fullmatch(first) or not PLAIN.fullmatch(last):
        return None
    return first.strip(), last.strip(), question.date_of_birth
