"""What can go wrong with applications."""

from app.core.problems import Forbidden, NotFound, Problem


class ApplicationNotFound(NotFound):
    """No such application, or one that is neither the caller's nor to the caller's jobs."""

    code = "applications.not_found"
    title = "There is no such application"
    hint = "Take the id from your own applications, or from those to one of your jobs."


class ApplicationDuplicate(Problem):
    """The person has applied to this job before."""

    code = "applications.duplicate"
    status = 409
    title = "You have applied to this job already"
    hint = "GET /api/v1/applications/my-applications shows how it stands."


class ApplicationJobClosed(Problem):
    """The job takes no more applications."""

    code = "applications.job_closed"
    status = 409
    title = "This job takes no applications any more"
    hint = "Look for open jobs with GET /api/v1/jobs."


class ApplicationTransition(Problem):
    """A status that cannot follow the present one, or not by the caller's hand."""

    code = "applications.transition"
    status = 409
    title = "The application cannot move there"
    hint = (
        "Applications go forward from applied to offer; an offer is accepted; each of these may be"
        " rejected, or withdrawn by the applicant. What has ended stays."
    )


class ApplicationMovedMeanwhile(Problem):
    """A move of an application that no longer stands where the caller saw it."""

    code = "applications.moved_meanwhile"
    status = 409
    title = "Somebody else has moved the application"
    hint = "Look where it stands now, and move it from there if you still want to."


class ApplicantsOwnOnly(Forbidden):
    """Fields of the employer in a request of the applicant."""

    code = "applications.employers_fields"
    title = "Only the employer sets notes, rating and tags"
    hint = "An applicant may send status withdrawn, with a note to it."


class ApplicationResumeUnknown(Problem):
    """A résumé that is not the applicant's."""

    code = "applications.resume_unknown"
    status = 422
    title = "There is no such résumé of yours"
    hint = "Upload it with POST /api/v1/resumes and send the id from the answer."


class CriterionUnknown(Problem):
    """A score for something that applicants for this job are not judged by."""

    code = "applications.criterion_unknown"
    status = 422
    title = "The job has no such criterion"
    hint = "GET /api/v1/applications/job/{job_id}/criteria names them."
