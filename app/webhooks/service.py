"""What the admins of an organization do with its webhooks."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from app.core.audit import Entry, record
from app.core.clock import now
from app.core.crypto import KeyRing
from app.core.db import ReadSession, WriteSession, driver
from app.core.ids import new_id
from app.core.log import logger
from app.core.pages import PageQuery, Slice, paginate
from app.core.settings import Settings
from app.webhooks.engine import keys, signature
from app.webhooks.engine.places import check_url
from app.webhooks.errors import (
    DeliveryNotFound,
    EndpointInactive,
    RotationOpen,
    TooManyEndpoints,
    WebhookNotFound,
)
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from app.webhooks.outbox import DELIVER, TEST_EVENT, put
from app.webhooks.queries import deliveries as outbox
from app.webhooks.queries import endpoints as queries
from app.webhooks.schemas import SecretRotationIn, WebhookIn, WebhookPatch
from app.worker.doorbell import ring

MOST_ENDPOINTS: Final = 10


async def browse(
    session: ReadSession, *, organization_id: UUID, query: PageQuery
) -> Slice[WebhookEndpoint]:
    """The organization's endpoints, the newest first."""
    return await paginate(
        session,
        queries.endpoints(organization_id),
        keys=[(WebhookEndpoint.id, "desc")],
        query=query,
        tenant=organization_id,
    )


async def get(session: ReadSession, *, organization_id: UUID, endpoint_id: UUID) -> WebhookEndpoint:
    """One endpoint.

    Raises:
        WebhookNotFound: there is none, or it is another organization's.
    """
    found = await queries.find(session, organization_id, endpoint_id)
    if found is None:
        raise WebhookNotFound
    return found


async def create(
    session: WriteSession,
    *,
    settings: Settings,
    organization_id: UUID,
    user_id: UUID,
    wish: WebhookIn,
) -> WebhookEndpoint:
    """Add an endpoint with a secret of its own, which `reveal` shows.

    Raises:
        UrlRefused: nothing will ever be sent to the address.
        TooManyEndpoints: the organization has as many as it may have.
    """
    check_url(wish.url, allow_local=settings.webhooks.allow_local == "on")
    if await queries.count_alone(session, organization_id) >= MOST_ENDPOINTS:
        raise TooManyEndpoints(f"At most {MOST_ENDPOINTS} are allowed.")
    endpoint_id = new_id()
    values = {
        "id": endpoint_id,
        "organization_id": organization_id,
        "created_by": user_id,
        "secret": _fresh_secret(settings, organization_id, endpoint_id),
        **wish.model_dump(),
        "events": list(dict.fromkeys(wish.events)),
    }
    await queries.insert_endpoint(session, values)
    _note(session, "created", organization_id, endpoint_id, by=user_id)
    logger.info("webhooks.created", endpoint_id=endpoint_id, organization_id=organization_id)
    return await get(session, organization_id=organization_id, endpoint_id=endpoint_id)


def _note(
    session: WriteSession, verb: str, organization_id: UUID, endpoint_id: UUID, *, by: UUID
) -> None:
    entry = Entry(f"webhooks.{verb}", by, organization_id, "webhook", str(endpoint_id))
    record(session, entry)


def reveal(settings: Settings, endpoint: WebhookEndpoint) -> str:
    """The present secret as receivers take it; shown only in the answer that made it."""
    sealed = KeyRing.from_settings(settings.auth)
    return signature.shown(
        keys.unseal(sealed, endpoint.secret, endpoint.organization_id, endpoint.id)
    )


def _fresh_secret(settings: Settings, organization_id: UUID, endpoint_id: UUID) -> str:
    sealed = KeyRing.from_settings(settings.auth)
    return keys.seal(sealed, signature.new_secret(), organization_id, endpoint_id)


async def update(
    session: WriteSession,
    *,
    settings: Settings,
    organization_id: UUID,
    endpoint_id: UUID,
    by: UUID,
    wish: WebhookPatch,
) -> WebhookEndpoint:
    """Change an endpoint; switching it off ends what waits for it.

    Raises:
        WebhookNotFound: there is none, or it is another organization's.
        UrlRefused: nothing will ever be sent to the address.
    """
    before = await _locked(session, organization_id, endpoint_id)
    if wish.url is not None:
        check_url(wish.url, allow_local=settings.webhooks.allow_local == "on")
    values: dict[str, Any] = wish.model_dump(exclude_none=True, exclude={"is_active"})
    if wish.events is not None:
        values["events"] = list(dict.fromkeys(wish.events))
    if wish.is_active and not before.is_active:
        values |= {
            "is_active": True,
            "disabled_at": None,
            "disabled_reason": None,
            "failures": 0,
            "failing_since": None,
        }
    if values:
        await queries.update_endpoint(session, endpoint_id, values)
    if wish.is_active is False:
        await outbox.disable(await driver(session), endpoint_id, None)
    _note(session, "updated", organization_id, endpoint_id, by=by)
    return await get(session, organization_id=organization_id, endpoint_id=endpoint_id)


async def _locked(
    session: WriteSession, organization_id: UUID, endpoint_id: UUID
) -> WebhookEndpoint:
    if not await queries.lock(session, organization_id, endpoint_id):
        raise WebhookNotFound
    return await get(session, organization_id=organization_id, endpoint_id=endpoint_id)


async def remove(
    session: WriteSession, *, organization_id: UUID, endpoint_id: UUID, by: UUID
) -> None:
    """Delete an endpoint with its deliveries.

    Raises:
        WebhookNotFound: there is none, or it is another organization's.
    """
    if not await queries.delete_endpoint(session, organization_id, endpoint_id):
        raise WebhookNotFound
    _note(session, "removed", organization_id, endpoint_id, by=by)
    logger.info("webhooks.removed", endpoint_id=endpoint_id, organization_id=organization_id)


async def rotate_secret(
    session: WriteSession,
    *,
    settings: Settings,
    organization_id: UUID,
    endpoint_id: UUID,
    by: UUID,
    wish: SecretRotationIn,
) -> WebhookEndpoint:
    """Give an endpoint a new secret; the present one signs beside it for some hours.

    Raises:
        WebhookNotFound: there is none, or it is another organization's.
        RotationOpen: a third secret would be needed; with no overlap it is not.
    """
    before = await _locked(session, organization_id, endpoint_id)
    is_open = before.previous_secret_until is not None and before.previous_secret_until > now()
    if is_open and wish.keep_previous_hours:
        raise RotationOpen
    values: dict[str, Any] = {
        "secret": _fresh_secret(settings, organization_id, endpoint_id),
        "previous_secret": None,
        "previous_secret_until": None,
    }
    if wish.keep_previous_hours:
        values["previous_secret"] = before.secret
        values["previous_secret_until"] = now() + timedelta(hours=wish.keep_previous_hours)
    await queries.update_endpoint(session, endpoint_id, values)
    _note(session, "secret_rotated", organization_id, endpoint_id, by=by)
    logger.info("webhooks.secret_rotated", endpoint_id=endpoint_id)
    return await get(session, organization_id=organization_id, endpoint_id=endpoint_id)


async def send_test(
    session: WriteSession, *, organization_id: UUID, endpoint_id: UUID
) -> Mapping[str, Any]:
    """Send an event that means nothing, so that a receiver can be tried out.

    Raises:
        WebhookNotFound: there is none, or it is another organization's.
        EndpointInactive: it is switched off.
    """
    await _active(session, organization_id, endpoint_id)
    data = {"organization_id": str(organization_id), "webhook_id": str(endpoint_id)}
    delivery_id = await put(await driver(session), organization_id, [endpoint_id], TEST_EVENT, data)
    ring(session, DELIVER)
    return await _delivery(session, endpoint_id, delivery_id)


async def _active(session: WriteSession, organization_id: UUID, endpoint_id: UUID) -> None:
    endpoint = await get(session, organization_id=organization_id, endpoint_id=endpoint_id)
    if not endpoint.is_active:
        raise EndpointInactive


async def browse_deliveries(
    session: ReadSession, *, organization_id: UUID, endpoint_id: UUID, query: PageQuery
) -> Slice[Any]:
    """What was and is sent to an endpoint, the newest first.

    Raises:
        WebhookNotFound: there is none, or it is another organization's.
    """
    await get(session, organization_id=organization_id, endpoint_id=endpoint_id)
    return await paginate(
        session,
        queries.deliveries(endpoint_id),
        keys=[(WebhookDelivery.id, "desc")],
        query=query,
        tenant=organization_id,
    )


async def redeliver(
    session: WriteSession, *, organization_id: UUID, endpoint_id: UUID, delivery_id: UUID
) -> Mapping[str, Any]:
    """Send a delivery again, whatever became of it, under the same webhook-id.

    Raises:
        WebhookNotFound: there is no such endpoint, or it is another organization's.
        DeliveryNotFound: it has no such delivery.
        EndpointInactive: it is switched off.
    """
    await _active(session, organization_id, endpoint_id)
    await _delivery(session, endpoint_id, delivery_id)
    await queries.send_again(session, endpoint_id, delivery_id)
    ring(session, DELIVER)
    return await _delivery(session, endpoint_id, delivery_id)


async def _delivery(
    session: ReadSession, endpoint_id: UUID, delivery_id: UUID
) -> Mapping[str, Any]:
    found = await queries.find_delivery(session, endpoint_id, delivery_id)
    if found is None:
        raise DeliveryNotFound
    return found
