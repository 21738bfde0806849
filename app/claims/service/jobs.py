"""What a job looks like outside, worked out from one consistent reading."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.claims.errors import JobNotFound, JobRunning
from app.claims.models import ENDED
from app.claims.queries import reading
from app.claims.schemas import CeleryInfo, JobOut, ProgressOut
from app.claims.service import trail
from app.core.db import ReadSession, WriteSession

_WORDS: Final = {
    "PENDING": "Waiting",
    "PROCESSING": "Running",
    "CANCELLING": "Being cancelled",
    "CANCELLED": "Cancelled",
    "COMPLETED": "Completed",
    "FAILED": "Failed",
}
_CELERY_WORDS: Final = {
    "PENDING": "PENDING",
    "PROCESSING": "PROGRESS",
    "CANCELLING": "PROGRESS",
    "CANCELLED": "REVOKED",
    "COMPLETED": "SUCCESS",
    "FAILED": "FAILURE",
}
# Workers look for work by themselves every five seconds, and leases that ran out are taken then.
_IDLE_SECONDS: Final = 30.0


def figures(row: Mapping[str, Any]) -> dict[str, Any]:
    """The counters of `schemas.Figures` from one row of a reading."""
    succeeded, failed, total = row["success_count"], row["failure_count"], row["total_rows"]
    processed = succeeded + failed
    rate = _rate(row, processed)
    left = total - processed
    is_running = row["status"] == "PROCESSING"
    return {
        "status": row["status"],
        "status_display": _WORDS[row["status"]],
        **_reason(row),
        "total_rows": total,
        "processed_rows": processed,
        "success_count": succeeded,
        "failure_count": failed,
        "unprocessed_rows": left,
        "progress_percentage": _percent(processed, total) or 0.0,
        "success_rate": _percent(succeeded, processed),
        "rows_per_second": rate,
        "eta_seconds": round(left / rate) if rate and is_running else None,
        "failures_by_reason": row["failures_by_reason"],
        "attempt": row["attempt"],
    }


def _reason(row: Mapping[str, Any]) -> dict[str, Any]:
    """Why nothing goes on: as the job has it, or because nobody is at it."""
    names = ("status_reason", "status_reason_code", "status_reason_at")
    idle_since: datetime | None = row["idle_since"]
    if row["status_reason"] or idle_since is None:
        return {name: row[name] for name in names}
    if (row["read_at"] - idle_since).total_seconds() < _IDLE_SECONDS:
        return dict.fromkeys(names)
    words = (
        f"No worker has taken this up since {idle_since:%H:%M} UTC. Workers may be busy with other"
        " files, or none is running: GET /health tells. It goes on by itself."
    )
    return dict(zip(names, (words, "file.no_worker", idle_since), strict=True))


def _percent(part: int, whole: int) -> float | None:
    # Cut, not rounded: 100 is said only when everything is there.
    return part * 1000 // whole / 10 if whole else None


def _duration(row: Mapping[str, Any]) -> float | None:
    started: datetime | None = row["processing_started_at"]
    if started is None:
        return None
    ended: datetime = row["processing_completed_at"] or row["read_at"]
    return max(0.0, (ended - started).total_seconds())


def _rate(row: Mapping[str, Any], processed: int) -> float | None:
    seconds = _duration(row)
    if not seconds or not processed:
        return None
    return round(processed / seconds, 1)


def job_out(row: Mapping[str, Any]) -> JobOut:
    """The whole job from one row of a reading."""
    counters = figures(row)
    has_ended = row["status"] in ENDED
    duration = _duration(row)
    return JobOut.model_validate(
        {
            **row,
            **counters,
            "user": row["user_id"],
            "organization": row["organization_id"],
            "processing_duration": None if duration is None else round(duration, 3),
            "can_cancel": row["status"] in ("PENDING", "PROCESSING"),
            "can_retry": has_ended and counters["success_count"] < row["total_rows"],
        }
    )


def progress_out(row: Mapping[str, Any]) -> ProgressOut:
    """The counters by themselves from one row of a reading."""
    counters = figures(row)
    info = CeleryInfo(
        current=counters["processed_rows"],
        total=counters["total_rows"],
        percent=counters["progress_percentage"],
    )
    return ProgressOut(
        job_id=row["id"],
        celery_status=_CELERY_WORDS[row["status"]],
        celery_info=info,
        **counters,
    )


async def get(session: ReadSession, *, organization_id: UUID, job_id: UUID) -> JobOut:
    """One job.

    Raises:
        JobNotFound: there is none, or it is another organization's.
    """
    row = await reading.get_job(session, organization_id, job_id)
    if row is None:
        raise JobNotFound
    return job_out(dict(row))


async def progress(
    session: ReadSession, *, organization_id: UUID, job_id: UUID
) -> tuple[ProgressOut, int]:
    """One job's counters, and the version of its last event.

    Raises:
        JobNotFound: there is none, or it is another organization's.
    """
    row = await reading.get_figures(session, organization_id, job_id)
    if row is None:
        raise JobNotFound
    return progress_out(dict(row)), row["version"]


async def remove(session: WriteSession, *, organization_id: UUID, job_id: UUID, by: UUID) -> None:
    """Delete an ended job with its rows and answers; that it was there stays in the audit log.

    Raises:
        JobNotFound: there is none, or it is another organization's.
        JobRunning: it has not ended.
    """
    job = await get(session, organization_id=organization_id, job_id=job_id)
    if job.status not in ENDED:
        raise JobRunning
    await reading.delete_job(session, job_id)
    act = trail.Act(organization_id, job_id, by)
    status = job.status.lower()
    trail.note(session, "claims.job_removed", act, rows=job.total_rows, status=status)
