"""What a start page tells those who hire: who waits, what ends soon, today's résumés, the numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from app.applications import board
from app.console import analytics
from app.console.attention import Need
from app.console.hirer import Hirer
from app.console.hiring import EXPIRES_SOON, WAITED_LONG, days_left
from app.console.language import Speech
from app.core.clock import now
from app.core.db import ReadSession
from app.jobs import desk
from app.optimus import service as optimus
from app.optimus.ranges import range_of

_MOST: Final = 3
_UNREAD_DAYS: Final = timedelta(days=30)
# How far a résumé is, as people ask for it, with the tone of its part of the bar.
_PARTS: Final = (
    ("read", "good", ("skills_extracted",)),
    ("waiting", "run", ("uploaded", "text_extracted")),
    ("failed", "bad", ("extraction_failed",)),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a stacked bar, and how many stand before it."""

    name: str
    tone: str
    count: int
    before: int


@dataclass(frozen=True, slots=True)
class HiringDay:
    """What the page shows."""

    needs: list[Need]
    papers: list[Part]
    tiles: list[analytics.Tile]

    @property
    def total(self) -> int:
        """All résumés of the day."""
        return sum(part.count for part in self.papers)


async def hiring_day(session: ReadSession, who: Hirer, speech: Speech) -> HiringDay:
    """All of it for this person: employers are told of their own jobs, admins of all."""
    organization_id = who.member.organization_id
    numbers = await optimus.headline(
        session, organization_id=organization_id, during=range_of(None, None, "UTC")
    )
    midnight = datetime.combine(now().astimezone(UTC).date(), time.min, UTC)
    papers = await board.resumes_since(session, organization_id=organization_id, since=midnight)
    return HiringDay(
        needs=[
            *await _waiting(session, who, speech),
            *await _ending(session, who, speech),
            *await _unread(session, who, speech),
        ],
        papers=parts_of(papers),
        tiles=[
            analytics.counted("applications", numbers.totals.applications, speech),
            analytics.counted("hires", numbers.totals.hires, speech),
            analytics.counted("jobs_posted", numbers.totals.jobs_posted, speech),
            analytics.lasted("first_response", numbers.time_to_first_response, speech),
            analytics.lasted("hire", numbers.time_to_hire, speech),
        ],
    )


def parts_of(counts: Mapping[str, int]) -> list[Part]:
    """The parts of the day's bar, in its order."""
    found: list[Part] = []
    for name, tone, statuses in _PARTS:
        count = sum(counts.get(status, 0) for status in statuses)
        found.append(Part(name, tone, count, sum(part.count for part in found)))
    return found


async def _waiting(session: ReadSession, who: Hirer, speech: Speech) -> list[Need]:
    found = await board.waiting(
        session,
        organization_id=who.member.organization_id,
        before=now() - WAITED_LONG,
        posted_by=who.own_only,
    )
    return [
        Need(
            "warn",
            speech.say("needs.waiting", count=one.count, job=one.job_title),
            speech.say("needs.waiting_detail", days=(now() - one.oldest).days),
            f"/console/jobs/{one.job_id}?stage=applied&sort=newest",
            speech.say("needs.look"),
        )
        for one in found[:_MOST]
    ]


async def _ending(session: ReadSession, who: Hirer, speech: Speech) -> list[Need]:
    narrowed = desk.Narrowed(who.member.organization_id, posted_by=who.own_only)
    found = await desk.expiring(session, narrowed=narrowed, before=now() + EXPIRES_SOON, most=_MOST)
    return [
        Need(
            "warn",
            speech.say("needs.ends", count=days_left(job) or 1, job=job.title),
            speech.say("needs.ends_detail"),
            f"/console/jobs/{job.id}",
            speech.say("needs.look"),
        )
        for job in found
    ]


async def _unread(session: ReadSession, who: Hirer, speech: Speech) -> list[Need]:
    found = await board.unread(
        session,
        organization_id=who.member.organization_id,
        since=now() - _UNREAD_DAYS,
        posted_by=who.own_only,
        most=_MOST,
    )
    return [
        Need(
            "warn",
            speech.say("needs.unread", name=one["candidate_name"] or one["candidate_email"]),
            speech.say("needs.unread_detail", job=one["job_title"]),
            f"/console/applications/{one['id']}",
            speech.say("needs.look"),
        )
        for one in found
    ]
