"""A local Microsoft Graph: the calendar of one account, with Teams links and transaction ids."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.dev.bridges.wire import Answered, Asked

_EVENTS: Final = "/v1.0/me/events"
_ME: Final = {
    "id": "87d349ed-44d7-43e1-9a83-5f2406dee5bd",
    "displayName": "Ada",
    "mail": "ada@northwind.example",
    "userPrincipalName": "ada@northwind.example",
}


@dataclass
class LocalGraph:
    """Speaks version 1.0 of the API, as far as Intake uses it."""

    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    is_personal: bool = False
    """A personal account: events get no Teams link."""

    def answer(self, asked: Asked, scopes: frozenset[str]) -> Answered:
        """One request of a token with these scopes."""
        if asked.path == "/v1.0/me":
            return Answered(200, _ME)
        if "Calendars.ReadWrite" not in scopes:
            return _error(403, "ErrorAccessDenied")
        if asked.path == "/v1.0/me/calendarView":
            return self._view(asked)
        if asked.path == _EVENTS and asked.method == "POST":
            return self._create(asked.json)
        event = self.events.get(asked.path.removeprefix(f"{_EVENTS}/"))
        return _error(404, "ErrorItemNotFound") if event is None else self._one(event, asked)

    def _one(self, event: dict[str, Any], asked: Asked) -> Answered:
        event_id = event["id"]
        if asked.method == "DELETE":
            del self.events[event_id]
            self.told.append(("cancelled", event_id))
            return Answered(204)
        if asked.method == "PATCH":
            event |= asked.json
            self.told.append(("changed", event_id))
        return Answered(200, event)

    def _create(self, body: dict[str, Any]) -> Answered:
        try:
            _utc(body["start"]), _utc(body["end"])
        except (KeyError, ValueError):
            return _error(400, "ErrorPropertyValidationFailure")
        transaction = body.get("transactionId")
        if transaction and any(one["transactionId"] == transaction for one in self._all()):
            return _error(409, "ErrorDuplicateTransactionId")
        event_id = f"AAMkAD{len(self.told)}="
        event = {
            "transactionId": None,
            **body,
            "id": event_id,
            "webLink": f"https://outlook.office365.com/calendar/item/{event_id}",
            "onlineMeeting": None,
        }
        if body.get("isOnlineMeeting") and not self.is_personal:
            event["onlineMeeting"] = {"joinUrl": f"https://teams.microsoft.com/l/{event_id}"}
        self.events[event_id] = event
        self.told.append(("invited", event_id))
        return Answered(201, event)

    def _all(self) -> list[dict[str, Any]]:
        return list(self.events.values())

    def _view(self, asked: Asked) -> Answered:
        begin = datetime.fromisoformat(asked.query["startDateTime"])
        end = datetime.fromisoformat(asked.query["endDateTime"])
        value = [
            {
                **event,
                "showAs": event.get("showAs", "busy"),
                "start": _in_utc(event["start"]),
                "end": _in_utc(event["end"]),
            }
            for event in self._all()
            if _utc(event["start"]) < end and begin < _utc(event["end"])
        ]
        return Answered(200, {"value": value})


def _utc(when: dict[str, str]) -> datetime:
    there = datetime.fromisoformat(when["dateTime"]).replace(tzinfo=ZoneInfo(when["timeZone"]))
    return there.astimezone(UTC)


def _in_utc(when: dict[str, str]) -> dict[str, str]:
    moment = _utc(when).replace(tzinfo=None).isoformat(timespec="seconds")
    return {"dateTime": f"{moment}.0000000", "timeZone": "UTC"}


def _error(status: int, code: str) -> Answered:
    return Answered(status, {"error": {"code": code, "message": code}})


def refused() -> Answered:
    """What a token that does not hold is told."""
    return _error(401, "InvalidAuthenticationToken")
