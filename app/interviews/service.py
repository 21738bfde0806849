"""Scheduling, moving and cancelling. The session's scope decides which interviews are there at all.

People are told by mail afterwards, by a worker: `sequence` is ahead of `announced_sequence` until
they have been.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Unpack
from uuid import UUID

from sqlalchemy import func

from app.applications import service as applications
from app.applications.deps import party_of
from app.applications.moves import ENDED, STAGES, Party
from app.core import clock
from app.core.audit import Entry, record
from app.core.db import ReadSession, WriteSession
from app.core.log import logger
from app.core.problems import Forbidden
from app.interviews import queries
from app.interviews.errors import (
    InterviewApplicationEnded,
    InterviewCancelled,
    InterviewDuplicate,
    InterviewNotFound,
    InterviewOver,
)
from app.interviews.models import CANCELLED, Interview
from app.interviews.plans import Changes, Plan, merged, next_reminder, settled
from app.organizations.deps import Viewer
from app.worker.doorbell import ring

ANNOUNCE: Final = "interviews.announce"
# Whoever holds a calendar event of an interview listens to this name.
SYNC: Final = "integrations.sync_interview"
_CALENDAR_PATIENCE: Final = timedelta(seconds=60)


async def schedule(
    session: WriteSession, *, viewer: Viewer, application_id: UUID, **plan: Unpack[Plan]
) -> Interview:
    """A new interview with an applicant, for who posted the job and the organization's admins.

    An application that stands before `interview` is moved there, with a line in its history. The
    same call again gives the same interview.

    Raises:
        ApplicationNotFound: there is none that the viewer may see.
        Forbidden: the viewer is the applicant, or a colleague of who posted the job.
        InterviewApplicationEnded: the application is accepted, rejected or withdrawn.
        InterviewDuplicate: another interview of the application begins at the same time.
        Problem: as `plans.settled` raises them: what was planned makes no sense.
    """
    application = await applications.get(session, application_id=application_id)
    if party_of(viewer, application) != "employer":
        raise Forbidden
    if application["status"] in ENDED:
        raise InterviewApplicationEnded
    values = {
        **settled(plan),
        "application_id": application_id,
        "organization_id": application["organization_id"],
        "candidate_id": application["candidate_id"],
        "interviewer_id": viewer.person.id,
    }
    patience = _CALENDAR_PATIENCE if plan.get("awaits_calendar") else timedelta()
    made = await queries.add(session, {**values, **_first_dates(values["starts_at"], patience)})
    if made is None:
        return await _same(session, values)
    await _move_to_interview(session, application, viewer)
    _note(session, "scheduled", made, by=viewer.person.id)
    ring(session, ANNOUNCE, interview_id=made.id)
    return made


def _first_dates(starts_at: datetime, patience: timedelta) -> dict[str, Any]:
    return {
        "announce_at": func.now() + patience,
        "remind_at": next_reminder(starts_at, clock.now()),
    }


async def _same(session: ReadSession, values: Mapping[str, Any]) -> Interview:
    """What a second click finds: the interview that the first one has made."""
    there = await queries.at_the_time(session, values)
    names = ("ends_at", "title", "interviewer_id")
    if there is None or any(getattr(there, name) != values[name] for name in names):
        raise InterviewDuplicate
    return there


async def _move_to_interview(
    session: WriteSession, application: Mapping[str, Any], viewer: Viewer
) -> None:
    stage = application["status"]
    if STAGES.index(stage) < STAGES.index("interview"):
        await applications.update(
            session,
            application_id=application["id"],
            party="employer",
            by=viewer.person.id,
            values={"status": "interview"},
        )


async def get(
    session: ReadSession, *, viewer: Viewer, interview_id: UUID, locked: bool = False
) -> Interview:
    """One interview, for its applicant and its employer; `locked`, nobody else changes it until the
    transaction ends.

    Raises:
        InterviewNotFound: there is none that the viewer may see.
        Forbidden: the viewer is a colleague of who posted the job.
    """
    found = await queries.get(session, interview_id, locked=locked)
    if found is None:
        raise InterviewNotFound
    await party(session, viewer, found)
    return found


async def party(session: ReadSession, viewer: Viewer, interview: Interview) -> Party:
    """As whom the viewer meets the interview.

    Raises:
        ApplicationNotFound: as nobody; the session's scope has kept the interview from them before.
        Forbidden: as a colleague of who posted the job.
    """
    application = await applications.get(session, application_id=interview.application_id)
    return party_of(viewer, application)


async def reschedule(
    session: WriteSession, *, viewer: Viewer, interview_id: UUID, **changes: Unpack[Changes]
) -> Interview:
    """Move an interview or change what is said about it; nothing happens when nothing changes.

    At another time the applicant is asked again and reminders begin anew.

    Raises:
        InterviewNotFound: there is none that the viewer may see.
        Forbidden: the viewer is the applicant, or a colleague of who posted the job.
        InterviewCancelled: it does not take place.
        InterviewOver: it has begun.
        InterviewDuplicate: another interview of the application begins at the new time.
        Problem: as `plans.settled` raises them: what was planned makes no sense.
    """
    present = await _employers(session, viewer, interview_id)
    if present.status == CANCELLED:
        raise InterviewCancelled
    if present.starts_at <= clock.now():
        raise InterviewOver
    before = {name: getattr(present, name) for name in Plan.__required_keys__}
    values = settled(merged(before, changes))
    different = {name for name, value in values.items() if getattr(present, name) != value}
    if not different:
        return present
    if "starts_at" in different:
        await _require_free(session, present, values)
    moved: dict[str, Any] = {}
    if different & {"starts_at", "ends_at"}:
        moved = {"response": "pending", "responded_at": None, "response_note": None}
    if "starts_at" in different:
        moved["remind_at"] = next_reminder(values["starts_at"], clock.now())
    changed = await _change(session, present, {**values, **moved})
    _note(session, "changed", changed, by=viewer.person.id, fields=",".join(sorted(different)))
    return changed


async def _require_free(
    session: ReadSession, present: Interview, values: Mapping[str, Any]
) -> None:
    at = {"application_id": present.application_id, "starts_at": values["starts_at"]}
    if await queries.at_the_time(session, at) is not None:
        raise InterviewDuplicate


async def cancel(
    session: WriteSession, *, viewer: Viewer, interview_id: UUID, reason: str | None = None
) -> Interview:
    """Call an interview off; the people in it are told, and nobody is reminded. Repeating it
    changes nothing.

    Raises:
        InterviewNotFound: there is none that the viewer may see.
        Forbidden: the viewer is the applicant, or a colleague of who posted the job.
        InterviewOver: it has begun.
    """
    present = await _employers(session, viewer, interview_id)
    if present.status == CANCELLED:
        return present
    if present.starts_at <= clock.now():
        raise InterviewOver
    return await call_off(session, present, by=viewer.person.id, reason=reason)


async def call_off(
    session: WriteSession, interview: Interview, *, by: UUID | None, reason: str | None
) -> Interview:
    """Cancel what the caller of this has checked; `by` is None when it follows from something."""
    values = {
        "status": CANCELLED,
        "cancelled_at": clock.now(),
        "cancel_reason": reason,
        "remind_at": None,
    }
    cancelled = await _change(session, interview, values)
    _note(session, "cancelled", cancelled, by=by)
    return cancelled


async def attach_calendar(
    session: WriteSession,
    interview_id: UUID,
    provider: Literal["google_calendar", "outlook_calendar"],
    meeting_url: str | None,
) -> Interview:
    """Note that a calendar event hangs on the interview: its calendar invites people, not our mail.

    A `meeting_url` of None leaves the present one. The caller has checked who asks.

    Raises:
        InterviewNotFound: there is none that the transaction may see.
    """
    present = await queries.get(session, interview_id, locked=True)
    if present is None:
        raise InterviewNotFound
    values = {
        "calendar_provider": provider,
        "meeting_url": meeting_url or present.meeting_url,
        "announce_at": func.now(),
    }
    changed = await queries.change(session, interview_id, values)
    ring(session, ANNOUNCE, interview_id=interview_id)
    return changed


async def _employers(session: WriteSession, viewer: Viewer, interview_id: UUID) -> Interview:
    """The interview, held until the transaction ends, for those who may change it."""
    present = await queries.get(session, interview_id, locked=True)
    if present is None:
        raise InterviewNotFound
    if await party(session, viewer, present) != "employer":
        raise Forbidden
    return present


async def _change(
    session: WriteSession, present: Interview, values: Mapping[str, Any]
) -> Interview:
    """Write a change that people and their calendars are to know of."""
    next_sequence = {"sequence": present.sequence + 1, "announce_at": func.now()}
    changed = await queries.change(session, present.id, {**values, **next_sequence})
    ring(session, ANNOUNCE, interview_id=present.id)
    if changed.calendar_provider is not None:
        ring(session, SYNC, interview_id=present.id)
    return changed


def _note(
    session: WriteSession, verb: str, interview: Interview, *, by: UUID | None, **detail: str
) -> None:
    about = {"application_id": str(interview.application_id), **detail}
    record(
        session,
        Entry(
            f"interviews.{verb}",
            by,
            interview.organization_id,
            "interview",
            str(interview.id),
            about,
        ),
    )
    logger.info(f"interviews.{verb}", interview_id=interview.id, by=by)
