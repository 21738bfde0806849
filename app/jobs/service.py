"""What can be done with jobs. The session's scope decides which ones are there at all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from app.core.audit import Entry, record
from app.core.clock import now
from app.core.db import ReadSession, WriteSession, driver
from app.core.pages import PageQuery, Slice, paginate
from app.jobs import finding, queries
from app.jobs.errors import JobExpiryPast, JobNotFound, JobSalaryRange, JobTransition
from app.jobs.filters import Filters
from app.jobs.finding import Driver
from app.jobs.models import Job, OpenJob
from app.jobs.search import correctable, corrections, language_of, readings, words_of
from app.jobs.skills import written
from app.jobs.synonyms import meant_by
from app.worker.doorbell import ring

# What a status may become. Whoever has applied to a job would lose sight of it if it could be a
# draft again.
NEXT: Final[Mapping[str, frozenset[str]]] = {
    "draft": frozenset({"active", "archived"}),
    "active": frozenset({"closed", "archived"}),
    "closed": frozenset({"active", "archived"}),
    "archived": frozenset({"active", "closed"}),
}
_CAN_BE_TAKEN_AWAY: Final = frozenset({"salary_min", "salary_max", "expires_at"})


async def browse(session: ReadSession, *, filters: Filters, query: PageQuery) -> Slice[OpenJob]:
    """Active jobs, the newest first."""
    return await paginate(
        session,
        queries.active(filters),
        keys=[(OpenJob.posted_at, "desc"), (OpenJob.id, "desc")],
        query=query,
    )


async def search(
    session: ReadSession,
    *,
    question: str,
    filters: Filters,
    query: PageQuery,
    person: UUID | None = None,
) -> tuple[Filters, Slice[dict[str, Any]]]:
    """Jobs that answer `question`, the best first, each as the columns of `FoundJob`; the filters with
    what was looked for. `person` is whoever may have applied to some of them.

    All words are looked for; when no job has them all, any of them. A question without words finds
    every job, the newest first, with empty headlines.
    """
    connection = await driver(session)
    words, asked = words_of(question), filters
    if words:
        asked, page = await _widened(connection, words, filters, query)
    else:
        listed = await browse(session, filters=filters, query=replace(query, with_count=False))
        page = Slice([job.id for job in listed.rows], listed.next, listed.previous, None)
    rows = await finding.shown(connection, page.rows, expression=asked.expression, person=person)
    # A page comes from the ranked part of all hits; the count is that of all of them.
    count = await queries.count(session, asked) if query.with_count else None
    return asked, Slice(rows, page.next, page.previous, count)


async def _widened(
    connection: Driver, words: Sequence[str], filters: Filters, query: PageQuery
) -> tuple[Filters, Slice[UUID]]:
    """The page of the narrowest reading that finds enough: on every page of a question the same one."""
    await connection.execute(finding.PLANNED)
    near = await finding.near_words(connection, correctable(words))
    corrected = {word: corrections(word, known) for word, known in near.items()}
    is_known = words[-1] in near.get(words[-1], ())
    *narrow, widest = readings(words, corrected, await meant_by(words), is_known=is_known)
    for way in narrow:
        page, total = await finding.page(connection, filters, way, query)
        if total is None:
            # An empty page leaves the question open: it may also be the one after the last.
            total = await finding.ranked_in_all(connection, filters, way)
        if total >= way.enough:
            return replace(filters, expression=way.expression), page
    page, _ = await finding.page(connection, filters, widest, query)
    return replace(filters, expression=widest.expression), page


async def browse_own(session: ReadSession, *, user_id: UUID, query: PageQuery) -> Slice[Job]:
    """The jobs that a person has posted, in every status, the newest first."""
    return await paginate(
        session, queries.posted_by(user_id), keys=[(Job.id, "desc")], query=query, tenant=user_id
    )


async def get(session: ReadSession, *, job_id: UUID) -> Job:
    """One job.

    Raises:
        JobNotFound: there is none, or it is another organization's draft.
    """
    found = await queries.get(session, job_id)
    if found is None:
        raise JobNotFound
    return found


async def get_locked(session: WriteSession, *, organization_id: UUID, job_id: UUID) -> Job:
    """One of the organization's jobs, for as long as the transaction lasts its alone.

    Raises:
        JobNotFound: there is none, or it is another organization's.
    """
    found = await queries.get(session, job_id)
    if found is None or found.organization_id != organization_id:
        raise JobNotFound
    locked = await queries.get(session, job_id, locked=True)
    if locked is None:
        raise JobNotFound
    return locked


async def create(
    session: WriteSession,
    *,
    organization_id: UUID,
    posted_by: UUID,
    company: str,
    values: Mapping[str, Any],
) -> Job:
    """A new job of the organization; `company` is its name where the values give none.

    Raises:
        JobSalaryRange: salary_min is above salary_max.
        JobExpiryPast: it would have expired already.
    """
    _require_sense(values)
    language = values["language"] or language_of(f"{values['title']} {values['description']}")
    made = await queries.add(
        session,
        await written(
            {
                **values,
                "organization_id": organization_id,
                "posted_by": posted_by,
                "company": values["company"] or company,
                "language": language,
                "posted_at": None if values["status"] == "draft" else now(),
            }
        ),
    )
    _note(session, "created", made, by=posted_by, detail={"status": made.status})
    return made


async def update(
    session: WriteSession, *, job: Job, company: str, values: Mapping[str, Any], by: UUID
) -> Job:
    """Change what `values` names; null takes away salaries and expiry and leaves the rest.

    `by` is who does it, for the audit log.

    Raises:
        JobTransition: the status cannot follow the present one.
        JobSalaryRange: salary_min is above salary_max.
        JobExpiryPast: it would have expired already.
    """
    kept = {
        name: value
        for name, value in values.items()
        if value is not None or name in _CAN_BE_TAKEN_AWAY
    }
    status = kept.get("status", job.status)
    if status != job.status and status not in NEXT[job.status]:
        raise JobTransition(f"The job is {job.status} and cannot become {status}.")
    merged = {name: kept.get(name, getattr(job, name)) for name in _CAN_BE_TAKEN_AWAY}
    is_reopened = status == "active" != job.status
    if "expires_at" not in kept and not is_reopened:
        merged["expires_at"] = None
    _require_sense(merged)
    if "company" in values and values["company"] is None:
        kept["company"] = company
    if status != "draft" and job.posted_at is None:
        kept["posted_at"] = now()
    return await _change(session, job, kept, by=by) if kept else job


async def _change(session: WriteSession, job: Job, kept: Mapping[str, Any], *, by: UUID) -> Job:
    changed = sorted(name for name, value in kept.items() if getattr(job, name) != value)
    before, wording = job.status, job.wording
    after = await queries.change(session, job.id, await written(dict(kept)))
    if after.wording != wording:
        # Whoever holds résumés against jobs lies above this room: known by its task's name alone.
        ring(session, "analysis.work", job_id=job.id)
    if changed:
        move = {} if after.status == before else {"from": before, "to": after.status}
        _note(session, "changed", after, by=by, detail={"fields": ",".join(changed), **move})
    return after


async def archive(session: WriteSession, *, job: Job, by: UUID) -> Job:
    """Take a job out of every list; who applied still sees it. Repeating it changes nothing."""
    if job.status == "archived":
        return job
    before = job.status
    archived = await queries.change(
        session, job.id, {"status": "archived", "posted_at": job.posted_at or now()}
    )
    _note(session, "archived", archived, by=by, detail={"from": before})
    return archived


def _note(
    session: WriteSession, verb: str, job: Job, *, by: UUID, detail: Mapping[str, str]
) -> None:
    record(session, Entry(f"jobs.{verb}", by, job.organization_id, "job", str(job.id), detail))


def _require_sense(values: Mapping[str, Any]) -> None:
    lower, upper, expires_at = (values[name] for name in ("salary_min", "salary_max", "expires_at"))
    if lower is not None and upper is not None and lower > upper:
        raise JobSalaryRange
    if expires_at is not None and expires_at <= now():
        raise JobExpiryPast
