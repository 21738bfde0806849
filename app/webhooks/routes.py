"""Webhooks over HTTP: for the admins of an organization."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from app.core.dependencies import in_the_loop
from app.core.idempotency import body_digest, run_once
from app.core.openapi import IdempotencyKey, problems
from app.core.pages import Page, Pages
from app.core.settings import Settings
from app.core.state import services
from app.organizations.deps import Member, OrganizationAdmin, TenantRead, TenantWrite
from app.organizations.errors import OrganizationAmbiguous, OrganizationRequired
from app.webhooks import service
from app.webhooks.errors import (
    DeliveryNotFound,
    EndpointInactive,
    RotationOpen,
    TooManyEndpoints,
    UrlRefused,
    WebhookNotFound,
)
from app.webhooks.schemas import (
    DeliveryOut,
    SecretRotationIn,
    WebhookIn,
    WebhookOut,
    WebhookPatch,
    WebhookSecretOut,
)

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
_INSIDE = (OrganizationRequired, OrganizationAmbiguous)
_ONE = (WebhookNotFound, *_INSIDE)
_KEPT_HEADERS = ("location", "idempotency-replayed")


async def process_settings(request: Request) -> Settings:
    """The settings of this process."""
    return services(request).settings


ProcessSettings = Annotated[Settings, Depends(process_settings)]


class Attempt:
    """A request that may be sent again with the same Idempotency-Key; made by FastAPI."""

    def __init__(
        self,
        request: Request,
        admin: OrganizationAdmin,
        session: TenantWrite,
        idempotency_key: IdempotencyKey = None,
    ) -> None:
        # The header is read from the request; its parameter puts it into the document.
        self.request = request
        self.admin: Member = admin
        self.session = session
        self.has_key = idempotency_key is not None


Repeatable = Annotated[Attempt, Depends(in_the_loop(Attempt))]


async def _once(attempt: Attempt, work: Callable[[], Awaitable[Response]]) -> Response:
    digest = await body_digest(attempt.request)
    scope = f"{attempt.admin.organization_id}:{attempt.admin.user_id}"
    return await run_once(attempt.session, attempt.request, scope=scope, digest=digest, work=work)


async def _with_secret(attempt: Attempt, settings: Settings, kept: Response) -> Response:
    """The answer to whoever made the secret, also when they ask a second time with their key."""
    endpoint = await service.get(
        attempt.session,
        organization_id=attempt.admin.organization_id,
        endpoint_id=UUID(bytes(kept.body).decode()),
    )
    shown = WebhookSecretOut(
        **WebhookOut.model_validate(endpoint).model_dump(),
        secret=service.reveal(settings, endpoint),
    )
    headers = {name: kept.headers[name] for name in _KEPT_HEADERS if name in kept.headers}
    return Response(
        shown.model_dump_json(),
        kept.status_code,
        headers={**headers, "Cache-Control": "no-store"},
        media_type="application/json",
    )


@router.get("", responses=problems(*_INSIDE))
async def browse(admin: OrganizationAdmin, session: TenantRead, query: Pages) -> Page[WebhookOut]:
    """Your organization's webhooks, the newest first."""
    found = await service.browse(session, organization_id=admin.organization_id, query=query)
    return found.page(WebhookOut.model_validate)


@router.post(
    "",
    status_code=201,
    response_model=WebhookSecretOut,
    responses=problems(UrlRefused, TooManyEndpoints, *_INSIDE),
)
async def create(body: WebhookIn, settings: ProcessSettings, attempt: Repeatable) -> Response:
    """Add an address to be told at; the answer shows its secret, and none after it does."""
    organization_id = attempt.admin.organization_id

    async def work() -> Response:
        made = await service.create(
            attempt.session,
            settings=settings,
            organization_id=organization_id,
            user_id=attempt.admin.user_id,
            wish=body,
        )
        # Kept for the repetition is only which one was made: the secret stands nowhere in clear.
        return Response(str(made.id), 201, headers={"Location": f"/api/v1/webhooks/{made.id}"})

    return await _with_secret(attempt, settings, await _once(attempt, work))


@router.get("/{webhook_id}", responses=problems(*_ONE))
async def get(webhook_id: UUID, admin: OrganizationAdmin, session: TenantRead) -> WebhookOut:
    """One webhook."""
    found = await service.get(
        session, organization_id=admin.organization_id, endpoint_id=webhook_id
    )
    return WebhookOut.model_validate(found)


@router.patch("/{webhook_id}", responses=problems(UrlRefused, *_ONE))
async def update(
    webhook_id: UUID,
    body: WebhookPatch,
    admin: OrganizationAdmin,
    session: TenantWrite,
    settings: ProcessSettings,
) -> WebhookOut:
    """Change a webhook, or switch it off and on."""
    changed = await service.update(
        session,
        settings=settings,
        organization_id=admin.organization_id,
        endpoint_id=webhook_id,
        by=admin.user_id,
        wish=body,
    )
    return WebhookOut.model_validate(changed)


@router.delete("/{webhook_id}", status_code=204, responses=problems(*_ONE))
async def remove(webhook_id: UUID, admin: OrganizationAdmin, session: TenantWrite) -> None:
    """Delete a webhook and what is kept of its deliveries."""
    await service.remove(
        session,
        organization_id=admin.organization_id,
        endpoint_id=webhook_id,
        by=admin.user_id,
    )


@router.post(
    "/{webhook_id}/test",
    status_code=202,
    responses=problems(EndpointInactive, *_ONE),
)
async def test(webhook_id: UUID, admin: OrganizationAdmin, session: TenantWrite) -> DeliveryOut:
    """Send an event of the type webhooks.test; its delivery tells what became of it."""
    sent = await service.send_test(
        session, organization_id=admin.organization_id, endpoint_id=webhook_id
    )
    return DeliveryOut.model_validate(dict(sent))


@router.post(
    "/{webhook_id}/rotate-secret",
    response_model=WebhookSecretOut,
    responses=problems(RotationOpen, *_ONE),
)
async def rotate_secret(
    webhook_id: UUID,
    settings: ProcessSettings,
    attempt: Repeatable,
    body: SecretRotationIn | None = None,
) -> Response:
    """Give it a new secret; both sign until previous_secret_until."""

    async def work() -> Response:
        made = await service.rotate_secret(
            attempt.session,
            settings=settings,
            organization_id=attempt.admin.organization_id,
            endpoint_id=webhook_id,
            by=attempt.admin.user_id,
            wish=body or SecretRotationIn(),
        )
        return Response(str(made.id), 200)

    return await _with_secret(attempt, settings, await _once(attempt, work))


@router.get("/{webhook_id}/deliveries", responses=problems(*_ONE))
async def browse_deliveries(
    webhook_id: UUID, admin: OrganizationAdmin, session: TenantRead, query: Pages
) -> Page[DeliveryOut]:
    """What was sent in the last 30 days, the newest first."""
    found = await service.browse_deliveries(
        session, organization_id=admin.organization_id, endpoint_id=webhook_id, query=query
    )
    return found.page(DeliveryOut.model_validate)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/redeliver",
    status_code=202,
    responses=problems(DeliveryNotFound, EndpointInactive, *_ONE),
)
async def redeliver(
    webhook_id: UUID, delivery_id: UUID, admin: OrganizationAdmin, session: TenantWrite
) -> DeliveryOut:
    """Send a delivery again, under the same webhook-id."""
    sent = await service.redeliver(
        session,
        organization_id=admin.organization_id,
        endpoint_id=webhook_id,
        delivery_id=delivery_id,
    )
    return DeliveryOut.model_validate(dict(sent))
