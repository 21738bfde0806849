"""From what people were told to the mails about it.

A worker takes one person at a time and nobody else takes the same: their settings are read, mails
are put in line and the rows marked as mailed in one transaction, so that a crash at any moment
costs no mail and makes no second one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.core.db import Database, Scope, WriteSession
from app.core.log import logger
from app.mail import service as mail
from app.mail.languages import Language, known_or_usual
from app.notifications import letters, queries, service, templates, texts
from app.notifications.kinds import KINDS, Kind, letter_of
from app.notifications.models import Notification
from app.notifications.service import Preferences

_MOST_LINES: Final = 10
_PAGE: Final = "dashboard/notifications"


@dataclass(frozen=True, slots=True)
class Reader:
    """To whom the mails go, and what they may be told."""

    user_id: UUID
    email: str
    is_superuser: bool
    organizations: frozenset[UUID]
    preferences: Preferences

    def wants(self, row: Notification) -> bool:
        """Whether they are to be mailed about this one now."""
        if self.preferences.choices.get(row.kind) != "email":
            return False
        if not KINDS[row.kind].for_members:
            return True
        is_inside = self.is_superuser or row.organization_id in self.organizations
        return is_inside and row.read_at is None

    def language(self, row: Notification) -> Language:
        """Their language, else that of what the event is about."""
        return known_or_usual(self.preferences.language or row.params.get("language", ""))


async def write_to_next(database: Database, frontend_url: str) -> bool:
    """Mail some people what is due; False when there was nothing, or others are at it."""
    async with database.read(Scope.system()) as session:
        people = await queries.due_people(session, 20)
    done = [await _write_to(database, user_id, frontend_url) for user_id in people]
    return any(done)


async def _write_to(database: Database, user_id: UUID, frontend_url: str) -> bool:
    async with database.write(Scope.system()) as session:
        if not await queries.hold_person(session, user_id):
            return False
        rows = [row for row in await queries.due(session, user_id) if row.kind in KINDS]
        reader = await _reader(session, user_id)
        wanted = [row for row in rows if reader is not None and reader.wants(row)]
        await queries.settle(session, [row.id for row in rows if row not in wanted], mailed=False)
        if reader is None:
            return bool(rows)
        link = f"{frontend_url.rstrip('/')}/{_PAGE}"
        for name in dict.fromkeys(row.kind for row in wanted):
            some = [row for row in wanted if row.kind == name]
            await _mail(session, reader, KINDS[name], some, link)
    return bool(rows)


async def _reader(session: WriteSession, user_id: UUID) -> Reader | None:
    """The person, unless nothing can be sent to them."""
    person = await queries.person(session, user_id)
    if person is None or not person.is_active or not mail.is_address(person.email):
        return None
    return Reader(
        user_id=user_id,
        email=person.email,
        is_superuser=person.is_superuser,
        organizations=frozenset(await queries.organizations_of(session, user_id)),
        preferences=await service.preferences(session, user_id=user_id),
    )


async def _mail(
    session: WriteSession, reader: Reader, kind: Kind, rows: Sequence[Notification], link: str
) -> None:
    if kind.mail == "letter":
        for row in rows:
            await _send_letter(session, reader, row, link)
    else:
        if kind.pause and await queries.hold_back(session, reader.user_id, kind.name, kind.pause):
            return
        await _send_digest(session, reader, rows, link)
    await queries.settle(session, [row.id for row in rows], mailed=True)
    logger.info("notifications.mailed", user_id=reader.user_id, kind=kind.name, count=len(rows))


async def _send_letter(session: WriteSession, reader: Reader, row: Notification, link: str) -> None:
    language = reader.language(row)
    name = (await queries.names(session, [reader.user_id])).get(reader.user_id, "")
    values = {"job_title": "", "company": "", **row.params, "candidate_name": name}
    kind = letter_of(row.kind, row.params)
    words = await templates.words(session, row.organization_id, kind, language)
    filled = letters.fill(words, values)
    await mail.send(
        session,
        template="letter",
        to=reader.email,
        language=language,
        context=templates.context_of(filled, values["company"], link),
    )


async def _send_digest(
    session: WriteSession, reader: Reader, rows: Sequence[Notification], link: str
) -> None:
    language = reader.language(rows[-1])
    shown = rows[:_MOST_LINES]
    lines = [row["title"] for row in await service.told(session, shown, language)]
    several = len(rows) > 1
    subject = texts.subject_of_several(rows[0].kind, len(rows), language) if several else lines[0]
    await mail.send(
        session,
        template="digest",
        to=reader.email,
        language=language,
        context={
            "subject": subject,
            "lines": lines,
            "more": len(rows) - len(shown),
            "link": link,
        },
    )
