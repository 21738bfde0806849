"""The rights of the rooms for jobs and applications."""

from collections.abc import Mapping

from app.core.db import Database
from tests.access.line import Line
from tests.applications.samples import make_application
from tests.jobs.samples import JOB, make_job
from tests.people import Crew
from tests.resumes.samples import TEXT, make_resume


async def job(database: Database, crew: Crew) -> Mapping[str, str]:
    """An active job of the organization that its employer has posted."""
    return {"job_id": str(await make_job(database, crew))}


async def draft(database: Database, crew: Crew) -> Mapping[str, str]:
    """A draft of the organization."""
    return {"job_id": str(await make_job(database, crew, status="draft"))}


async def application(database: Database, crew: Crew) -> Mapping[str, str]:
    """The candidate's application to a job that the employer has posted."""
    job_id, application_id = await make_application(database, crew)
    return {"job_id": str(job_id), "application_id": str(application_id)}


async def resume(database: Database, crew: Crew) -> Mapping[str, str]:
    """The candidate's résumé, which came with an application to the employer's job."""
    resume_id = await make_resume(database, crew)
    await make_application(database, crew, resume_id=resume_id)
    return {"resume_id": str(resume_id)}


OPEN = "200 200 200 200 200 200 200"
CHANGES = "401 404 403 403 403 200 403"
SCORECARD = "/applications/{application_id}/scorecard"
NEW = {"job_id": "00000000-0000-7000-8000-000000000000"}

JOBS = [
    #                                     anon stra cand view staf admi supe
    Line("GET", "/jobs", OPEN),
    Line("GET", "/jobs/search?query=data", OPEN),
    Line("GET", "/jobs/my-jobs", "401 200 403 403 403 200 403"),
    Line("GET", "/jobs/{job_id}", "404 404 404 200 200 200 200", prepare=draft),
    Line("POST", "/jobs", "401 201 403 403 403 201 403", json=JOB),
    Line("PUT", "/jobs/{job_id}", CHANGES, json=JOB, prepare=job),
    Line("PATCH", "/jobs/{job_id}", CHANGES, json={"title": "x"}, prepare=job),
    Line("DELETE", "/jobs/{job_id}", CHANGES, prepare=job),
]

APPLICATIONS = [
    #                                     anon stra cand view staf admi supe
    Line("POST", "/applications", "401 403 404 403 403 403 404", json=NEW),
    Line("GET", "/applications", "401 200 403 403 403 200 200"),
    Line("GET", "/applications/my-applications", "401 200 200 200 200 200 200"),
    Line("GET", "/applications/job/{job_id}", "401 404 404 403 403 200 200", prepare=application),
    Line(
        "GET", "/applications/{application_id}", "401 404 200 403 403 200 200", prepare=application
    ),
    Line(
        "PUT",
        "/applications/{application_id}",
        "401 404 403 403 403 200 200",
        json={"notes": "x"},
        prepare=application,
    ),
]

FILE = {"file": ("cv.txt", TEXT.encode(), "text/plain")}
SIGHT = "401 404 200 404 404 200 200"

RESUMES = [
    #                                   anon stra cand view staf admi supe
    Line("POST", "/resumes", "401 201 201 201 201 201 201", files=FILE),
    Line("GET", "/resumes", "401 200 200 200 200 200 200"),
    Line("GET", "/resumes/{resume_id}", SIGHT, prepare=resume),
    Line("GET", "/resumes/{resume_id}/file", SIGHT, prepare=resume),
    Line("GET", "/resumes/{resume_id}/events", SIGHT, prepare=resume),
    Line("POST", "/resumes/{resume_id}/reprocess", "401 404 202 404 404 404 404", prepare=resume),
    Line("DELETE", "/resumes/{resume_id}", "401 404 204 404 404 404 404", prepare=resume),
]


OPTIMUS = [
    #                                     anon stra cand view staf admi supe
    Line("GET", "/optimus/dashboard", "401 200 403 403 403 200 200"),
    Line("GET", "/optimus/job-insights/{job_id}", "401 404 403 403 403 200 200", prepare=job),
    Line(
        "POST",
        "/applications/bulk-move",
        "401 200 200 200 200 200 200",
        json={"ids": [NEW["job_id"]], "status": "viewed"},
    ),
    Line(
        "GET",
        "/applications/job/{job_id}/export",
        "401 404 404 403 403 200 200",
        prepare=application,
    ),
    Line(
        "GET",
        "/applications/job/{job_id}/criteria",
        "401 404 404 403 403 200 200",
        prepare=application,
    ),
    Line(
        "PUT",
        "/applications/job/{job_id}/criteria",
        "401 404 404 403 403 200 200",
        json={"criteria": ["SQL"]},
        prepare=application,
    ),
    Line("GET", SCORECARD, "401 404 403 403 403 200 200", prepare=application),
    Line(
        "PUT",
        SCORECARD,
        "401 404 403 403 403 200 200",
        json={"scores": {"experience": 3}},
        prepare=application,
    ),
    Line("DELETE", SCORECARD, "401 404 403 403 403 204 204", prepare=application),
]
