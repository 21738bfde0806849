"""The applicant says yes or no to an interview, signed in or by the link of a mail."""

from typing import Any, Final, Literal
from uuid import UUID

from app.core import clock
from app.core.audit import Entry, record
from app.core.db import ReadSession, WriteSession
from app.core.log import logger
from app.core.problems import Forbidden
from app.interviews import queries
from app.interviews.errors import (
    InterviewCancelled,
    InterviewNotFound,
    InterviewOver,
    ResponseLinkInvalid,
    ResponseLinkOutdated,
)
from app.interviews.links import ResponseClaim
from app.interviews.models import CANCELLED, Interview
from app.interviews.plans import next_reminder
from app.interviews.wording import span
from app.mail import service as mail
from app.mail.languages import known_or_usual

Response = Literal["confirmed", "declined"]
_TEMPLATE: Final = "interview_answered"


async def respond(
    session: WriteSession, *, person_id: UUID, interview_id: UUID, response: Response, note: str
) -> Interview:
    """Confirm or decline one's own interview; the same answer again changes nothing.

    The interviewer is told by mail. Who declines is not reminded, until they confirm after all.

    Raises:
        InterviewNotFound: there is none that the transaction may see.
        Forbidden: the person is not its applicant.
        InterviewCancelled: it does not take place.
        InterviewOver: it has begun.
    """
    present = await queries.get(session, interview_id, locked=True)
    if present is None:
        raise InterviewNotFound
    if present.candidate_id != person_id:
        raise Forbidden("Only the applicant confirms or declines.")
    if present.status == CANCELLED:
        raise InterviewCancelled
    now = clock.now()
    if present.starts_at <= now:
        raise InterviewOver
    if (present.response, present.response_note or "") == (response, note):
        return present
    values = {
        "response": response,
        "responded_at": now,
        "response_note": note or None,
        "remind_at": next_reminder(present.starts_at, now) if response == "confirmed" else None,
    }
    changed = await queries.change(session, interview_id, values)
    await _tell_interviewer(session, changed)
    about = {"response": response, "application_id": str(changed.application_id)}
    act = ("interviews.answered", person_id, changed.organization_id)
    record(session, Entry(*act, "interview", str(interview_id), about))
    logger.info("interviews.answered", interview_id=interview_id, response=response)
    return changed


async def respond_by_link(
    session: WriteSession, *, claim: ResponseClaim, response: Response, note: str
) -> Interview:
    """The same for whoever holds the link of a mail.

    Raises:
        ResponseLinkInvalid: there is no such interview any more.
        ResponseLinkOutdated: it was moved after that mail.
        InterviewCancelled: it does not take place.
        InterviewOver: it has begun.
    """
    await by_link(session, claim)
    return await respond(
        session,
        person_id=claim.candidate_id,
        interview_id=claim.interview_id,
        response=response,
        note=note,
    )


async def by_link(session: ReadSession, claim: ResponseClaim) -> dict[str, Any]:
    """What a link of a mail speaks of.

    Raises:
        ResponseLinkInvalid: there is no such interview any more.
        ResponseLinkOutdated: it was moved after that mail.
    """
    found = await queries.details(session, claim.interview_id)
    if found is None or found["candidate_id"] != claim.candidate_id:
        raise ResponseLinkInvalid
    if found["status"] != CANCELLED and found["starts_at"] != claim.starts_at:
        raise ResponseLinkOutdated
    return found


async def _tell_interviewer(session: WriteSession, interview: Interview) -> None:
    row = await queries.details(session, interview.id)
    if row is None or not row["interviewer_email"]:
        return
    language = known_or_usual(row["language"])
    await mail.send(
        session,
        template=_TEMPLATE,
        to=row["interviewer_email"],
        language=language,
        context={
            "title": row["title"],
            "job_title": row["job_title"],
            "full_name": row["candidate_name"],
            "response": row["response"],
            "when": span(row["starts_at"], row["ends_at"], row["timezone"], language),
            "reason": row["response_note"] or "",
        },
    )
