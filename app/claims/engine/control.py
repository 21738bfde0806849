"""What people do to a job: cancel it, and let some of its rows run again."""

from typing import Final, Literal
from uuid import UUID

from app.claims.engine.finish import end
from app.claims.errors import ROW_CODES
from app.claims.queries.engine import jobs, retries
from app.core.db import WriteSession, driver

RetryScope = Literal["failed", "retriable", "unprocessed", "all"]
RETRIABLE: Final = tuple(entry.code for entry in ROW_CODES.values() if entry.retriable)


async def cancel(session: WriteSession, *, job_id: UUID) -> str | None:
    """Stop a job; gives its new status, None where it had ended or is being cancelled already.

    A job that nobody works for ends at once. Otherwise it is CANCELLING until the workers have put
    down what they have in hand: what was asked keeps its answer, what was not stays unprocessed.
    """
    connection = await driver(session)
    job = await jobs.lock(connection, job_id)
    if job is None or job["status"] not in ("PENDING", "PROCESSING"):
        return None
    began = await jobs.begin_cancel(connection, job_id)
    if began and await jobs.has_live_lease(connection, job_id):
        return "CANCELLING"
    await end(connection, job_id, "CANCELLED")
    return "CANCELLED"


async def retry(
    session: WriteSession,
    *,
    job_id: UUID,
    scope: RetryScope | None = None,
    error_code: str | None = None,
) -> int:
    """Let rows of an ended job run again in it; says how many, and 0 changes nothing.

    Without a scope the failed and the unprocessed rows run. Rows without an answer run in any
    case, since no job is COMPLETED with some of them; succeeded rows never do. The old answers
    move to the history. The job is PENDING afterwards, and the caller rings for it.
    """
    connection = await driver(session)
    await retries.be_patient(connection)
    job = await jobs.lock(connection, job_id)
    if job is None or job["status"] not in ("COMPLETED", "FAILED", "CANCELLED"):
        return 0
    unanswered = await retries.count_unanswered(connection, job_id, job["total_rows"])
    moved = 0
    if scope != "unprocessed":
        codes = _codes(scope, error_code)
        moved = await retries.put_aside(connection, job_id, codes)
    asked_for = moved if scope in ("failed", "retriable") or error_code else moved + unanswered
    if asked_for == 0:
        return 0
    await retries.begin_again(connection, job_id)
    await jobs.note(connection, job_id, "status", status="PENDING", attempt=job["attempt"] + 1)
    return moved + unanswered


def _codes(scope: RetryScope | None, error_code: str | None) -> list[str] | None:
    """The codes of answers that are put aside; None for all of them."""
    allowed = RETRIABLE if scope == "retriable" else None
    if error_code is None:
        return list(allowed) if allowed is not None else None
    return [error_code] if allowed is None or error_code in allowed else []
