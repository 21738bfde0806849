"""From rows to the shapes of the outside."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.analysis.engine.version import model_version
from app.analysis.models import ENDED, Analysis
from app.analysis.schemas import (
    AnalysisOut,
    AskedOut,
    ComparisonOut,
    FailureOut,
    ProgressOut,
    RecommendationsOut,
    StatsOut,
    SummaryOut,
)
from app.mail.languages import USUAL, Language
from app.resumes.failures import told


def asked_out(made: Analysis) -> AskedOut:
    """The answer to a request for an analysis."""
    return AskedOut.model_validate(made)


def _summary(row: Mapping[str, Any], language: Language = USUAL) -> dict[str, Any]:
    made: Analysis = row["Analysis"]
    result = made.result or {}
    return {
        "id": made.id,
        "resume_id": made.resume_id,
        "job_id": made.job_id,
        "job_title": row["job_title"],
        "company": row["company"],
        "status": made.status,
        "error": told(made.error, language),
        "overall_score": made.overall_score,
        "fit": made.fit,
        "components": result.get("components", []),
        "matched_skills_count": len(result.get("matched", [])),
        "missing_skills_count": len(result.get("missing", [])),
        "model_version": made.model_version,
        "is_current": _is_current(row),
        "created_at": made.created_at,
        "completed_at": made.completed_at,
    }


def _is_current(row: Mapping[str, Any]) -> bool:
    """Whether it was made of what there is now; answers from before that was kept say only their rules."""
    made: Analysis = row["Analysis"]
    is_read_anew = made.resume_revision not in (None, row["revision"])
    is_worded_anew = made.job_wording not in (None, row["wording"])
    is_of_other_rules = made.model_version != model_version()
    return made.status not in ENDED or not (is_read_anew or is_worded_anew or is_of_other_rules)


def summary_out(row: Mapping[str, Any], language: Language = USUAL) -> SummaryOut:
    """The analysis without its lists."""
    return SummaryOut.model_validate(_summary(row, language))


def analysis_out(row: Mapping[str, Any], language: Language = USUAL) -> AnalysisOut:
    """The whole analysis."""
    result = row["Analysis"].result or {}
    return AnalysisOut.model_validate(
        {
            **_summary(row, language),
            "matched_skills": result.get("matched", []),
            "missing_skills": result.get("missing", []),
            "recommendations": result.get("advice", []),
            "jobs_considered": result.get("jobs_considered"),
            "matches": result.get("matches", []),
        }
    )


def recommendations_out(row: Mapping[str, Any]) -> RecommendationsOut:
    """What would raise the score."""
    whole = analysis_out(row)
    return RecommendationsOut.model_validate(whole)


def progress_out(row: Mapping[str, Any], language: Language = USUAL) -> ProgressOut:
    """The analysis's progress."""
    made: Analysis = row["Analysis"]
    error = told(made.error, language)
    return ProgressOut(
        id=made.id,
        resume_id=made.resume_id,
        job_id=made.job_id,
        status=_status(made),
        resume_status=row["reading"],
        error=None if error is None else FailureOut.model_validate(error),
        overall_score=made.overall_score,
        fit=made.fit,
    )


def _status(made: Analysis) -> Any:
    return made.status


def stats_out(numbers: Mapping[str, Any]) -> StatsOut:
    """The numbers as the outside sees them, means to one decimal."""
    top = numbers["top"]
    best = None
    if top is not None:
        made: Analysis = top["Analysis"]
        best = {**_summary(top), "analysis_id": made.id}
    return StatsOut.model_validate(
        {
            "total_analyses": numbers["total"],
            "completed": numbers["completed"],
            "pending": numbers["pending"],
            "failed": numbers["failed"],
            "resumes_analyzed": numbers["resumes"],
            "average_score": _rounded(numbers["average_score"]),
            "best_score": numbers["best_score"],
            "average_fit": _rounded(numbers["average_fit"]),
            "top_job_match": best,
            "most_common_missing_skills": _counted(numbers["missing"]),
            "most_common_matched_skills": _counted(numbers["matched"]),
        }
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _counted(pairs: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"name": name, "count": count} for name, count in pairs]


def comparison_out(rows: Sequence[Mapping[str, Any]], language: Language = USUAL) -> ComparisonOut:
    """Analyses side by side; one that has no answer yet is never the best."""
    analyses = [analysis_out(row, language) for row in rows]
    done = [at for at, each in enumerate(analyses) if each.fit is not None]
    best = max(done, key=lambda at: (analyses[at].fit, analyses[at].overall_score), default=None)
    missing = [{skill.name for skill in analyses[at].missing_skills} for at in done]
    return ComparisonOut(
        job_ids=[each.job_id for each in analyses],
        job_titles=[each.job_title for each in analyses],
        overall_scores=[each.overall_score for each in analyses],
        fits=[each.fit for each in analyses],
        best_match_index=best,
        best_match_job_id=None if best is None else analyses[best].job_id,
        best_match_job_title=None if best is None else analyses[best].job_title,
        common_missing_skills=sorted(set.intersection(*missing)) if missing else [],
        analyses=analyses,
    )
