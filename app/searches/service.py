"""Keeping searches: a person's own, and switching one off by the link in a mail."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from app.core.clock import now
from app.core.db import ReadSession, WriteSession
from app.core.log import logger
from app.core.pages import PageQuery, Slice, paginate
from app.jobs import novelties
from app.jobs.novelties import Filters
from app.notifications import service as notifications
from app.searches import queries
from app.searches.errors import SearchNotFound, TooManySearches, UnsubscribeInvalid
from app.searches.models import SavedSearch
from app.searches.times import next_alert

MOST: Final = 25
# As GET /jobs/search calls them, so that a saved search is a query string of it.
_UNFILTERED: Final[Mapping[str, Any]] = {
    "location": "",
    "location_type": (),
    "job_type": (),
    "experience_level": (),
    "skill": (),
    "organization_id": None,
    "salary_min": None,
}
Row = dict[str, Any]


async def browse(session: ReadSession, *, user_id: UUID, query: PageQuery) -> Slice[Row]:
    """A person's searches, the newest first."""
    found = await paginate(
        session,
        queries.of(user_id),
        keys=[(SavedSearch.id, "desc")],
        query=query,
        tenant=user_id,
    )
    rows = [shown(one) for one in found.rows]
    return Slice(rows, found.next, found.previous, found.count)


async def get(session: ReadSession, *, user_id: UUID, search_id: UUID, locked: bool = False) -> Row:
    """One of a person's searches; `locked`, nobody else changes it until the transaction ends.

    Raises:
        SearchNotFound: they have none with this id.
    """
    found = await queries.find(session, user_id, search_id, locked=locked)
    if found is None:
        raise SearchNotFound
    return shown(found)


async def create(
    session: WriteSession, *, user_id: UUID, language: str, values: Mapping[str, Any]
) -> Row:
    """A new search, which alerts of what is posted from now on.

    Raises:
        TooManySearches: the person has as many as one may have.
    """
    if await queries.count_locked(session, user_id) >= MOST:
        raise TooManySearches
    made = await queries.add(
        session,
        {
            **values,
            "user_id": user_id,
            "language": language,
            "expression": await novelties.looked_for(session, values["query"]),
            "next_alert_at": await _next(session, user_id, values["frequency"]),
        },
    )
    return shown(made)


async def update(
    session: WriteSession, *, user_id: UUID, search_id: UUID, values: Mapping[str, Any]
) -> Row:
    """Change what `values` names; null changes nothing. What was posted while a search was off is
    never told of.

    Raises:
        SearchNotFound: they have none with this id.
    """
    present = await queries.find(session, user_id, search_id, locked=True)
    if present is None:
        raise SearchNotFound
    changes = {name: value for name, value in values.items() if value is not None}
    if "query" in changes:
        changes["expression"] = await novelties.looked_for(session, changes["query"])
    frequency = changes.get("frequency", present.frequency)
    if frequency != present.frequency:
        changes["next_alert_at"] = await _next(session, user_id, frequency)
        if present.frequency == "off":
            changes["alerted_until"] = now()
    return shown(await queries.change(session, search_id, changes) if changes else present)


async def remove(session: WriteSession, *, user_id: UUID, search_id: UUID) -> None:
    """Forget a search.

    Raises:
        SearchNotFound: they have none with this id.
    """
    if not await queries.remove(session, user_id, search_id):
        raise SearchNotFound


async def unsubscribe(session: WriteSession, *, user_id: UUID, search_id: UUID) -> Row:
    """Switch a search's alert off; a second time changes nothing.

    Raises:
        UnsubscribeInvalid: the search is gone.
    """
    try:
        done = await update(
            session, user_id=user_id, search_id=search_id, values={"frequency": "off"}
        )
    except SearchNotFound:
        raise UnsubscribeInvalid from None
    logger.info("searches.unsubscribed", search_id=search_id)
    return done


async def _next(session: ReadSession, user_id: UUID, frequency: str) -> Any:
    chosen = await notifications.preferences(session, user_id=user_id)
    return next_alert(frequency, chosen.timezone, now())


def shown(search: SavedSearch) -> Row:
    """A search as its owner sees it."""
    saved = _saved(search)
    return {
        "id": search.id,
        "name": search.name,
        "query": search.query,
        "filters": saved,
        "frequency": search.frequency,
        "search_url": f"/api/v1/jobs/search?{question_of(search)}",
        "next_alert_at": search.next_alert_at,
        "last_alert_at": search.last_alert_at,
        "created_at": search.created_at,
        "updated_at": search.updated_at,
    }


def question_of(search: SavedSearch) -> str:
    """The search as the query string of GET /jobs/search."""
    filters = {
        name: value for name, value in _saved(search).items() if value not in (None, "", (), [])
    }
    return urlencode({"query": search.query, **filters}, doseq=True)


async def filters_of(search: SavedSearch) -> Filters:
    """The search as jobs are asked for: what its owner does not know yet.

    Skills are saved by their names and looked up each time, as the taxonomy knows them then.
    """
    saved = _saved(search)
    organization_id, skills = saved["organization_id"], saved.pop("skill")
    return Filters(
        **{
            **saved,
            "skill_keys": await novelties.keys_of_filter(skills),
            "organization_id": UUID(organization_id) if organization_id else None,
            "posted_after": search.alerted_until,
            "expression": search.expression,
        }
    )


def _saved(search: SavedSearch) -> dict[str, Any]:
    """The filters by name, those too that did not exist when the search was saved."""
    return {name: search.filters.get(name, value) for name, value in _UNFILTERED.items()}
