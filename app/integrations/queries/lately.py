"""What somebody has lately done by their connections, in SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.core.db import ReadSession
from app.integrations.models import CalendarEvent, Post
from app.integrations.queries.connections import Owner
from app.interviews.models import Interview
from app.jobs.models import Job


async def posts(session: ReadSession, owner: Owner, most: int) -> Sequence[Any]:
    """Jobs that were shared, the newest first: job_id, title, state, post_id, at, last_error."""
    statement = (
        select(
            Post.job_id,
            Job.title,
            Post.state,
            Post.post_id,
            Post.updated_at.label("at"),
            Post.last_error,
        )
        .join(Job, Job.id == Post.job_id)
        .where(Post.organization_id == owner.organization_id, Post.user_id == owner.user_id)
        .order_by(Post.updated_at.desc(), Post.id)
        .limit(most)
    )
    return (await session.execute(statement)).all()


async def events(session: ReadSession, owner: Owner, most: int) -> Sequence[Any]:
    """Interviews in their calendar, the newest first: title, starts_at, state, url, at, last_error."""
    statement = (
        select(
            Interview.title,
            Interview.starts_at,
            CalendarEvent.state,
            CalendarEvent.event_url.label("url"),
            CalendarEvent.updated_at.label("at"),
            CalendarEvent.last_error,
        )
        .join(Interview, Interview.id == CalendarEvent.interview_id)
        .where(
            CalendarEvent.organization_id == owner.organization_id,
            CalendarEvent.user_id == owner.user_id,
            CalendarEvent.provider == owner.provider,
        )
        .order_by(CalendarEvent.updated_at.desc(), CalendarEvent.interview_id)
        .limit(most)
    )
    return (await session.execute(statement)).all()
