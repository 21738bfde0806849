"""The rights of interviews: the applicant, who posted the job, and the organization's admins."""

from collections.abc import Mapping

from app.core.db import Database
from tests.access.line import Line
from tests.applications.samples import make_application
from tests.interviews.samples import make_interview, plan
from tests.people import Crew


async def interview(database: Database, crew: Crew) -> Mapping[str, str]:
    """An interview of the candidate with the employer."""
    return {"interview_id": str(await make_interview(database, crew))}


async def application(database: Database, crew: Crew) -> Mapping[str, str]:
    """The candidate's application, with the id that NEW names."""
    _, application_id = await make_application(database, crew, id=_APPLICATION)
    return {"application_id": str(application_id)}


_APPLICATION = "0193a5b0-7c7e-7000-8000-3f1f6c1e9a01"
NEW = plan(application_id=_APPLICATION)
READS = "401 404 200 403 403 200 200"
CHANGES = "401 404 403 403 403 200 200"
ANSWER = {"response": "confirmed"}
TOKEN = {"token": "no-such-token"}

INTERVIEWS = [
    #                             anon stra cand view staf admi supe
    Line("POST", "/interviews", "401 404 403 403 403 201 201", json=NEW, prepare=application),
    Line("GET", "/interviews", "401 200 200 200 200 200 200"),
    Line("GET", "/interviews/mine", "401 200 200 200 200 200 200"),
    Line("POST", "/interviews/preview", "400 400 400 400 400 400 400", json=TOKEN),
    Line("POST", "/interviews/respond", "400 400 400 400 400 400 400", json=TOKEN | ANSWER),
    Line("GET", "/interviews/{interview_id}", READS, prepare=interview),
    Line("GET", "/interviews/{interview_id}/calendar.ics", READS, prepare=interview),
    Line("PATCH", "/interviews/{interview_id}", CHANGES, json={"title": "Talk"}, prepare=interview),
    Line("POST", "/interviews/{interview_id}/cancel", CHANGES, json={}, prepare=interview),
    # A person's own rows are all that this route sees; whoever runs the platform is no applicant.
    Line(
        "POST",
        "/interviews/{interview_id}/response",
        "401 404 200 404 404 404 404",
        json=ANSWER,
        prepare=interview,
    ),
]
