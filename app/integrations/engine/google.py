"""Google Calendar, version 3 of its API."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from app.core.http import Answer
from app.integrations.engine.calendars import (
    REMINDER_MINUTES,
    Busy,
    Desk,
    EventPlan,
    MadeEvent,
)
from app.integrations.engine.faults import Meaning, ProviderFault, body_of, require_success

_EVENTS: Final = "/calendar/v3/calendars/primary/events"
_TELL: Final = "conferenceDataVersion=1&sendUpdates=all"
# Meet links are made while we wait: usually they are there at once.
_LOOKS: Final = 3
_LOOK_SECONDS: Final = 0.4


class GoogleCalendar:
    """Events have an id of our choosing, so that sending one twice makes one."""

    async def create(self, desk: Desk, plan: EventPlan) -> MadeEvent:
        """Insert the event; one that is there already under its id is the answer."""
        try:
            answer = await _ask(desk, "POST", f"{_EVENTS}?{_TELL}", {"id": plan.key, **_body(plan)})
        except ProviderFault as fault:
            if fault.meaning is not Meaning.CONFLICT:
                raise
            answer = await _ask(desk, "GET", _one(plan.key))
            if body_of(answer).get("status") == "cancelled":
                raise ProviderFault(Meaning.GONE, code="deleted") from None
        return await self._with_link(desk, answer, plan.with_meeting)

    async def update(self, desk: Desk, event_id: str, plan: EventPlan) -> MadeEvent:
        """Patch the event."""
        answer = await _ask(desk, "PATCH", f"{_one(event_id)}?{_TELL}", _body(plan))
        if body_of(answer).get("status") == "cancelled":
            raise ProviderFault(Meaning.GONE, code="deleted")
        return _made(answer)

    async def cancel(self, desk: Desk, event_id: str) -> None:
        """Delete the event."""
        try:
            await _ask(desk, "DELETE", f"{_one(event_id)}?sendUpdates=all")
        except ProviderFault as fault:
            if fault.meaning is not Meaning.GONE:
                raise

    async def busy(self, desk: Desk, starts_at: datetime, ends_at: datetime) -> list[Busy]:
        """The free/busy query over the own calendar."""
        asked = {
            "timeMin": starts_at.isoformat(),
            "timeMax": ends_at.isoformat(),
            "items": [{"id": "primary"}],
        }
        body = body_of(await _ask(desk, "POST", "/calendar/v3/freeBusy", asked))
        calendar = body.get("calendars", {}).get("primary", {})
        if calendar.get("errors"):
            raise ProviderFault(Meaning.REFUSED, code="free_busy_errors")
        return [
            Busy(_moment(one["start"]), _moment(one["end"])) for one in calendar.get("busy", [])
        ]

    async def _with_link(self, desk: Desk, answer: Answer, with_meeting: bool) -> MadeEvent:
        looks_left = _LOOKS if with_meeting else 0
        while looks_left and _is_pending(body_of(answer)):
            await asyncio.sleep(_LOOK_SECONDS)
            answer = await _ask(desk, "GET", _one(str(body_of(answer).get("id"))))
            looks_left -= 1
        return _made(answer)


def _one(event_id: str) -> str:
    return f"{_EVENTS}/{quote(event_id, safe='')}"


async def _ask(desk: Desk, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
    answer = await desk.line.call(method, desk.address(path), headers=desk.headers, body=body)
    return require_success(answer, ours=desk.line.provider.ours)


def _body(plan: EventPlan) -> dict[str, Any]:
    body: dict[str, Any] = {
        "summary": plan.title,
        "description": plan.description,
        "location": plan.location,
        "start": _when(plan, plan.starts_at),
        "end": _when(plan, plan.ends_at),
        "attendees": [{"email": address} for address in plan.attendees],
        "reminders": {
            "useDefault": False,
            "overrides": [
                {"method": "email", "minutes": 24 * 60},
                {"method": "popup", "minutes": REMINDER_MINUTES},
            ],
        },
    }
    if plan.with_meeting:
        kind = {"type": "hangoutsMeet"}
        request = {"requestId": plan.key, "conferenceSolutionKey": kind}
        body["conferenceData"] = {"createRequest": request}
    return body


def _when(plan: EventPlan, moment: datetime) -> dict[str, str]:
    return {"dateTime": plan.local(moment).isoformat(), "timeZone": plan.timezone}


def _is_pending(event: dict[str, Any]) -> bool:
    request = event.get("conferenceData", {}).get("createRequest", {})
    return bool(request.get("status", {}).get("statusCode") == "pending")


def _made(answer: Answer) -> MadeEvent:
    event = body_of(answer)
    if not isinstance(event.get("id"), str):
        raise ProviderFault(Meaning.REFUSED, code="event_without_id", status=answer.status)
    link = event.get("hangoutLink") or _entry_point(event)
    return MadeEvent(event["id"], str(event.get("htmlLink") or ""), link)


def _entry_point(event: dict[str, Any]) -> str | None:
    for entry in event.get("conferenceData", {}).get("entryPoints", []):
        if entry.get("entryPointType") == "video":
            return str(entry.get("uri"))
    return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
