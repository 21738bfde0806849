"""What can go wrong with jobs."""

from app.core.problems import NotFound, Problem


class JobNotFound(NotFound):
    """No such job, or a draft of another organization."""

    code = "jobs.not_found"
    title = "There is no such job"
    hint = "Take the id from a list of jobs; drafts are shown to their own organization only."


class JobTransition(Problem):
    """A status that cannot follow the job's present one."""

    code = "jobs.transition"
    status = 409
    title = "The job cannot take this status now"
    hint = "A draft becomes active; an active job closes; a closed or archived one reopens."


class JobExpiryPast(Problem):
    """A job would be over before it is seen."""

    code = "jobs.expires_in_the_past"
    status = 422
    title = "The job would expire before it is published"
    hint = "Send an expires_at that lies in the future, or null for none."


class JobSalaryRange(Problem):
    """The lower salary is above the upper one."""

    code = "jobs.salary_range"
    status = 422
    title = "salary_min is above salary_max"
    hint = "Swap the two, or leave one of them out."
