"""The start page: is all well, and if not, what needs somebody."""

from fastapi import Request, Response

from app.claims.schemas import JobOut
from app.claims.service import files
from app.console.attention import needs
from app.console.claims import TOOLS
from app.console.frame import Frame, TheFrame
from app.console.hirer import Hirer
from app.console.hiring_day import HiringDay, hiring_day
from app.console.language import speech_for
from app.console.rendering import page
from app.console.routing import console_router
from app.core.db import Scope
from app.core.state import services

router = console_router()
_SHOWN = 5


@router.get("")
async def overview(request: Request, frame: TheFrame) -> Response:
    """The verdict, what needs somebody, and what goes on."""
    speech = speech_for(request)
    hiring = await _hiring(request, frame)
    return page(
        request,
        "overview.html.jinja",
        frame=frame,
        here="overview",
        needs=needs(frame, speech, () if hiring is None else hiring.needs),
        hiring=hiring,
        jobs=await _newest(request, frame),
        **TOOLS,
    )


async def _hiring(request: Request, frame: Frame) -> HiringDay | None:
    if frame.member is None or not frame.hires:
        return None
    scope = Scope.tenant(frame.member.organization_id, frame.person.id)
    async with services(request).database.read(scope) as session:
        return await hiring_day(session, Hirer(frame.member, frame), speech_for(request))


async def _newest(request: Request, frame: Frame) -> list[JobOut]:
    if frame.member is None or not frame.reads_claims:
        return []
    organization_id = frame.member.organization_id
    scope = Scope.tenant(organization_id, frame.person.id)
    async with services(request).database.read(scope) as session:
        return await files.newest(session, organization_id=organization_id, limit=_SHOWN)
