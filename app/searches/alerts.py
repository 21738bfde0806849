"""Telling people of new jobs: once each, whatever crashes, and nobody of nothing.

A batch of searches is one transaction: mails and notifications are put in line and the searches
move on together, so that a crash leaves either all of it or nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from app.core.crypto import KeyRing
from app.core.db import Database, Scope, WriteSession
from app.core.log import logger
from app.core.settings import Settings
from app.jobs import novelties
from app.mail import service as mail
from app.notifications import service as notifications
from app.notifications.service import Preferences
from app.searches import queries, service
from app.searches.links import UnsubscribeLinks
from app.searches.models import SavedSearch
from app.searches.queries import Due
from app.searches.times import next_alert

KIND: Final = "saved_search.alert"
BATCH: Final = 50
_MOST_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the links of alerts lead, and what seals them."""

    frontend_url: str
    public_url: str
    links: UnsubscribeLinks
    keys: KeyRing

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """As FRONTEND_URL, PUBLIC_URL and the keys of the settings have it."""
        server = settings.server
        return cls(
            server.frontend_url.rstrip("/"),
            server.public_url.rstrip("/"),
            UnsubscribeLinks(settings.auth),
            KeyRing.from_settings(settings.auth),
        )

    def unsubscribe(self, search: SavedSearch) -> dict[str, str]:
        """The link for people, which leads to the frontend, and that for their mail program, which
        is there only when we know our own address."""
        token = self.links.token(search.id, search.user_id)
        route = f"{self.public_url}/api/v1/saved-searches/unsubscribe?token={token}"
        return {
            "unsubscribe_link": f"{self.frontend_url}/unsubscribe#token={token}",
            mail.ONE_CLICK: route if self.public_url else "",
        }


async def alert_next(database: Database, addresses: Addresses) -> int:
    """Look after one batch of searches that are due; how many there were."""
    async with database.write(Scope.system()) as session:
        until, newest = await novelties.settled(session)
        due = await queries.claim(session, newest, BATCH)
        if not due:
            return 0
        readers = [_reader(row) for row in due]
        told = [one.search.id for one in readers if await _alert(session, addresses, one, until)]
        present = until + novelties.SETTLED
        due_next = {
            one.search.id: next_alert(one.search.frequency, one.chosen.timezone, present)
            for one in readers
        }
        await queries.move_on(session, until, due_next, told)
    if told:
        logger.info("searches.alerted", count=len(told))
    return len(due)


@dataclass(frozen=True, slots=True)
class Reader:
    """A search and its owner; the address is empty for a closed account."""

    search: SavedSearch
    address: str
    chosen: Preferences

    @property
    def wants_mail(self) -> bool:
        """Whether a mail can go out, and is wanted."""
        return self.chosen.choices[KIND] == "email" and mail.is_address(self.address)


def _reader(row: Due) -> Reader:
    search, email, is_active, settings = row
    chosen = notifications.preferences_of(settings)
    return Reader(search, email if is_active else "", chosen)


async def _alert(
    session: WriteSession, addresses: Addresses, reader: Reader, until: datetime
) -> bool:
    """Tell of new jobs; False when there are none."""
    search = reader.search
    filters = await service.filters_of(search)
    jobs, count = await novelties.posted(session, filters, until, _MOST_SHOWN)
    if not jobs:
        return False
    await notifications.notify(
        session,
        user_id=search.user_id,
        organization_id=None,
        kind=KIND,
        subject_type="saved_search",
        subject_id=search.id,
        params={"search_id": str(search.id), "count": str(count), "at": until.isoformat()},
    )
    if reader.wants_mail:
        await _mail(session, addresses, reader, jobs, count)
    return True


async def _mail(
    session: WriteSession, addresses: Addresses, reader: Reader, jobs: Sequence[Any], count: int
) -> None:
    search = reader.search
    shown = [
        {
            "title": job.title,
            "place": " · ".join(filter(None, (job.company, job.location))),
            "link": f"{addresses.frontend_url}/jobs/{job.id}",
        }
        for job in jobs
    ]
    await mail.send(
        session,
        template="job_alert",
        to=reader.address,
        language=reader.chosen.language or search.language,
        context={
            "name": search.name,
            "count": count,
            "jobs": shown,
            "link": f"{addresses.frontend_url}/jobs?{service.question_of(search)}",
        },
        secrets=mail.Secrets(addresses.keys, addresses.unsubscribe(search)),
    )
