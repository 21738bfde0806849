"""Tells people by mail what became of an interview, and reminds them of it.

Each mail brings the interview along as an iCalendar object, unless a calendar that an integration
holds has invited everybody already. Mails are in the language of the job.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from app.core import clock
from app.core.crypto import KeyRing
from app.core.db import WriteSession
from app.core.log import logger
from app.core.settings import Settings
from app.interviews import queries, service
from app.interviews.calendar import Happening, Person, calendar_of
from app.interviews.links import PAGE, ResponseClaim, ResponseLinks
from app.interviews.models import CANCELLED, Interview
from app.interviews.notices import told
from app.interviews.plans import next_reminder
from app.interviews.wording import moment, span
from app.mail import service as mail
from app.mail.languages import known_or_usual

_MOST_AT_ONCE: Final = 20
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Announcer:
    """Writes the mails of one installation about interviews."""

    keys: KeyRing
    links: ResponseLinks
    frontend_url: str
    mail_from: str

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """As FRONTEND_URL, MAIL_FROM and the keys of the settings have it."""
        return cls(
            KeyRing.from_settings(settings.auth),
            ResponseLinks(settings.auth),
            settings.server.frontend_url.rstrip("/"),
            settings.mail.mail_from,
        )

    async def announce(self, session: WriteSession) -> bool:
        """Tell of what changed longest ago; True when there may be more."""
        changed = await queries.take_unannounced(session, _MOST_AT_ONCE)
        for interview in changed:
            kind = _kind(interview)
            if kind is not None:
                await self._tell(session, interview, kind, was=interview.announced_starts_at)
            values = {
                "announced_sequence": interview.sequence,
                "announced_starts_at": interview.starts_at,
            }
            await queries.note(session, interview.id, values)
        return len(changed) == _MOST_AT_ONCE

    async def remind(self, session: WriteSession) -> bool:
        """Remind of what is due; True when there may be more.

        The next reminder is written in the transaction of the mails: each goes out once.
        """
        due = await queries.take_due(session, _MOST_AT_ONCE)
        now = clock.now()
        for interview in due:
            if interview.starts_at > now:
                await self._tell(session, interview, "reminder")
                logger.info("interviews.reminded", interview_id=interview.id)
            following = next_reminder(interview.starts_at, now)
            await queries.note(session, interview.id, {"remind_at": following})
        return len(due) == _MOST_AT_ONCE

    async def _tell(
        self, session: WriteSession, interview: Interview, kind: str, was: datetime | None = None
    ) -> None:
        row = await queries.details(session, interview.id)
        if row is None:
            return
        silent = await told(session, row, kind)
        for person in _readers(row):
            if person.email not in silent:
                await self._write(session, row, kind, person, was=was)
        logger.info("interviews.told", interview_id=interview.id, kind=kind)

    async def _write(
        self, session: WriteSession, row: Row, kind: str, reader: Person, was: datetime | None
    ) -> None:
        is_applicant = reader.email == row["candidate_email"]
        language = known_or_usual(row["language"])
        context = _context(row, was) | {"reader": "applicant" if is_applicant else "colleague"}
        hidden = {} if kind == "cancelled" else {"link": self._link(row) if is_applicant else ""}
        enclosed = ""
        if row["calendar_provider"] is None and kind != "reminder":
            invited = None if is_applicant else colleagues(row)
            enclosed = calendar_of(happening(row, self.mail_from, invited)).decode()
        await mail.send(
            session,
            template=f"interview_{kind}",
            to=reader.email,
            language=language,
            context=context,
            secrets=mail.Secrets(
                self.keys, hidden, row["ends_at"] - clock.now(), calendar=enclosed
            ),
        )

    def _link(self, row: Row) -> str:
        claim = ResponseClaim(row["id"], row["candidate_id"], row["starts_at"])
        token = self.links.token(claim, expires_at=row["ends_at"])
        return f"{self.frontend_url}/{PAGE}#token={token}"


async def call_off_pointless(session: WriteSession) -> int:
    """Cancel what lies ahead of applications that were rejected or withdrawn; how many."""
    pointless = await queries.take_pointless(session, _MOST_AT_ONCE)
    for interview in pointless:
        await service.call_off(session, interview, by=None, reason=None)
    return len(pointless)


def _kind(interview: Interview) -> str | None:
    """Which mail fits; None when nobody needs to know (any more)."""
    if interview.ends_at <= clock.now():
        return None
    if interview.status == CANCELLED:
        return "cancelled" if interview.announced_sequence is not None else None
    return "scheduled" if interview.announced_sequence is None else "moved"


def _context(row: Row, was: datetime | None) -> dict[str, str]:
    language = known_or_usual(row["language"])
    times = (row["ends_at"], row["timezone"], language)
    has_moved = was is not None and was != row["starts_at"]
    return {
        "title": row["title"],
        "job_title": row["job_title"],
        "organization": row["company"],
        "full_name": row["candidate_name"],
        "inviter": row["interviewer_name"] or "",
        "when": span(row["starts_at"], *times),
        "was": moment(was, row["timezone"], language) if was and has_moved else "",
        "place": row["location"],
        "meeting_url": row["meeting_url"] or "",
        "description": row["description"],
        "reason": row["cancel_reason"] or "",
    }


def colleagues(row: Row) -> tuple[Person, ...]:
    """Those who come along on the employer's side, the interviewer left out."""
    others = {row["candidate_email"], row["interviewer_email"]}
    known = {(address or "").lower() for address in others}
    return tuple(Person("", address) for address in row["attendees"] if address not in known)


def _readers(row: Row) -> Iterator[Person]:
    """Everybody who has an address, each once: applicant, interviewer, colleagues."""
    if row["candidate_email"]:
        yield Person(row["candidate_name"], row["candidate_email"])
    if row["interviewer_email"]:
        yield Person(row["interviewer_name"], row["interviewer_email"])
    yield from colleagues(row)


def happening(row: Row, mail_from: str, others: tuple[Person, ...] | None = None) -> Happening:
    """The interview for a calendar. Without `others` the colleagues' addresses stay inside."""
    applicant = Person(row["candidate_name"], row["candidate_email"], row["response"])
    return Happening(
        uid=str(row["id"]),
        sequence=row["sequence"],
        changed_at=row["updated_at"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        zone=row["timezone"],
        title=f"{row['title']} ({row['company']})",
        description=row["description"],
        location=row["location"],
        url=row["meeting_url"] or "",
        is_cancelled=row["status"] == CANCELLED,
        organizer=Person(
            row["interviewer_name"] or row["company"], row["interviewer_email"] or mail_from
        ),
        attendees=(*([applicant] if applicant.email else []), *(others or ())),
    )
