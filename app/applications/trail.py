"""What is written to the audit log about applications: ids and codes, no word of theirs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.core.audit import Entry, Fact, record
from app.core.db import WriteSession

_VERBS = {"applied": "applied", "withdrawn": "withdrawn"}


def moved(session: WriteSession, before: Mapping[str, Any], wanted: str, *, by: UUID) -> None:
    """An application was made, moved or withdrawn; `before` is how it stood."""
    present = {} if before["status"] is None else {"from": before["status"]}
    detail = {"job_id": str(before["job_id"]), **present, "to": wanted}
    _write(session, _VERBS.get(wanted, "moved"), before, detail, by=by)


def changed(
    session: WriteSession, before: Mapping[str, Any], changes: Mapping[str, Any], *, by: UUID
) -> None:
    """The employer noted something; which fields, and nothing of what."""
    fields = sorted(set(changes) - {"status"})
    if fields:
        _write(session, "changed", before, {"fields": ",".join(fields)}, by=by)


def reviewed(session: WriteSession, application: Mapping[str, Any], verb: str, *, by: UUID) -> None:
    """A colleague wrote or took back a review."""
    _write(session, verb, application, {"job_id": str(application["job_id"])}, by=by)


def of_job(
    session: WriteSession,
    verb: str,
    job: tuple[UUID, UUID],
    detail: Mapping[str, Fact],
    *,
    by: UUID,
) -> None:
    """Something that concerns all applications to `job`: its id, and its organization's."""
    job_id, organization_id = job
    record(
        session,
        Entry(f"applications.{verb}", by, organization_id, "job", str(job_id), detail),
    )


def _write(
    session: WriteSession,
    verb: str,
    application: Mapping[str, Any],
    detail: Mapping[str, Fact],
    *,
    by: UUID,
) -> None:
    act = (f"applications.{verb}", by, application["organization_id"])
    record(session, Entry(*act, "application", str(application["id"]), detail))
