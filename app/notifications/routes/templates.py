"""The words of mails to applicants, over HTTP: for the admins of an organization."""

from uuid import UUID

from fastapi import Request, Response

from app.accounts.deps import Conditional
from app.core.openapi import problems
from app.core.routing import RoomRouter
from app.core.state import services
from app.mail.languages import Language
from app.notifications import queries, templates
from app.notifications.errors import LetterRefused, LetterUnknown
from app.notifications.letters import Letter
from app.notifications.schemas import LetterIn, LetterList, LetterOut, PreviewOut
from app.notifications.templates import Template
from app.organizations import service as organizations
from app.organizations.deps import OrganizationAdmin, TenantRead, TenantWrite
from app.organizations.errors import OrganizationAmbiguous, OrganizationRequired

router = RoomRouter(prefix="/notifications/templates", tags=["letters"])
_INSIDE = (OrganizationRequired, OrganizationAmbiguous)


def _out(template: Template) -> LetterOut:
    return LetterOut.model_validate(template)


@router.get("", responses=problems(*_INSIDE))
async def browse(admin: OrganizationAdmin, session: TenantRead) -> LetterList:
    """Every mail to applicants whose words you can change, with the words that are sent now."""
    found = await templates.browse(session, organization_id=admin.organization_id)
    return LetterList(results=[_out(one) for one in found])


@router.get(
    "/{kind}/{language}", response_model=LetterOut, responses=problems(LetterUnknown, *_INSIDE)
)
async def get(
    kind: str,
    language: Language,
    admin: OrganizationAdmin,
    session: TenantRead,
    condition: Conditional,
) -> Response:
    """The words of one mail in one language."""
    return condition.tagged(_out(await _present(session, admin.organization_id, kind, language)))


async def _present(
    session: TenantRead, organization_id: UUID, kind: str, language: Language
) -> Template:
    return await templates.get(
        session, organization_id=organization_id, kind=kind, language=language
    )


@router.put(
    "/{kind}/{language}",
    response_model=LetterOut,
    responses=problems(LetterUnknown, LetterRefused, *_INSIDE),
)
async def replace_words(
    kind: str,
    language: Language,
    body: LetterIn,
    admin: OrganizationAdmin,
    session: TenantWrite,
    condition: Conditional,
) -> Response:
    """Put your own words in place of ours: plain text with placeholders in braces."""
    await queries.hold(session, admin.organization_id)
    present = await _present(session, admin.organization_id, kind, language)
    condition.require(_out(present))
    kept = await templates.keep(
        session,
        organization_id=admin.organization_id,
        by=admin.user_id,
        kind=kind,
        language=language,
        letter=Letter(body.subject, body.body),
    )
    return condition.tagged(_out(kept))


@router.delete("/{kind}/{language}", responses=problems(LetterUnknown, *_INSIDE))
async def reset(
    kind: str, language: Language, admin: OrganizationAdmin, session: TenantWrite
) -> LetterOut:
    """Go back to our words."""
    found = await templates.reset(
        session,
        organization_id=admin.organization_id,
        by=admin.user_id,
        kind=kind,
        language=language,
    )
    return _out(found)


@router.post(
    "/{kind}/{language}/preview", responses=problems(LetterUnknown, LetterRefused, *_INSIDE)
)
async def preview(
    request: Request,
    kind: str,
    language: Language,
    body: LetterIn,
    admin: OrganizationAdmin,
    session: TenantRead,
) -> PreviewOut:
    """The mail as an applicant would get it, with sample values; nothing is kept or sent."""
    company = await organizations.get(session, organization_id=admin.organization_id)
    made = templates.preview(
        Letter(body.subject, body.body),
        kind=kind,
        language=language,
        company=company.name,
        link=services(request).settings.server.frontend_url,
    )
    return PreviewOut.model_validate(made)
