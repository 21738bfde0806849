"""What can go wrong with an analysis before it begins. Why one failed stands in the analysis."""

from app.core.problems import NotFound, Problem


class AnalysisNotFound(NotFound):
    """No analysis of the caller's by this id, nor one for a job of this id."""

    code = "analysis.not_found"
    title = "There is no such analysis of yours"
    hint = "Send the résumé with POST /api/v1/resume-analysis/analyze first."


class AnalysisWithoutResume(Problem):
    """The form has neither a file nor a résumé's id, or both."""

    code = "analysis.resume_missing"
    status = 422
    title = "Exactly one résumé is needed"
    hint = "Send multipart/form-data with the file in `resume`, or the id of a stored one in `resume_id`."


class AnalysisJobClosed(Problem):
    """The job is closed, archived or over."""

    code = "analysis.job_closed"
    status = 409
    title = "This job is not open any more"
    hint = "Analyses that were made while it was open can still be read."


class AnalysisComparisonSize(Problem):
    """Fewer than two or more than ten different jobs."""

    code = "analysis.comparison_size"
    status = 422
    title = "Between two and ten jobs can be compared"
    hint = "Repeat the parameter for each job: ?job_ids=a&job_ids=b."
