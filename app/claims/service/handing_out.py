"""Files with patients' data that people take: opened with the audit log's entry, named, typed."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.claims.schemas import JobOut, ResultFormat, Scope
from app.claims.service import answers, jobs, trail
from app.claims.service.downloads import Download
from app.claims.workbook import MEDIA_TYPE
from app.core.db import Database
from app.core.db import Scope as DatabaseScope

MEDIA: Final = {
    ResultFormat.CSV: "text/csv; charset=utf-8",
    ResultFormat.JSONL: "application/jsonl",
    ResultFormat.XLSX: MEDIA_TYPE,
}
# A file that was sent as text keeps its name; any other gets the ending of what it is now.
_TEXT_NAMES: Final = (".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class Taken:
    """A download that was recorded, and what its file is called after."""

    download: Download
    job: JobOut

    def name(self, prefix: str, form: ResultFormat) -> str:
        """The file's name with the ending of what it is."""
        original = self.job.original_filename
        endings = _TEXT_NAMES if form is ResultFormat.CSV else (f".{form}",)
        ending = "" if original.lower().endswith(endings) else f".{form}"
        return f"{prefix}_{original}{ending}"


async def take(
    database: Database,
    act: trail.Act,
    what: tuple[Scope, ResultFormat] | None = None,
) -> Taken:
    """Record that somebody takes results of this scope and form, or without them the errors file.

    Raises:
        JobNotFound: there is none, or it is another organization's.
    """
    organization_id: UUID = act.organization_id
    scope = DatabaseScope.tenant(organization_id, act.by)
    async with database.write(scope) as session:
        job = await jobs.get(session, organization_id=organization_id, job_id=act.job_id)
        mapping = await answers.mapping_of(
            session, organization_id=organization_id, job_id=act.job_id
        )
        trail.downloaded(session, act, job, what)
    return Taken(Download(database, scope, job, mapping), job)
