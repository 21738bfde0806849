"""An organization's logo: made safe, kept by storage/, shown to everybody."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.core.db import ReadSession, WriteSession
from app.core.log import logger
from app.core.sandbox import Died, Limits, Sandbox
from app.organizations import queries, service, verdicts
from app.organizations.errors import LogoMissing, LogoNotFound, LogoPixels, LogoType
from app.organizations.models import Organization
from app.storage import service as storage

WORK: Final = "app.organizations.pictures:make_logo"
LIMITS: Final = Limits(cpu_seconds=5, wall_seconds=20.0, answer_bytes=8 * 1024 * 1024)
_TYPES: Final = {verdicts.PNG: "image/png", verdicts.JPEG: "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture that is safe to show."""

    content: bytes
    content_type: str


async def prepare(sandbox: Sandbox, content: bytes) -> Logo:
    """What came in, as a logo.

    Raises:
        LogoMissing: there is not one byte.
        LogoType: it is no PNG, JPEG, WebP or GIF, or a damaged one.
        LogoPixels: it has more than 25 million pixels.
    """
    if not content:
        raise LogoMissing
    try:
        made = await sandbox.run(content)
    except Died as death:
        logger.info("organizations.logo_refused", reason=death.reason)
        raise LogoType from death
    if made[:1] == verdicts.TOO_MANY_PIXELS:
        raise LogoPixels
    content_type = _TYPES.get(made[:1])
    if content_type is None:
        raise LogoType
    return Logo(made[1:], content_type)


async def change(
    session: WriteSession, *, organization_id: UUID, logo: Logo, by: UUID
) -> Organization:
    """Make `logo` the organization's; the former one is deleted."""
    present = await service.get_locked(session, organization_id=organization_id)
    stored = await storage.store(
        session,
        content=logo.content,
        content_type=logo.content_type,
        purpose="logos",
        organization_id=organization_id,
    )
    service.note(session, "logo_changed", organization_id, by=by)
    return await _point_to(session, present, stored.id)


async def remove(session: WriteSession, *, organization_id: UUID, by: UUID) -> Organization:
    """Take the logo away; without one nothing changes."""
    present = await service.get_locked(session, organization_id=organization_id)
    if present.logo_file_id is not None:
        service.note(session, "logo_removed", organization_id, by=by)
    return await _point_to(session, present, None)


async def _point_to(
    session: WriteSession, present: Organization, file_id: UUID | None
) -> Organization:
    former = present.logo_file_id
    if former != file_id:
        await queries.update_organization(session, present.id, {"logo_file_id": file_id})
        if former is not None:
            await storage.remove(session, former)
    return await service.get(session, organization_id=present.id)


async def find(session: ReadSession, *, organization_id: UUID) -> UUID:
    """The file of an organization's logo.

    Raises:
        NotFound: there is no such organization.
        LogoNotFound: it has no logo.
    """
    found = await service.get(session, organization_id=organization_id)
    if found.logo_file_id is None:
        raise LogoNotFound
    return found.logo_file_id
