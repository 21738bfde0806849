"""Bringing a claim file in: looked through in place first, then taken."""

import asyncio
from typing import Any

from fastapi import Request, Response

from app.claims.deps import UploadForm
from app.claims.errors import ROW_CODES
from app.claims.schemas import PreviewOut
from app.claims.service import files, intake, overview, returned
from app.console import claims as view
from app.console.frame import TheFrame
from app.console.rendering import fragment, page
from app.console.routing import console_router, redirect
from app.core.db import Scope
from app.core.limits import limit
from app.core.problems import Problem
from app.core.state import services
from app.organizations.deps import StaffMember, TenantRead, member_key

router = console_router()


@router.get("/upload")
async def form(
    request: Request, member: StaffMember, frame: TheFrame, session: TenantRead
) -> Response:
    """The form: a file, a payer, how it is asked."""
    open_ends = services(request)
    providers = await overview.providers(
        session,
        organization_id=member.organization_id,
        settings=open_ends.settings,
        store=open_ends.redis,
    )
    return page(request, "upload.html.jinja", frame=frame, here="claims", providers=providers)


@router.post("/upload/preview", dependencies=[limit("claims.preview", key=member_key)])
async def preview(
    request: Request, member: StaffMember, frame: TheFrame, form: UploadForm
) -> Response:
    """What the file would be read as; nothing is stored and no payer is asked."""
    seen: PreviewOut | None = None
    problem: Problem | None = None
    try:
        wishes = await returned.as_before(
            services(request).database,
            member.organization_id,
            form.file,
            form.filename,
            form.wishes,
        )
        received = await intake.receive(form.file, form.filename, wishes)
        found = await asyncio.to_thread(overview.look_through, received)
        async with services(request).database.read(Scope.tenant(member.organization_id)) as session:
            earlier = await files.earlier_upload(
                session,
                organization_id=member.organization_id,
                file_sha256=received.sha256,
                wishes=wishes,
            )
        seen = PreviewOut.model_validate({**found, "duplicate_of": earlier})
    except Problem as refused:
        problem = refused
    titles = {code: known.title for code, known in ROW_CODES.items()}
    values: dict[str, Any] = {"titles": titles, "seen": seen, "problem": problem, **view.TOOLS}
    if request.headers.get("hx-request") == "true":
        text = fragment(request, "parts/preview.html.jinja", **values)
        return Response(text, media_type="text/html")
    return page(request, "preview.html.jinja", frame=frame, here="claims", **values)


@router.post("/upload", dependencies=[limit("claims.upload", key=member_key)])
async def upload(request: Request, member: StaffMember, form: UploadForm) -> Response:
    """Take the file in and show it at work."""
    open_ends = services(request)
    wishes = await returned.as_before(
        open_ends.database, member.organization_id, form.file, form.filename, form.wishes
    )
    seen = await intake.look_at(form.file, form.filename, wishes)
    scope = Scope.tenant(member.organization_id, member.user_id)
    async with open_ends.database.write(scope) as session:
        job_id = await intake.store(
            session,
            settings=open_ends.settings,
            organization_id=member.organization_id,
            user_id=member.user_id,
            seen=seen,
            wishes=wishes,
        )
    return redirect(request, f"/console/claims/{job_id}")
