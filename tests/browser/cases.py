"""Every page of the console, each with what makes it worth a look. A new page needs a line here."""

from dataclasses import dataclass

from app.api import CONSOLE

NOT_PAGES = {
    "/console/claims/events": "a stream",
    "/console/claims/{job_id}/events": "a stream",
    "/console/claims/{job_id}/results": "a file",
    "/console/claims/{job_id}/errors": "a file",
    "/console/resumes/{resume_id}/file": "a file",
    "/console/resumes/{resume_id}/events": "a stream",
    "/console/resumes/{resume_id}/pages/{number}": "a picture",
    "/console/audit/file": "a file",
    "/console/sign-in/{provider}": "a way to a provider",
    "/console/sign-in/{provider}/callback": "the way back",
    "/console/integrations/{provider}/connect": "a way to a provider",
    "/console/jobs/{job_id}/file": "a file",
    "/console/jobs/{job_id}/events": "a stream",
}
"""Addresses that are got and are no pages, with what they are."""


@dataclass(frozen=True, slots=True)
class Case:
    """A page in one of its states; `address` may name ids of `Seeds.ids` in braces."""

    name: str
    route: str
    address: str
    who: str = "admin"
    status: int = 200


CASES = (
    Case("sign-in", "/console/sign-in", "/console/sign-in", who="nobody"),
    Case("welcome", "/console/welcome", "/console/welcome", who="nobody"),
    Case("overview", "/console", "/console"),
    Case("overview-empty", "/console", "/console", who="newcomer"),
    Case("claims", "/console/claims", "/console/claims"),
    Case("claims-none", "/console/claims", "/console/claims?text=nothing-like-it"),
    Case("claim-running", "/console/claims/{job_id}", "/console/claims/{running}"),
    Case("claim-ended", "/console/claims/{job_id}", "/console/claims/{ended}"),
    Case("claim-revealed", "/console/claims/{job_id}", "/console/claims/{example}?reveal=true"),
    Case("upload", "/console/upload", "/console/upload"),
    Case("resumes", "/console/resumes", "/console/resumes"),
    Case("resumes-none", "/console/resumes", "/console/resumes", who="newcomer"),
    Case("resume", "/console/resumes/{resume_id}", "/console/resumes/{resume}"),
    Case("integrations", "/console/integrations", "/console/integrations"),
    Case("people", "/console/people", "/console/people?said=changed"),
    Case("people-none", "/console/people", "/console/people?text=nobody-like-that"),
    Case("jobs", "/console/jobs", "/console/jobs"),
    Case("jobs-none", "/console/jobs", "/console/jobs?text=nothing-like-it"),
    Case("board", "/console/jobs/{job_id}", "/console/jobs/{post}"),
    Case("board-stage", "/console/jobs/{job_id}", "/console/jobs/{post}?stage=applied"),
    Case("board-draft", "/console/jobs/{job_id}", "/console/jobs/{draft}"),
    Case(
        "application",
        "/console/applications/{application_id}",
        "/console/applications/{application}",
    ),
    Case(
        "application-bare", "/console/applications/{application_id}", "/console/applications/{bare}"
    ),
    Case("analytics", "/console/analytics", "/console/analytics"),
    Case("analytics-job", "/console/analytics", "/console/analytics?job={post}"),
    Case(
        "analytics-none", "/console/analytics", "/console/analytics?from=2001-01-01&to=2001-02-01"
    ),
    Case("audit", "/console/audit", "/console/audit"),
    Case("audit-none", "/console/audit", "/console/audit?room=webhooks"),
    Case("health", "/console/health", "/console/health"),
    Case("organization", "/console/organization", "/console/organization", who="superuser"),
    Case("organization-none", "/console/organization", "/console/organization", who="newcomer"),
    Case("problem", "/console/claims", "/console/claims/not-an-id", status=422),
)


def routes() -> set[str]:
    """The addresses of the console that are got, as its routers say."""
    return {
        route.path
        for pages in CONSOLE
        for route in pages.router.routes
        if "GET" in getattr(route, "methods", ())
    }
