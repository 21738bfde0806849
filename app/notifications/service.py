"""What other rooms may ask: tell somebody of something. And what its reader may do."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import ColumnElement, func

from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.core.pages import PageQuery, Slice, paginate
from app.notifications import queries, texts
from app.notifications.errors import KindUnknown, NotificationNotFound, TimeZoneUnknown
from app.notifications.kinds import KINDS, PEOPLE, Choice, is_mailed, require_plain
from app.notifications.models import Notification, NotificationSettings
from app.worker.doorbell import ring

DELIVER: Final = "notifications.deliver"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a person wants to be told; `choices` has every kind."""

    language: str | None
    timezone: str | None
    choices: Mapping[str, Choice]

    @property
    def off(self) -> list[str]:
        """The kinds that they are not told of."""
        return [kind for kind, choice in self.choices.items() if choice == "off"]


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who reads, and of which organizations they are a member; None for one who runs them all.

    `language` is their browser's, which counts where they have chosen none.
    """

    user_id: UUID
    organizations: Sequence[UUID] | None
    language: str


async def notify(  # noqa: PLR0913 - one keyword each for what makes up an event.
    session: WriteSession,
    *,
    user_id: UUID,
    organization_id: UUID | None,
    kind: str,
    subject_type: str,
    subject_id: UUID,
    params: Mapping[str, str],
) -> None:
    """Tell a person of an event with this transaction; a worker mails it to those who want that.

    Equal person, kind, subject and `params` are one event, however often it is told: what can
    happen again needs a parameter that sets it apart (`sequence`, `at`). `params` hold ids, codes
    and what is public, never anything personal: texts are made when they are read.

    Raises:
        ValueError: the kind or a parameter is not in `app/notifications/kinds.py`.
    """
    require_plain(kind, params)
    is_due = is_mailed(kind, params)
    notification_id = new_id()
    values = {
        "id": notification_id,
        "user_id": user_id,
        "organization_id": organization_id,
        "kind": kind,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "params": dict(params),
        "fingerprint": _fingerprint(kind, subject_type, subject_id, params),
        "mail_at": func.now() if is_due else None,
    }
    if await queries.add(session, values) and is_due:
        ring(session, DELIVER, notification_id=notification_id)


def _fingerprint(
    kind: str, subject_type: str, subject_id: UUID, params: Mapping[str, str]
) -> bytes:
    event = [kind, subject_type, str(subject_id), sorted(params.items())]
    return hashlib.sha256(json.dumps(event).encode()).digest()[:16]


async def wants_mail(session: ReadSession, *, user_id: UUID, kind: str) -> bool:
    """Whether a person wants mails of this kind: for rooms that send their own.

    The transaction has the system's eyes, or the person's.
    """
    return (await preferences(session, user_id=user_id)).choices[kind] == "email"


async def preferences(session: ReadSession, *, user_id: UUID) -> Preferences:
    """How a person wants to be told, with what is usual where they chose nothing."""
    return preferences_of(await queries.settings(session, user_id))


def preferences_of(found: NotificationSettings | None) -> Preferences:
    """The same of a row, or of none."""
    usual: dict[str, Choice] = {kind.name: kind.usual for kind in KINDS.values()}
    if found is None:
        return Preferences(None, None, usual)
    chosen = {kind: choice for kind, choice in found.choices.items() if kind in KINDS}
    return Preferences(found.language, found.timezone, {**usual, **chosen})


async def choose(
    session: WriteSession,
    *,
    user_id: UUID,
    language: str | None,
    timezone: str | None,
    choices: Mapping[str, Choice],
) -> Preferences:
    """Set how a person wants to be told, as a whole; kinds that are left out become usual.

    Raises:
        KindUnknown: a choice is for a kind that does not exist.
        TimeZoneUnknown: there is no such zone.
    """
    if set(choices) - set(KINDS):
        raise KindUnknown
    if timezone is not None and timezone not in available_timezones():
        raise TimeZoneUnknown
    values = {"language": language, "timezone": timezone, "choices": dict(choices)}
    await queries.keep_settings(session, user_id, values)
    return await preferences(session, user_id=user_id)


async def browse(session: ReadSession, *, eyes: Eyes, unread: bool, query: PageQuery) -> Slice[Row]:
    """A person's notifications with their texts, the newest first."""
    seen, language = await _view(session, eyes)
    found = await paginate(
        session,
        queries.shown(seen, unread=unread),
        keys=[(Notification.id, "desc")],
        query=query,
        tenant=eyes.user_id,
    )
    rows = await told(session, found.rows, language)
    return Slice(rows, found.next, found.previous, found.count)


async def count_unread(session: ReadSession, *, eyes: Eyes) -> int:
    """How many of a person's notifications they have not read."""
    seen, _language = await _view(session, eyes)
    return await queries.count_unread(session, seen)


async def watch(session: ReadSession, *, eyes: Eyes) -> tuple[str, int]:
    """A word that changes with the person's list, and how many are unread."""
    seen, _language = await _view(session, eyes)
    newest, read_at = await queries.newest(session, seen)
    unread = await queries.count_unread(session, seen)
    moment = int(read_at.timestamp() * 1000) if read_at else 0
    return f"{newest or 0}.{moment}.{unread}", unread


async def read(session: WriteSession, *, eyes: Eyes, notification_id: UUID) -> Row:
    """Mark one as read; a second time changes nothing.

    Raises:
        NotificationNotFound: the person has none with this id.
    """
    seen, language = await _view(session, eyes)
    await queries.mark_read(session, seen, only=notification_id)
    found = await queries.find(session, seen, notification_id)
    if found is None:
        raise NotificationNotFound
    return (await told(session, [found], language))[0]


async def read_all(session: WriteSession, *, eyes: Eyes) -> int:
    """Mark all as read; how many were not."""
    seen, _language = await _view(session, eyes)
    return len(await queries.mark_read(session, seen))


async def _view(session: ReadSession, eyes: Eyes) -> tuple[list[ColumnElement[bool]], str]:
    """What the reader is shown, and in which language."""
    chosen = await preferences(session, user_id=eyes.user_id)
    seen = queries.seen_by(eyes.user_id, organizations=eyes.organizations, off=chosen.off)
    return seen, chosen.language or eyes.language


async def told(session: ReadSession, rows: Sequence[Notification], language: str) -> list[Row]:
    """The rows with `title`, and the names of people as they are now."""
    known = await queries.names(session, {one for row in rows for one in _people(row).values()})
    found = []
    for row in rows:
        names = {
            placeholder: known[user_id]
            for placeholder, user_id in _people(row).items()
            if known.get(user_id)
        }
        found.append(
            {
                "id": row.id,
                "kind": row.kind,
                "title": texts.title(row.kind, row.params, names, language),
                "subject_type": row.subject_type,
                "subject_id": row.subject_id,
                "organization_id": row.organization_id,
                "params": {**row.params, **names},
                "is_read": row.read_at is not None,
                "read_at": row.read_at,
                "created_at": row.created_at,
            }
        )
    return found


def _people(row: Notification) -> dict[str, UUID]:
    """The ids of the people that a text names, by placeholder."""
    return {
        placeholder: UUID(row.params[parameter])
        for parameter, placeholder in PEOPLE.items()
        if parameter in row.params
    }
