"""Outlook Calendar by Microsoft Graph, version 1.0."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from app.core.http import Answer
from app.integrations.engine.calendars import (
    REMINDER_MINUTES,
    Busy,
    Desk,
    EventPlan,
    MadeEvent,
)
from app.integrations.engine.faults import Meaning, ProviderFault, body_of, require_success

_EVENTS: Final = "/v1.0/me/events"
_FREE: Final = frozenset({"free", "workingElsewhere"})
_MOST: Final = 200


class OutlookCalendar:
    """Events carry a transaction's id, so that sending one twice makes one."""

    async def create(self, desk: Desk, plan: EventPlan) -> MadeEvent:
        """Create the event; personal accounts get no Teams link."""
        body = {**_body(plan), "transactionId": plan.key}
        try:
            return _made(body_of(await _ask(desk, "POST", _EVENTS, body)))
        except ProviderFault as fault:
            if fault.meaning is not Meaning.CONFLICT:
                raise
            return await self._find(desk, plan)

    async def update(self, desk: Desk, event_id: str, plan: EventPlan) -> MadeEvent:
        """Patch the event."""
        return _made(body_of(await _ask(desk, "PATCH", _one(event_id), _body(plan))))

    async def cancel(self, desk: Desk, event_id: str) -> None:
        """Delete the event: an organizer's deletion tells the attendees."""
        try:
            await _ask(desk, "DELETE", _one(event_id))
        except ProviderFault as fault:
            if fault.meaning is not Meaning.GONE:
                raise

    async def busy(self, desk: Desk, starts_at: datetime, ends_at: datetime) -> list[Busy]:
        """By the calendar's own view: personal accounts have no schedule to ask for."""
        events = await _view(desk, starts_at, ends_at, "showAs,start,end,isCancelled")
        return [
            Busy(_moment(one["start"]), _moment(one["end"]))
            for one in events
            if one.get("showAs") not in _FREE and not one.get("isCancelled")
        ]

    async def _find(self, desk: Desk, plan: EventPlan) -> MadeEvent:
        """The event of the same transaction, which an earlier try has made."""
        around = timedelta(minutes=1)
        fields = "id,webLink,onlineMeeting,transactionId"
        events = await _view(desk, plan.starts_at - around, plan.ends_at + around, fields)
        for one in events:
            if one.get("transactionId") == plan.key:
                return _made(one)
        raise ProviderFault(Meaning.GONE, code="transaction_without_event")


def _one(event_id: str) -> str:
    return f"{_EVENTS}/{quote(event_id, safe='')}"


async def _ask(desk: Desk, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
    # Times in answers are in UTC unless another zone is preferred.
    headers = {**desk.headers, "Prefer": 'outlook.timezone="UTC"'}
    answer = await desk.line.call(method, desk.address(path), headers=headers, body=body)
    return require_success(answer)


async def _view(
    desk: Desk, starts_at: datetime, ends_at: datetime, fields: str
) -> list[dict[str, Any]]:
    query = {
        "startDateTime": starts_at.isoformat(),
        "endDateTime": ends_at.isoformat(),
        "$select": fields,
        "$top": str(_MOST),
    }
    answer = await _ask(desk, "GET", f"/v1.0/me/calendarView?{urlencode(query)}")
    found = body_of(answer).get("value", [])
    return [one for one in found if isinstance(one, dict)]


def _body(plan: EventPlan) -> dict[str, Any]:
    body: dict[str, Any] = {
        "subject": plan.title,
        "body": {"contentType": "text", "content": plan.description},
        "start": _when(plan, plan.starts_at),
        "end": _when(plan, plan.ends_at),
        "location": {"displayName": plan.location},
        "attendees": [
            {"emailAddress": {"address": address, "name": address}, "type": "required"}
            for address in plan.attendees
        ],
        "isReminderOn": True,
        "reminderMinutesBeforeStart": REMINDER_MINUTES,
    }
    if plan.with_meeting:
        body |= {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    return body


def _when(plan: EventPlan, moment: datetime) -> dict[str, str]:
    there = plan.local(moment).replace(tzinfo=None)
    return {"dateTime": there.isoformat(timespec="seconds"), "timeZone": plan.timezone}


def _made(event: dict[str, Any]) -> MadeEvent:
    if not isinstance(event.get("id"), str):
        raise ProviderFault(Meaning.REFUSED, code="event_without_id")
    meeting = event.get("onlineMeeting") or {}
    return MadeEvent(
        event["id"],
        str(event.get("webLink") or ""),
        meeting.get("joinUrl") if isinstance(meeting, dict) else None,
    )


def _moment(when: dict[str, Any]) -> datetime:
    # Graph writes seven digits of a second and no offset.
    return datetime.fromisoformat(str(when["dateTime"])[:19]).replace(tzinfo=UTC)
