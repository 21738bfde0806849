"""Integrations: for everybody who is signed in, each with their own accounts.

No provider is set up in this application, which is told before anything else is looked at; who may
do what with providers stands in tests/integrations.
"""

from collections.abc import Mapping

from app.core.db import Database
from tests.access.line import Line
from tests.people import Crew


async def google(_database: Database, _crew: Crew) -> Mapping[str, str]:
    """A provider for the path."""
    return {"provider": "google-calendar"}


NOBODYS = "00000000-0000-7000-8000-000000000000"
EVENT = {
    "application_id": NOBODYS,
    "title": "First talk",
    "start_time": "2030-01-07T10:00:00Z",
    "end_time": "2030-01-07T11:00:00Z",
}
NOT_SET_UP = "401 503 503 503 503 503 503"
SPAN = "?starts_at=2030-01-07T10:00:00Z&ends_at=2030-01-08T10:00:00Z"

INTEGRATIONS = [
    #                                                     anon stra cand view staf admi supe
    Line("GET", "/integrations/status", "401 200 200 200 200 200 200"),
    Line("GET", "/integrations/{provider}/auth-url", NOT_SET_UP, prepare=google),
    # Browsers come here from the provider; whose account it is stands in the state.
    Line("GET", "/integrations/{provider}/callback", "302 302 302 302 302 302 302", prepare=google),
    Line(
        "DELETE",
        "/integrations/{provider}/disconnect",
        "401 204 403 204 204 204 403",
        prepare=google,
    ),
    Line("POST", "/integrations/{provider}/create-event", NOT_SET_UP, json=EVENT, prepare=google),
    Line("GET", "/integrations/{provider}/free-busy" + SPAN, NOT_SET_UP, prepare=google),
    Line("POST", "/integrations/linkedin/publish-job", NOT_SET_UP, json={"job_id": NOBODYS}),
    Line("GET", "/integrations/linkedin/organizations", NOT_SET_UP),
]
