"""A local Google Calendar: events of one account, with invitations, Meet links and free/busy."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.dev.bridges.wire import Answered, Asked

_EVENTS: Final = "/calendar/v3/calendars/primary/events"
_KEY: Final = frozenset("0123456789abcdefghijklmnopqrstuv")


@dataclass
class LocalGoogle:
    """Speaks version 3 of the API, as far as Intake uses it."""

    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    """What attendees were told: the act, and the event's id."""
    slow_links: int = 0
    """How many looks a Meet link takes to be made."""

    def answer(self, asked: Asked, scopes: frozenset[str]) -> Answered:
        """One request of a token with these scopes."""
        if asked.path == "/oauth2/v3/userinfo":
            return Answered(200, {"sub": "google-117", "email": "ada@northwind.example"})
        if not scopes & {"calendar.events", "calendar"}:
            return _error(403, "insufficientPermissions")
        if asked.path == "/calendar/v3/freeBusy":
            return self._busy(asked.json)
        if asked.path == _EVENTS and asked.method == "POST":
            return self._insert(asked)
        event = self.events.get(asked.path.removeprefix(f"{_EVENTS}/"))
        return _error(404, "notFound") if event is None else self._one(event, asked)

    def _one(self, event: dict[str, Any], asked: Asked) -> Answered:
        if asked.method == "DELETE":
            return self._delete(event, asked)
        if asked.method == "PATCH":
            event |= asked.json
            self._tell("changed", event["id"], asked)
        return Answered(200, self._seen(event))

    def _insert(self, asked: Asked) -> Answered:
        body = asked.json
        fault = _fault(body)
        if fault:
            return _error(400, fault)
        event_id = str(body.get("id") or f"made{len(self.events)}")
        if event_id in self.events:
            return _error(409, "duplicate")
        event = {
            **body,
            "id": event_id,
            "status": "confirmed",
            "htmlLink": f"https://www.google.com/calendar/event?eid={event_id}",
        }
        if "conferenceData" in body and asked.query.get("conferenceDataVersion") == "1":
            event["looks"] = self.slow_links
        self.events[event_id] = event
        self._tell("invited", event_id, asked)
        return Answered(200, self._seen(event))

    def _seen(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event as it is answered; its link is made after some looks."""
        if "looks" not in event:
            return event
        code = "pending" if event["looks"] > 0 else "success"
        event["looks"] -= 1
        request = {**event["conferenceData"]["createRequest"], "status": {"statusCode": code}}
        shown = {**event, "conferenceData": {"createRequest": request}}
        if code == "success":
            shown["hangoutLink"] = f"https://meet.google.com/{event['id'][:10]}"
        return shown

    def _delete(self, event: dict[str, Any], asked: Asked) -> Answered:
        if event["status"] == "cancelled":
            return _error(410, "deleted")
        event["status"] = "cancelled"
        self._tell("cancelled", event["id"], asked)
        return Answered(204)

    def _tell(self, act: str, event_id: str, asked: Asked) -> None:
        if asked.query.get("sendUpdates") == "all":
            self.told.append((act, event_id))

    def _busy(self, body: dict[str, Any]) -> Answered:
        spans = [
            {"start": _utc(event["start"]), "end": _utc(event["end"])}
            for event in self.events.values()
            if event["status"] != "cancelled"
        ]
        begin, end = body.get("timeMin", ""), body.get("timeMax", "")
        inside = [one for one in spans if _iso(begin) < _iso(one["end"])]
        inside = [one for one in inside if _iso(one["start"]) < _iso(end)]
        return Answered(200, {"calendars": {"primary": {"busy": inside}}})


def _fault(body: dict[str, Any]) -> str:
    event_id = str(body.get("id", "00000"))
    if len(event_id) < 5 or set(event_id) - _KEY:
        return "invalid"
    for name in ("start", "end"):
        try:
            _utc(body[name])
        except (KeyError, TypeError, ValueError):
            return "required"
    if any("@" not in str(one.get("email")) for one in body.get("attendees", [])):
        return "invalidAttendeeEmail"
    return ""


def _utc(when: dict[str, str]) -> str:
    moment = datetime.fromisoformat(when["dateTime"])
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(when["timeZone"]))
    return moment.astimezone(UTC).isoformat()


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _error(status: int, reason: str) -> Answered:
    errors = [{"domain": "global", "reason": reason, "message": reason}]
    return Answered(status, {"error": {"code": status, "message": reason, "errors": errors}})


def refused() -> Answered:
    """What a token that does not hold is told."""
    return _error(401, "authError")
