"""Claim files over HTTP: upload, preview, templates, payers, totals."""

import asyncio
from typing import Literal

from fastapi import Request, Response

from app.claims import errors
from app.claims.deps import UploadForm
from app.claims.queries import upload as queries
from app.claims.schemas import JobOut, PreviewOut, ProviderOut, StatsOut
from app.claims.service import intake, jobs, overview, returned
from app.claims.tables.template import template
from app.core.attachments import attachment
from app.core.db import Scope
from app.core.idempotency import digest_of, run_once
from app.core.limits import limit
from app.core.openapi import IdempotencyKey, problems
from app.core.routing import RoomRouter
from app.core.state import services
from app.organizations.deps import (
    ClaimsReader,
    StaffMember,
    TenantRead,
    member_key,
)
from app.organizations.errors import OrganizationAmbiguous, OrganizationRequired

router = RoomRouter(prefix="/claims", tags=["claims"])
_INSIDE = (OrganizationRequired, OrganizationAmbiguous)
_ABOUT_FILES = (
    *(errors.FileEmpty, errors.NoHeader, errors.HeaderUnknown, errors.NotATable),
    *(errors.Malformed, errors.TooLarge, errors.TooManyRows, errors.DuplicateColumns),
    *(errors.EncodingUnknown, errors.FileMissing, errors.ProviderUnknown, errors.DateRange),
    errors.OptionInvalid,
)


@router.post(
    "/bulk/upload",
    status_code=201,
    response_model=JobOut,
    responses=problems(*_ABOUT_FILES, *_INSIDE),
    dependencies=[limit("claims.upload", key=member_key)],
)
async def upload(
    request: Request, member: StaffMember, form: UploadForm, _key: IdempotencyKey = None
) -> Response:
    """Take a claim file in; its rows are asked for in the background."""
    open_ends = services(request)
    wishes = await returned.as_before(
        open_ends.database, member.organization_id, form.file, form.filename, form.wishes
    )
    seen = await intake.look_at(form.file, form.filename, wishes)
    scope = Scope.tenant(member.organization_id, member.user_id)
    digest = digest_of(
        *(seen.sha256, seen.original_filename, wishes.provider, wishes.use_batch_query),
        *(wishes.start_date, wishes.end_date, sorted(wishes.options.mapping.items())),
        *(wishes.options.date_order, wishes.options.encoding, wishes.options.delimiter),
        *sorted(wishes.include),
    )
    async with open_ends.database.write(scope) as session:

        async def work() -> Response:
            job_id = await intake.store(
                session,
                settings=open_ends.settings,
                organization_id=member.organization_id,
                user_id=member.user_id,
                seen=seen,
                wishes=wishes,
            )
            made = await jobs.get(session, organization_id=member.organization_id, job_id=job_id)
            return Response(
                made.model_dump_json(),
                status_code=201,
                media_type="application/json",
                headers={"Location": f"/api/v1/claims/csv-jobs/{job_id}"},
            )

        return await run_once(session, request, scope=str(member.user_id), digest=digest, work=work)


@router.post(
    "/bulk/preview",
    response_model=PreviewOut,
    responses=problems(*_ABOUT_FILES, *_INSIDE),
    dependencies=[limit("claims.preview", key=member_key)],
)
async def preview(request: Request, member: StaffMember, form: UploadForm) -> PreviewOut:
    """Read a file as an upload would, store nothing and ask nobody."""
    database = services(request).database
    wishes = await returned.as_before(
        database, member.organization_id, form.file, form.filename, form.wishes
    )
    received = await intake.receive(form.file, form.filename, wishes)
    seen = await asyncio.to_thread(overview.look_through, received)
    asked = intake.asked_of(wishes)
    async with database.read(Scope.tenant(member.organization_id)) as session:
        earlier = await queries.earlier_upload(
            session, member.organization_id, received.sha256, asked
        )
    return PreviewOut.model_validate({**seen, "duplicate_of": earlier})


@router.get(
    "/bulk/template",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def get_template(
    _member: ClaimsReader, shape: Literal["claim_number", "patient", "practice"] = "claim_number"
) -> Response:
    """A CSV with the right header and two invented rows."""
    return Response(
        template(shape), media_type="text/csv", headers=attachment(f"claims_{shape}.csv")
    )


@router.get("/providers", response_model=list[ProviderOut], responses=problems(*_INSIDE))
async def browse_providers(
    request: Request, member: ClaimsReader, session: TenantRead
) -> list[ProviderOut]:
    """The payers, with what they can be asked and how they answer your running jobs."""
    open_ends = services(request)
    return await overview.providers(
        session,
        organization_id=member.organization_id,
        settings=open_ends.settings,
        store=open_ends.redis,
    )


@router.get("/stats", response_model=StatsOut, responses=problems(*_INSIDE))
async def get_stats(member: ClaimsReader, session: TenantRead) -> StatsOut:
    """Your organization's totals by day and by reason."""
    return await overview.stats(session, organization_id=member.organization_id)
