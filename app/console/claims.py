"""What the pages about claim files show, beyond what the API says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.claims.errors import ROW_CODES
from app.claims.models import ENDED, ClaimJobEvent
from app.claims.schemas import JobOut, RowOut
from app.console.findings import why
from app.console.language import Speech
from app.console.phrases import translated


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for which rows failed."""

    code: str
    title: str
    hint: str
    rows: int
    share: float
    is_retriable: bool


def state_of(job: JobOut) -> tuple[str, str]:
    """(name, tone) of a file's state; tone is one of run, wait, warn, good, bad, off."""
    if job.status == "COMPLETED":
        return ("row_errors", "warn") if job.failure_count else ("completed", "good")
    if job.status == "PROCESSING":
        return ("waiting_for_payer", "warn") if job.status_reason else ("running", "run")
    return {
        "PENDING": ("queued", "wait"),
        "CANCELLING": ("cancelling", "run"),
        "CANCELLED": ("cancelled", "off"),
        "FAILED": ("failed", "bad"),
    }[job.status]


def is_over(job: JobOut) -> bool:
    """Whether nothing will change any more by itself."""
    return job.status in ENDED


TOOLS: Final[dict[str, Any]] = {
    "state_of": state_of,
    "is_over": is_over,
    "why": why,
    "translated": translated,
}
"""What the templates of files ask."""


def reasons(job: JobOut, speech: Speech) -> list[Reason]:
    """Why rows failed, the most frequent first."""
    most = max(job.failures_by_reason.values(), default=0)
    found = sorted(job.failures_by_reason.items(), key=lambda pair: (-pair[1], pair[0]))
    return [_reason(code, rows, rows / most, speech) for code, rows in found]


def _reason(code: str, rows: int, share: float, speech: Speech) -> Reason:
    known = ROW_CODES[code]
    return Reason(
        code=code,
        title=speech.known(f"row.{code}.title", known.title),
        hint=speech.known(f"row.{code}.hint", known.hint),
        rows=rows,
        share=share,
        is_retriable=known.retriable,
    )


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a file's history."""

    at: datetime
    tone: str
    text: str


_TONES: Final = {
    "PENDING": "wait",
    "PROCESSING": "run",
    "CANCELLING": "run",
    "CANCELLED": "off",
    "COMPLETED": "good",
    "FAILED": "bad",
}


def history(events: Sequence[ClaimJobEvent], job: JobOut, speech: Speech) -> list[Happening]:
    """What happened to the file, the newest first."""
    return [_happening(one, job, speech) for one in events]


def _happening(event: ClaimJobEvent, job: JobOut, speech: Speech) -> Happening:
    told = event.data
    if event.kind == "uploaded":
        who = job.user_email or speech.say("history.somebody")
        return Happening(
            event.at, "mark", speech.say("history.uploaded", count=told["rows"], name=who)
        )
    if event.kind == "reason":
        code = told.get("status_reason_code")
        if told["status_reason"] is None:
            return Happening(event.at, "good", speech.say("history.answers_again"))
        text = speech.say(f"history.{code}") if code else told["status_reason"]
        return Happening(event.at, "warn", text)
    status = str(told["status"])
    if "attempt" in told:
        text = speech.say("history.again", n=told["attempt"])
    else:
        text = speech.say(f"history.{status}")
    return Happening(event.at, _TONES[status], text)


def masked(name: str | None) -> str:
    """A name of which only its shape is left: C•••• K•••."""
    words = (name or "").split()
    return " ".join(word[0] + "•" * min(7, max(2, len(word) - 1)) for word in words) or "–"


def masked_number(number: str | None) -> str:
    """A claim number of which only its end is left."""
    if not number:
        return "–"
    return "•" * max(2, min(8, len(number) - 4)) + number[-4:] if len(number) > 4 else "••••"


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A failed row on the page."""

    row: int
    claim: str
    patient: str
    title: str
    code: str
    message: str
    hint: str
    attempts: int


def shown_row(row: RowOut, speech: Speech, *, reveal: bool) -> ShownRow:
    """The row with or without what tells a person; the message may quote a cell, so it goes too."""
    code = row.error.code if row.error else ""
    known = _reason(code, 0, 0.0, speech) if code else None
    return ShownRow(
        row=row.row,
        claim=(row.claim_number or "–") if reveal else masked_number(row.claim_number),
        patient=(row.patient_name or "–") if reveal else masked(row.patient_name),
        title=known.title if known else "",
        code=code,
        message=_message(row, speech) if reveal else "",
        hint=known.hint if known else "",
        attempts=row.attempts,
    )


def _message(row: RowOut, speech: Speech) -> str:
    """What is told of this row beyond its reason; nothing where it is the same."""
    if row.error is None or row.error.message.rstrip(".") == ROW_CODES[row.error.code].title:
        return ""
    return translated(speech.language, row.error.message)


def chart(
    points: Sequence[tuple[float, int, int]], *, since: datetime, step: float
) -> dict[str, list[Any]]:
    """Rows a second and failed rows a second over time, with zeros where nothing was answered."""
    if not points:
        return {"at": [], "rows": [], "failed": []}
    known = {round(at / step): (rows, failed) for at, rows, failed in points}
    begin = since.timestamp()
    places = range(max(known) + 1)
    return {
        "at": [round(begin + place * step, 1) for place in places],
        "rows": [round(known.get(place, (0, 0))[0] / step, 2) for place in places],
        "failed": [round(known.get(place, (0, 0))[1] / step, 2) for place in places],
    }
