"""Applying, moving, reading. The session's scope decides which applications are there at all."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func

from app.applications import announcements, queries, trail
from app.applications.errors import (
    ApplicantsOwnOnly,
    ApplicationDuplicate,
    ApplicationJobClosed,
    ApplicationNotFound,
    ApplicationResumeUnknown,
    ApplicationTransition,
)
from app.applications.models import Application
from app.applications.moves import Party, is_allowed
from app.applications.queries import Wanted
from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.core.pages import Key, PageQuery, Slice, paginate
from app.jobs.errors import JobNotFound
from app.resumes import service as resumes
from app.resumes.errors import ResumeNotFound
from app.worker.doorbell import ring

Row = dict[str, Any]


async def apply(session: WriteSession, *, candidate_id: UUID, values: Mapping[str, Any]) -> UUID:
    """A new application's id.

    Raises:
        JobNotFound: no such job, or a draft.
        ApplicationJobClosed: the job is closed, archived or expired.
        ApplicationResumeUnknown: the résumé is not the applicant's.
        ApplicationDuplicate: the person has applied to this job before.
    """
    job_id: UUID = values["job_id"]
    job = await queries.open_job(session, job_id)
    if job is None:
        raise JobNotFound
    organization_id, is_open = job
    if not is_open:
        raise ApplicationJobClosed
    if values["resume_id"] is not None:
        await _require_own_resume(session, candidate_id, values["resume_id"])
    application_id = await queries.add(
        session,
        {
            **values,
            "organization_id": organization_id,
            "candidate_id": candidate_id,
            "status": "applied",
        },
    )
    if application_id is None:
        raise ApplicationDuplicate
    made = {"id": application_id, "job_id": job_id, "organization_id": organization_id}
    await note_moves(session, [{**made, "status": None}], "applied", by=candidate_id)
    await announcements.tell_employer(session, application_id, job_id, candidate_id)
    if values["resume_id"] is not None:
        # The room beside this one scores it; it is known by the name of its task alone.
        ring(session, "analysis.work", application_id=application_id)
    return application_id


async def _require_own_resume(session: ReadSession, candidate_id: UUID, resume_id: UUID) -> None:
    try:
        await resumes.get_own(session, owner_id=candidate_id, resume_id=resume_id)
    except ResumeNotFound:
        raise ApplicationResumeUnknown from None


async def browse(
    session: ReadSession,
    *,
    wanted: Wanted,
    query: PageQuery,
    by_score: bool = False,
    tenant: UUID | None = None,
) -> Slice[Row]:
    """Applications with their histories: the newest first, or the best score first."""
    keys: list[Key] = [(Application.id, "desc")]
    if by_score:
        keys.insert(0, (queries.SCORE, "desc"))
    found = await paginate(session, queries.shown(wanted), keys=keys, query=query, tenant=tenant)
    return Slice(await with_histories(session, found.rows), found.next, found.previous, found.count)


async def get(session: ReadSession, *, application_id: UUID) -> Row:
    """One application with its history.

    Raises:
        ApplicationNotFound: there is none that this transaction may see.
    """
    found = await queries.get(session, application_id)
    if found is None:
        raise ApplicationNotFound
    return (await with_histories(session, [dict(found)]))[0]


async def get_locked(session: WriteSession, *, application_id: UUID) -> Row:
    """One application with its history, which nobody else changes until the transaction ends.

    Raises:
        ApplicationNotFound: there is none that this transaction may see.
    """
    await queries.lock(session, [application_id])
    return await get(session, application_id=application_id)


async def with_histories(session: ReadSession, rows: Sequence[Row]) -> list[Row]:
    """The rows with `history`: {from, to, at, by, note}, the first step first."""
    histories = await queries.histories(session, [row["id"] for row in rows])
    return [
        {
            **row,
            "history": [
                {
                    "from_status": move.from_status,
                    "to_status": move.to_status,
                    "at": move.at,
                    "by": move.by_id,
                    "note": move.note,
                }
                for move in histories[row["id"]]
            ],
        }
        for row in rows
    ]


async def update(
    session: WriteSession,
    *,
    application_id: UUID,
    party: Party,
    by: UUID,
    values: Mapping[str, Any],
) -> Row:
    """Move the application, or change what the employer notes; the application afterwards.

    `values` are those that were sent. The status that it has already is no move.

    Raises:
        ApplicantsOwnOnly: the applicant sent one of the employer's fields.
        ApplicationTransition: the move is not allowed, or not to this party.
    """
    present = await get_locked(session, application_id=application_id)
    wanted, note = values.get("status"), values.get("note")
    changes = {name: values[name] for name in ("notes", "rating", "tags") if name in values}
    if changes.get("tags", ()) is None:
        changes["tags"] = []
    if changes and party == "applicant":
        raise ApplicantsOwnOnly
    if wanted is not None and wanted != present["status"]:
        require_allowed(present, wanted, party)
        await note_moves(session, [present], wanted, by=by, note=note)
        changes["status"] = wanted
    if not changes:
        return present
    trail.changed(session, present, changes, by=by)
    await queries.change(session, application_id, {**changes, "updated_at": func.now()})
    return await get(session, application_id=application_id)


def require_allowed(present: Mapping[str, Any], wanted: str, party: Party) -> None:
    """Refuse a move that cannot be.

    Raises:
        ApplicationTransition: it is not allowed, or not to this party.
    """
    status = present["status"]
    if not is_allowed(party, status, wanted):
        raise ApplicationTransition(f"The application is {status} and cannot become {wanted}.")


async def note_moves(
    session: WriteSession,
    rows: Sequence[Mapping[str, Any]],
    wanted: str,
    *,
    by: UUID,
    note: str | None = None,
) -> None:
    """Write down that each of `rows`, as it was before, comes to stand at `wanted`.

    Applicants are told of what employers do; what they do themselves they know.
    """
    await queries.add_moves(
        session,
        [
            {
                "id": new_id(),
                "application_id": row["id"],
                "from_status": row["status"],
                "to_status": wanted,
                "by_id": by,
                "note": note,
            }
            for row in rows
        ],
    )
    for row in rows:
        trail.moved(session, row, wanted, by=by)
    await announcements.tell_candidates(session, rows, wanted)
