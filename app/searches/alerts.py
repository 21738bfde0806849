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
from app.searches import queries, service
from app.searches.links import UnsubscribeLinks
from app.searches.models import SavedSearch
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
        told = [one.id for one, _ in due if await _alert(session, addresses, one, until)]
        due_next = {
            search.id: next_alert(search.frequency, timezone, until + novelties.SETTLED)
            for search, timezone in due
        }
        await queries.move_on(session, until, due_next, told)
    if told:
        logger.info("searches.alerted", count=len(told))
    return len(due)


async def _alert(
    session: WriteSession, addresses: Addresses, search: SavedSearch, until: datetime
) -> bool:
    """Tell of new jobs; False when there are none."""
    filters = service.filters_of(search)
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
    await _mail(session, addresses, search, jobs, count)
    return True


async def _mail(
    session: WriteSession,
    addresses: Addresses,
    search: SavedSearch,
    jobs: Sequence[Any],
    count: int,
) -> None:
    chosen = await notifications.preferences(session, user_id=search.user_id)
    to = await queries.address_of(session, search.user_id)
    if chosen.choices[KIND] != "email" or not mail.is_address(to):
        return
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
        to=to,
        language=chosen.language or search.language,
        context={
            "name": search.name,
            "count": count,
            "jobs": shown,
            "link": f"{addresses.frontend_url}/jobs?{service.question_of(search)}",
        },
        secrets=mail.Secrets(addresses.keys, addresses.unsubscribe(search)),
    )
