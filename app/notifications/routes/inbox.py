"""Notifications over HTTP."""

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response

from app.accounts.deps import Conditional, CurrentUser, SessionRead, SessionWrite
from app.accounts.identity import SignedIn
from app.core.db import Database, DatabaseAway, DatabaseBusy, Scope
from app.core.openapi import problems, stream_of
from app.core.pages import Page, Pages
from app.core.routing import RoomRouter
from app.core.sse import Event, EventStream
from app.core.state import services
from app.mail.languages import negotiate
from app.notifications import queries, service
from app.notifications.errors import KindUnknown, NotificationNotFound, TimeZoneUnknown
from app.notifications.schemas import (
    NotificationOut,
    PreferencesIn,
    PreferencesOut,
    ReadCount,
    UnreadCount,
)
from app.notifications.service import Eyes

router = RoomRouter(prefix="/notifications", tags=["notifications"])
_LOOK_SECONDS: Final = 2.0
# Whoever still looks then comes back with a token that is still good.
_LONGEST_WATCH: Final = 600
Accepted = Annotated[str | None, Header(alias="Accept-Language", max_length=200)]


def _eyes_of(user: SignedIn, language: str) -> Eyes:
    organizations = [one.organization_id for one in user.affiliations]
    return Eyes(user.id, None if user.is_superuser else organizations, language)


async def reader(user: CurrentUser, accepted: Accepted = None) -> Eyes:
    """The caller as a reader."""
    return _eyes_of(user, negotiate(accepted))


Reader = Annotated[Eyes, Depends(reader)]


@router.get("")
async def browse(
    eyes: Reader,
    session: SessionRead,
    query: Pages,
    unread: Annotated[bool, Query(description="Only what you have not read")] = False,
) -> Page[NotificationOut]:
    """What you were told, the newest first."""
    found = await service.browse(session, eyes=eyes, unread=unread, query=query)
    return found.page(NotificationOut.model_validate)


@router.get("/unread-count")
async def count_unread(eyes: Reader, session: SessionRead) -> UnreadCount:
    """How many you have not read."""
    return UnreadCount(unread_count=await service.count_unread(session, eyes=eyes))


@router.get("/events", response_class=EventStream, responses=stream_of(UnreadCount))
async def watch(
    request: Request,
    user: CurrentUser,
    seconds: Annotated[
        int, Query(ge=0, le=_LONGEST_WATCH, description="When the stream is to end")
    ] = _LONGEST_WATCH,
) -> EventStream:
    """The count of unread ones as Server-Sent Events: now, and whenever your list changes."""
    open_ends = services(request)
    events = _events(open_ends.database, _eyes_of(user, ""), seconds)
    return EventStream(events, closing=open_ends.closing)


async def _events(database: Database, eyes: Eyes, seconds: int) -> AsyncGenerator[Event, None]:
    seen, answer = "", UnreadCount(unread_count=0)
    ends_at = time.monotonic() + seconds
    while True:
        try:
            async with database.read(Scope.person(eyes.user_id)) as session:
                version, unread = await service.watch(session, eyes=eyes)
        except (DatabaseAway, DatabaseBusy):
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        if version != seen:
            seen, answer = version, UnreadCount(unread_count=unread)
            yield Event(id=version, event="unread", data=answer)
        if time.monotonic() >= ends_at:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    yield Event(id=seen or "0", event="done", data=answer)


@router.post("/read-all")
async def read_all(eyes: Reader, session: SessionWrite) -> ReadCount:
    """Mark all as read."""
    return ReadCount(marked=await service.read_all(session, eyes=eyes))


@router.get("/preferences", response_model=PreferencesOut)
async def get_preferences(
    user: CurrentUser, session: SessionRead, condition: Conditional
) -> Response:
    """How you are told of what."""
    chosen = await service.preferences(session, user_id=user.id)
    return condition.tagged(PreferencesOut.model_validate(chosen))


@router.put(
    "/preferences",
    response_model=PreferencesOut,
    responses=problems(KindUnknown, TimeZoneUnknown),
)
async def replace_preferences(
    body: PreferencesIn, user: CurrentUser, session: SessionWrite, condition: Conditional
) -> Response:
    """Choose how you are told of what."""
    await queries.hold(session, user.id)
    present = await service.preferences(session, user_id=user.id)
    condition.require(PreferencesOut.model_validate(present))
    chosen = await service.choose(
        session,
        user_id=user.id,
        language=body.language,
        timezone=body.timezone,
        choices=body.choices,
    )
    return condition.tagged(PreferencesOut.model_validate(chosen))


@router.post("/{notification_id}/read", responses=problems(NotificationNotFound))
async def read(notification_id: UUID, eyes: Reader, session: SessionWrite) -> NotificationOut:
    """Mark one as read."""
    row = await service.read(session, eyes=eyes, notification_id=notification_id)
    return NotificationOut.model_validate(row)
