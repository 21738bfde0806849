"""Webhooks: for the admins of an organization, and nobody else."""

from collections.abc import Mapping

from sqlalchemy import insert

from app.core.db import Database, Scope
from app.core.ids import new_id
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.access.line import Line
from tests.people import Crew


async def webhook(database: Database, crew: Crew) -> Mapping[str, str]:
    """An endpoint of the organization with one delivery."""
    endpoint_id, delivery_id = new_id(), new_id()
    async with database.write(Scope.system()) as session:
        await session.execute(
            insert(WebhookEndpoint).values(
                id=endpoint_id,
                organization_id=crew.organization_id,
                url="https://hooks.example.com/",
                events=["claims.job_failed"],
                secret="sealed",
            )
        )
        await session.execute(
            insert(WebhookDelivery).values(
                id=delivery_id,
                organization_id=crew.organization_id,
                endpoint_id=endpoint_id,
                event_id=new_id(),
                event_type="claims.job_failed",
                payload="{}",
            )
        )
    return {"webhook_id": str(endpoint_id), "delivery_id": str(delivery_id)}


NEW = {"url": "https://hooks.example.com/"}
ONE = "/webhooks/{webhook_id}"

WEBHOOKS = [
    #                                       anon stra cand view staf admi supe
    Line("GET", "/webhooks", "401 200 403 403 403 200 403"),
    Line("POST", "/webhooks", "401 201 403 403 403 201 403", json=NEW),
    Line("GET", ONE, "401 404 403 403 403 200 403", prepare=webhook),
    Line("PATCH", ONE, "401 404 403 403 403 200 403", json=NEW, prepare=webhook),
    Line("DELETE", ONE, "401 404 403 403 403 204 403", prepare=webhook),
    Line("POST", f"{ONE}/test", "401 404 403 403 403 202 403", prepare=webhook),
    Line("POST", f"{ONE}/rotate-secret", "401 404 403 403 403 200 403", prepare=webhook),
    Line("GET", f"{ONE}/deliveries", "401 404 403 403 403 200 403", prepare=webhook),
    Line(
        "POST",
        f"{ONE}/deliveries/{{delivery_id}}/redeliver",
        "401 404 403 403 403 202 403",
        prepare=webhook,
    ),
]
