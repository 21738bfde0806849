"""The audit log: who did what to whom, narrowed by the address, and all of it as a file."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Final, Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BeforeValidator
from sqlalchemy import ColumnElement

from app.audit import queries, service
from app.audit.deps import AuditReader
from app.console.frame import TheFrame
from app.console.rendering import page
from app.console.routing import console_router
from app.core.attachments import attachment
from app.core.clock import now
from app.core.dependencies import in_the_loop
from app.core.pages import Pages
from app.core.schema import OptionalLine
from app.core.state import services

router = console_router()
Room = Literal[
    "accounts",
    "applications",
    "audit",
    "claims",
    "integrations",
    "interviews",
    "jobs",
    "keys",
    "notifications",
    "organizations",
    "privacy",
    "resumes",
    "webhooks",
]
ROOMS: Final = get_args(Room)
# A form sends the fields that nobody filled in as empty ones.
_BLANK = BeforeValidator(lambda value: value or None)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the log is narrowed to; days are those of UTC."""

    room: Annotated[Room | None, Query(), _BLANK] = None
    actor: Annotated[UUID | None, Query(), _BLANK] = None
    subject: Annotated[OptionalLine, Query()] = ""
    since: Annotated[date | None, Query(), _BLANK] = None
    until: Annotated[date | None, Query(), _BLANK] = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for a query."""
        about = queries.about(
            actor_id=self.actor, subject_type=None, subject_id=self.subject or None
        )
        room = queries.of_action(f"{self.room}.") if self.room else []
        return [*about, *room, *queries.between(_begin(self.since), _begin(self.until))]

    @property
    def address(self) -> str:
        """The same as the end of an address; nothing where all is shown."""
        values = (
            ("room", self.room),
            ("actor", self.actor),
            ("subject", self.subject),
            ("since", self.since),
            ("until", self.until),
        )
        asked = [(name, str(value)) for name, value in values if value]
        return f"?{urlencode(asked)}" if asked else ""


def _begin(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, UTC)


Asked = Annotated[Narrowed, Depends(in_the_loop(Narrowed))]


@router.get("/audit")
async def browse(
    request: Request, reader: AuditReader, frame: TheFrame, pages: Pages, narrowed: Asked
) -> Response:
    """A page of the log, newest first: an organization's for its admins, all for superusers."""
    async with services(request).database.read(reader.scope) as session:
        found = await service.browse(
            session, reader=reader, conditions=narrowed.conditions, query=pages
        )
    return page(
        request,
        "audit.html.jinja",
        frame=frame,
        here="audit",
        found=found,
        narrowed=narrowed,
        asked=narrowed.address,
        rooms=ROOMS,
    )


@router.get("/audit/file")
async def take(request: Request, reader: AuditReader, narrowed: Asked) -> StreamingResponse:
    """The log as CSV; that somebody took it is an entry itself."""
    lines = await service.export(
        services(request).database,
        reader=reader,
        conditions=narrowed.conditions,
        is_filtered=bool(narrowed.conditions),
    )
    return StreamingResponse(
        lines,
        media_type="text/csv; charset=utf-8",
        headers={**attachment(f"audit_{now():%Y-%m-%d}.csv"), "Cache-Control": "no-store"},
    )
