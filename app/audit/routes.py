"""The audit log over HTTP."""

from typing import Any, Literal

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from app.audit import service
from app.audit.deps import AuditReader, Filters
from app.audit.schemas import EntryOut
from app.core.attachments import attachment
from app.core.clock import now
from app.core.openapi import problems
from app.core.pages import Page, Pages
from app.core.problems import Forbidden
from app.core.routing import RoomRouter
from app.core.state import services
from app.organizations.errors import OrganizationAmbiguous, OrganizationRequired

router = RoomRouter(prefix="/audit", tags=["audit"])
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.get(
    "",
    response_model=Page[EntryOut],
    responses={**_FILE, **problems(Forbidden, OrganizationRequired, OrganizationAmbiguous)},
)
async def browse(
    request: Request,
    reader: AuditReader,
    pages: Pages,
    filters: Filters,
    format: Literal["json", "csv"] = "json",  # noqa: A002 - as in the downloads of claims.
) -> Page[EntryOut] | Response:
    """Who did what, newest first; as CSV all of it, whatever the page.

    Admins see their organization's entries, superusers all. Taking the CSV is an entry too.
    """
    database = services(request).database
    if format == "csv":
        lines = await service.export(
            database,
            reader=reader,
            conditions=filters.conditions,
            is_filtered=bool(filters.conditions),
        )
        name = f"audit_{now():%Y-%m-%d}.csv"
        return StreamingResponse(
            lines, media_type="text/csv; charset=utf-8", headers=attachment(name)
        )
    async with database.read(reader.scope) as session:
        found = await service.browse(
            session, reader=reader, conditions=filters.conditions, query=pages
        )
    return found.page(EntryOut.model_validate)
