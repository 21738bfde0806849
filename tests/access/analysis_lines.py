"""The rights of the room for analyses: everybody has their own, and nobody another's."""

from collections.abc import Mapping

from app.core.db import Database
from tests.access.line import Line
from tests.analysis.samples import make_analysis
from tests.jobs.samples import make_job
from tests.people import Crew
from tests.resumes.samples import TEXT


async def analysis(database: Database, crew: Crew) -> Mapping[str, str]:
    """The candidate's completed analysis for a job that the employer has posted."""
    job_id, analysis_id = await make_analysis(database, crew)
    other = await make_job(database, crew)
    await make_analysis(database, crew, job_id=other)
    return {"job_id": str(job_id), "analysis_id": str(analysis_id), "other_id": str(other)}


FILE = {"resume": ("cv.txt", TEXT.encode(), "text/plain")}
OWN = "401 404 200 404 404 404 404"
ANYBODY = "401 200 200 200 200 200 200"
ROOM = "/resume-analysis"

ANALYSIS = [
    #                                    anon stra cand view staf admi supe
    Line("POST", f"{ROOM}/analyze", "401 202 202 202 202 202 202", files=FILE),
    Line("GET", f"{ROOM}/results/{{job_id}}", OWN, prepare=analysis),
    Line("GET", f"{ROOM}/summary/{{job_id}}", OWN, prepare=analysis),
    Line("GET", f"{ROOM}/recommendations/{{analysis_id}}", OWN, prepare=analysis),
    Line("GET", f"{ROOM}/{{analysis_id}}/events", OWN, prepare=analysis),
    Line("GET", f"{ROOM}/user/analyses", ANYBODY),
    Line("GET", f"{ROOM}/user/top-matches", ANYBODY),
    Line("GET", f"{ROOM}/user/stats", ANYBODY),
    Line("GET", f"{ROOM}/compare?job_ids={{job_id}}&job_ids={{other_id}}", OWN, prepare=analysis),
]
