"""Logos over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, File, Request, Response, UploadFile
from pydantic import BeforeValidator

from app.core.db import Scope
from app.core.etags import etag_of, not_modified
from app.core.limits import limit
from app.core.openapi import problems
from app.core.routing import RoomRouter
from app.core.sandbox import Sandbox, kept_in
from app.core.state import services
from app.organizations import logos
from app.organizations.deps import OrganizationAdmin, TenantWrite, member_key
from app.organizations.errors import (
    LogoMissing,
    LogoNotFound,
    LogoPixels,
    LogoTooLarge,
    LogoType,
    OrganizationAmbiguous,
    OrganizationRequired,
)
from app.organizations.schemas import OrganizationOut
from app.storage import service as storage
from app.storage.service import FileAway

router = RoomRouter(prefix="/organizations", tags=["organizations"])
_INSIDE = (OrganizationRequired, OrganizationAmbiguous)
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/png", "image/jpeg")
        }
    }
}
# The address changes with the picture, so whoever has it may keep it.
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_A_WHILE = "public, max-age=300"


def _no_text(value: object) -> object:
    # A plain field of the file's name is no file: the room's own problem says so better.
    return None if isinstance(value, str) else value


OptionalPicture = Annotated[
    UploadFile | None, BeforeValidator(_no_text), File(description="PNG, JPEG, WebP or GIF")
]


async def sandbox_of(request: Request) -> Sandbox:
    """The application's sandbox for pictures."""
    return kept_in(request.app.state, logos.WORK, logos.LIMITS)


@router.post(
    "/me/logo",
    responses=problems(LogoMissing, LogoType, LogoPixels, LogoTooLarge, *_INSIDE),
    dependencies=[limit("organizations.logo", key=member_key)],
)
async def change_logo(
    request: Request,
    admin: OrganizationAdmin,
    sandbox: Annotated[Sandbox, Depends(sandbox_of)],
    logo: OptionalPicture = None,
) -> OrganizationOut:
    """Give your organization a logo; it is re-encoded to 512 pixels a side at most."""
    if logo is None:
        raise LogoMissing
    prepared = await logos.prepare(sandbox, await logo.read())
    # Opened only now: a picture may take a second, and no transaction waits for it.
    scope = Scope.tenant(admin.organization_id, admin.user_id)
    async with services(request).database.write(scope) as session:
        changed = await logos.change(
            session,
            organization_id=admin.organization_id,
            logo=prepared,
            by=admin.user_id,
        )
    return OrganizationOut.model_validate(changed)


@router.delete("/me/logo", responses=problems(*_INSIDE))
async def remove_logo(admin: OrganizationAdmin, session: TenantWrite) -> OrganizationOut:
    """Take your organization's logo away."""
    changed = await logos.remove(session, organization_id=admin.organization_id, by=admin.user_id)
    return OrganizationOut.model_validate(changed)


@router.get(
    "/{organization_id}/logo",
    response_class=Response,
    responses={**_PICTURE, **problems(LogoNotFound, FileAway)},
)
async def get_logo(request: Request, organization_id: UUID) -> Response:
    """An organization's logo, for everybody."""
    open_ends = services(request)
    async with open_ends.database.read(Scope.public()) as session:
        file_id = await logos.find(session, organization_id=organization_id)
    cache = _FOR_EVER if "v" in request.query_params else _FOR_A_WHILE
    tag = etag_of(file_id)
    same = not_modified(request, tag, cache=cache)
    if same is not None:
        return same
    content = await storage.read(open_ends.database, open_ends.settings, file_id)
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    headers = {"ETag": tag, "Cache-Control": cache, "Content-Disposition": "inline"}
    return Response(content, media_type=kind, headers=headers)
