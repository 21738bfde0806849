"""What interviews hold of a person."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select, update

from app.accounts.models import User
from app.core.clock import now
from app.core.db import ReadSession, WriteSession
from app.core.personal import PersonalData
from app.interviews import queries, service
from app.interviews.models import SCHEDULED, Interview
from app.interviews.schemas import OwnInterviewOut

# What somebody wrote there may have been the person's name.
_TITLE: Final = "Interview"


async def personal_data(session: ReadSession, user_id: UUID) -> PersonalData:
    """The interviews that the person was invited to, as they see them."""
    statement = queries.shown(queries.Wanted()).where(Interview.candidate_id == user_id)
    rows = (await session.execute(statement.order_by(Interview.starts_at))).mappings()
    shown = [OwnInterviewOut.model_validate(dict(row)).model_dump() for row in rows]
    return PersonalData({"interviews": shown})


async def erase(session: WriteSession, user_id: UUID) -> None:
    """Call off what lies ahead of the applicant, and empty the words about them; as a colleague
    they leave the lists of those who come along."""
    mine = Interview.candidate_id == user_id
    ahead = await session.scalars(
        select(Interview)
        .where(mine, Interview.status == SCHEDULED, Interview.starts_at > now())
        .with_for_update()
    )
    for interview in ahead.all():
        await service.call_off(session, interview, by=user_id, reason=None)
    words: dict[str, Any] = {"description": "", "response_note": None, "cancel_reason": None}
    await session.execute(update(Interview).where(mine).values(title=_TITLE, **words))
    email = (await session.execute(select(User.email).where(User.id == user_id))).scalar_one()
    if email:
        address = email.lower()
        # Their own interviews, and those of others that they were to come along to.
        await session.execute(
            update(Interview)
            .where(or_(mine, Interview.attendees.contains([address])))
            .values(attendees=func.array_remove(Interview.attendees, address))
        )
