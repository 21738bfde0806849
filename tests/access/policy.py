"""Who may do what: one line a route, and what each kind of caller is answered.

A new route needs a line here, or tests/access/test_access.py fails. The statuses stand for, in this
order: anonymous, stranger, candidate, viewer, staff, admin, superuser (see tests/people.py:
viewer, staff and admin belong to one organization, the stranger is admin of another one, candidate
and superuser belong to none). Paths are below /api/v1 unless they are listed in `root` form.

Path parameters come from `places` and then from the crew: `{user_id}` is the employer, a member of
the organization whom none of the callers is; `{organization_id}` is the organization. A room that
needs a row of its own gives an async `prepare(database, crew)` that makes it and returns its ids.
"""

from collections.abc import Mapping

from app.core.db import Database
from tests.access.analysis_lines import ANALYSIS
from tests.access.audit_lines import AUDIT
from tests.access.integrations_lines import INTEGRATIONS
from tests.access.interviews_lines import INTERVIEWS
from tests.access.line import Line
from tests.access.notifications_lines import NOTIFICATIONS
from tests.access.people_lines import PEOPLE
from tests.access.privacy_lines import PRIVACY
from tests.access.recruiting_lines import APPLICATIONS, JOBS, OPTIMUS, RESUMES
from tests.access.searches_lines import SEARCHES
from tests.access.webhooks_lines import WEBHOOKS
from tests.claims.api.samples import GOOD, make_job, make_practice, make_running_job
from tests.organizations.pictures import picture
from tests.people import PASSWORD, Crew

REGISTER = {"email": "new@example.com", "password": PASSWORD, "full_name": "New"}
LOGIN = {"username": "nobody@example.com", "password": PASSWORD}

ACCOUNTS = [
    #                                              anon stra cand view staf admi supe
    Line("POST", "/users", "201 201 201 201 201 201 201", json=REGISTER),
    Line("GET", "/users", "401 200 403 403 403 200 200"),
    Line("GET", "/users/me", "401 200 200 200 200 200 200"),
    Line("GET", "/users/{user_id}", "401 404 404 404 404 200 200"),
    Line("PATCH", "/users/{user_id}", "401 404 404 404 404 200 200", json={"role": "staff"}),
    Line("POST", "/login/access-token", "401 401 401 401 401 401 401", data=LOGIN),
    Line(
        "POST", "/login/refresh-token", "401 401 401 401 401 401 401", json={"refresh_token": "x"}
    ),
    Line("POST", "/login/clerk-auth", "503 503 503 503 503 503 503", json={"clerk_token": "x"}),
    Line("POST", "/login/logout", "204 204 204 204 204 204 204"),
    Line("GET", "/profile/me", "401 200 200 200 200 200 200"),
    Line("PUT", "/profile/me", "401 200 200 200 200 200 200", json={"headline": "x"}),
]

ORGANIZATION = {"name": "Fabrikam"}
MEMBER = {"email": "nobody@example.com", "role": "staff"}

LOGO = {"logo": ("logo.png", picture("PNG", (1, 1)), "image/png")}

ORGANIZATIONS = [
    #                                                     anon stra cand view staf admi supe
    Line("POST", "/organizations", "401 409 201 409 409 409 201", json=ORGANIZATION),
    Line("GET", "/organizations/me", "401 200 403 200 200 200 403"),
    Line("PUT", "/organizations/me", "401 200 403 403 403 200 403", json=ORGANIZATION),
    Line("GET", "/organizations/{organization_id}", "200 200 200 200 200 200 200"),
    # A PNG of one pixel; the organization of the table has no logo yet.
    Line("POST", "/organizations/me/logo", "401 200 403 403 403 200 403", files=LOGO),
    Line("DELETE", "/organizations/me/logo", "401 200 403 403 403 200 403"),
    Line("GET", "/organizations/{organization_id}/logo", "404 404 404 404 404 404 404"),
    Line("GET", "/organizations/me/members", "401 200 403 403 403 200 403"),
    Line("POST", "/organizations/me/members", "401 202 403 403 403 202 403", json=MEMBER),
    Line(
        "PATCH",
        "/organizations/me/members/{user_id}",
        "401 404 403 403 403 200 403",
        json={"role": "viewer"},
    ),
    Line("DELETE", "/organizations/me/members/{user_id}", "401 404 403 403 403 204 403"),
]

CSV = {"file": ("claims.csv", GOOD.encode(), "text/csv")}
PRACTICE = {"name": "South", "tin": "47-1000002"}


async def ended_job(database: Database, crew: Crew) -> Mapping[str, str]:
    """A job that has ended with failed rows."""
    return {"job_id": str(await make_job(database, crew.organization_id))}


async def running_job(database: Database, crew: Crew) -> Mapping[str, str]:
    """A job that somebody works on."""
    return {"job_id": str(await make_running_job(database, crew.organization_id))}


async def practice(database: Database, crew: Crew) -> Mapping[str, str]:
    """A practice of the organization."""
    return {"practice_id": str(await make_practice(database, crew.organization_id))}


JOB = "/claims/csv-jobs/{job_id}"
READS = "401 404 403 200 200 200 403"
WRITES = "401 404 403 403 200 200 403"

CLAIMS = [
    #                                              anon stra cand view staf admi supe
    Line("POST", "/claims/bulk/upload", "401 201 403 403 201 201 403", files=CSV),
    Line("POST", "/claims/bulk/preview", "401 200 403 403 200 200 403", files=CSV),
    Line("GET", "/claims/bulk/template", "401 200 403 200 200 200 403"),
    Line("GET", "/claims/providers", "401 200 403 200 200 200 403"),
    Line("GET", "/claims/stats", "401 200 403 200 200 200 403"),
    Line("GET", "/claims/csv-jobs", "401 200 403 200 200 200 403"),
    Line("GET", JOB, READS, prepare=ended_job),
    Line("DELETE", JOB, "401 404 403 403 204 204 403", prepare=ended_job),
    Line("GET", f"{JOB}/progress", READS, prepare=ended_job),
    Line("GET", f"{JOB}/events", READS, prepare=ended_job),
    Line("GET", f"{JOB}/rows", READS, prepare=ended_job),
    Line("GET", f"{JOB}/results", READS, prepare=ended_job),
    Line("GET", f"{JOB}/download_results", READS, prepare=ended_job),
    Line("GET", f"{JOB}/errors", READS, prepare=ended_job),
    Line("POST", f"{JOB}/cancel", WRITES, prepare=running_job),
    Line("POST", f"{JOB}/retry", WRITES, prepare=ended_job),
    Line("GET", "/practices", "401 200 403 200 200 200 403"),
    Line("POST", "/practices", "401 201 403 403 403 201 403", json=PRACTICE),
    Line("GET", "/practices/{practice_id}", READS, prepare=practice),
    Line(
        "PATCH",
        "/practices/{practice_id}",
        "401 404 403 403 403 200 403",
        json={"name": "East"},
        prepare=practice,
    ),
    Line("DELETE", "/practices/{practice_id}", "401 404 403 403 403 204 403", prepare=practice),
]

LINES: list[Line] = [
    *ACCOUNTS,
    *ORGANIZATIONS,
    *CLAIMS,
    *JOBS,
    *APPLICATIONS,
    *INTERVIEWS,
    *PRIVACY,
    *RESUMES,
    *OPTIMUS,
    *ANALYSIS,
    *PEOPLE,
    *AUDIT,
    *WEBHOOKS,
    *NOTIFICATIONS,
    *SEARCHES,
    *INTEGRATIONS,
]
