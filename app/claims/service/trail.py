"""What the audit log is told of claim files: who brought, read, ran again or removed which."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.claims.schemas import JobOut, ResultFormat, Scope
from app.core.audit import Entry, Fact, record
from app.core.db import WriteSession

_COUNTER_OF: Final = {
    Scope.ALL: "total_rows",
    Scope.SUCCEEDED: "success_count",
    Scope.FAILED: "failure_count",
    Scope.UNPROCESSED: "unprocessed_rows",
}


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something to which job; `by` is None where the server acts by itself."""

    organization_id: UUID
    job_id: UUID
    by: UUID | None


def note(session: WriteSession, action: str, act: Act, **detail: Fact) -> None:
    """An act on a job."""
    entry = Entry(action, act.by, act.organization_id, "claim_job", str(act.job_id), detail)
    record(session, entry)


def downloaded(
    session: WriteSession, act: Act, job: JobOut, what: tuple[Scope, ResultFormat] | None
) -> None:
    """A file with patients' data goes out: results in this scope and form, else the errors file."""
    scope, form = what or (Scope.FAILED, ResultFormat.CSV)
    note(
        session,
        "claims.errors_read" if what is None else "claims.results_read",
        act,
        rows=getattr(job, _COUNTER_OF[scope]),
        scope=scope.value,
        format=form.value,
    )
