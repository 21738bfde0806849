"""The rights of the room for notifications: everybody reads their own."""

from collections.abc import Mapping

from app.core.db import Database
from tests.access.line import Line
from tests.notifications.samples import tell
from tests.people import Crew


async def notification(database: Database, crew: Crew) -> Mapping[str, str]:
    """The candidate was told of a move."""
    return {"notification_id": str(await tell(database, crew))}


async def letter(_database: Database, _crew: Crew) -> Mapping[str, str]:
    """The mail that refuses an applicant."""
    return {"kind": "application.moved.rejected", "language": "fr"}


LETTER = "/notifications/templates/{kind}/{language}"
WORDS = {"subject": "{job_title}", "body": "Bonjour {candidate_name}"}
ADMINS = "401 200 403 403 403 200 403"
OWN = "401 200 200 200 200 200 200"

NOTIFICATIONS = [
    #                                              anon stra cand view staf admi supe
    Line("GET", "/notifications", OWN),
    Line("GET", "/notifications/unread-count", OWN),
    Line("GET", "/notifications/events?seconds=0", OWN),
    Line("POST", "/notifications/read-all", OWN),
    Line("GET", "/notifications/preferences", OWN),
    Line("PUT", "/notifications/preferences", OWN, json={"timezone": "Europe/Paris"}),
    Line(
        "POST",
        "/notifications/{notification_id}/read",
        "401 404 200 404 404 404 404",
        prepare=notification,
    ),
    Line("GET", "/notifications/templates", ADMINS),
    Line("GET", LETTER, ADMINS, prepare=letter),
    Line("PUT", LETTER, ADMINS, json=WORDS, prepare=letter),
    Line("DELETE", LETTER, ADMINS, prepare=letter),
    Line("POST", f"{LETTER}/preview", ADMINS, json=WORDS, prepare=letter),
]
