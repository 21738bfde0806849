"""What the pages about jobs and applications show, beyond what the API says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from app.applications.bulk import Outcome
from app.applications.moves import ALLOWED, ENDED, STAGES, STATUSES
from app.console.language import Speech
from app.core.clock import now
from app.jobs.models import Job
from app.jobs.service import NEXT

JOB_TONES: Final = {
    "active": "good",
    "draft": "wait",
    "closed": "off",
    "expired": "warn",
    "archived": "off",
}
STAGE_TONES: Final = {
    **dict.fromkeys(STAGES, "run"),
    "applied": "wait",
    "accepted": "good",
    "rejected": "bad",
    "withdrawn": "off",
}
EXPIRES_SOON: Final = timedelta(days=3)
WAITED_LONG: Final = timedelta(days=7)


def job_state(job: Job) -> str:
    """The job's status as people speak of it: what is past its time has expired."""
    is_over = job.expires_at is not None and job.expires_at <= now()
    return "expired" if is_over and job.status in ("active", "closed") else job.status


def job_steps(job: Job) -> list[str]:
    """What the job may become, for the buttons; one whose time is over is not reopened by a click."""
    order = ("active", "closed", "archived")
    is_over = job.expires_at is not None and job.expires_at <= now()
    steps = [step for step in order if step in NEXT[job.status]]
    return [step for step in steps if step != "active" or not is_over]


def steps(status: str) -> list[str]:
    """Where an employer may move an application from there, the next stage first."""
    allowed = ALLOWED["employer"].get(status, frozenset())
    return [stage for stage in (*STAGES, *ENDED) if stage in allowed]


def days_left(job: Job) -> int | None:
    """Whole days until an active job is over, begun ones included; None for those without an end."""
    if job.expires_at is None or job.status != "active" or job.expires_at <= now():
        return None
    return (job.expires_at - now()).days + 1


TOOLS: Final[dict[str, Any]] = {
    "job_state": job_state,
    "job_steps": job_steps,
    "job_tones": JOB_TONES,
    "stage_tones": STAGE_TONES,
    "stages": STATUSES,
    "steps": steps,
    "days_left": days_left,
    "ended": ENDED,
    "all_steps": [stage for stage in (*STAGES, *ENDED) if stage not in ("applied", "withdrawn")],
}
"""What the templates of hiring ask."""


@dataclass(frozen=True, slots=True)
class Notice:
    """How a move went: what was moved where, and in words what was refused."""

    moved: int
    to: str
    refused: Sequence[str] = ()
    first: UUID | None = None


def notice_of(
    outcomes: Sequence[Outcome], to: str, present: Mapping[UUID, Mapping[str, Any]], speech: Speech
) -> Notice:
    """The outcomes in the reader's language; `present` has those that were refused, as they stand."""
    moved = [one for one in outcomes if one.problem is None]
    refused = [
        _refusal(one, to, present.get(one.application_id), speech)
        for one in outcomes
        if one.problem is not None
    ]
    first = moved[0].application_id if moved else None
    return Notice(len(moved), to, refused, first)


def _refusal(outcome: Outcome, to: str, row: Mapping[str, Any] | None, speech: Speech) -> str:
    if row is None or outcome.problem is None:
        return speech.say("board.gone")
    code = outcome.problem.code.rpartition(".")[2]
    return speech.known(f"board.refused_{code}", outcome.problem.title).format(
        name=row["candidate_name"] or row["candidate_email"],
        stage=speech.say(f"stage.{row['status']}"),
        to=speech.say(f"stage.{to}"),
    )


def initials(name: str) -> str:
    """At most two letters that stand for a person."""
    words = [word for word in name.split() if word[0].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"
