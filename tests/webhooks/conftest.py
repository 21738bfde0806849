"""A receiver, an endpoint that leads to it, and a sender to hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from app.core.crypto import KeyRing
from app.core.db import Database, Scope, driver
from app.core.http import HttpClient
from app.core.public_http import open_public_client
from app.core.settings import Settings, WebhookSettings
from app.webhooks import outbox, service
from app.webhooks.engine.deliver import Bench, drain
from app.webhooks.schemas import WebhookIn
from tests.people import Crew
from tests.webhooks.receiver import Receiver, receiving


@dataclass
class Office:
    """One organization's outgoing post."""

    database: Database
    settings: Settings
    organization_id: UUID
    user_id: UUID
    client: HttpClient
    timeout_seconds: float = 5.0

    def bench(self, **changes: Any) -> Bench:
        """A sender's bench."""
        ring = KeyRing.from_settings(self.settings.auth)
        values = {"client": self.client, "timeout_seconds": self.timeout_seconds, **changes}
        return Bench(database=self.database, ring=ring, **values)

    async def send(self, lanes: int = 1, **changes: Any) -> None:
        """Send until nothing is due."""
        await drain(self.bench(**changes), lanes)

    async def endpoint(self, url: str, **wish: Any) -> tuple[UUID, str]:
        """A new endpoint: its id and secret."""
        async with self.database.write(Scope.tenant(self.organization_id)) as session:
            made = await service.create(
                session,
                settings=self.settings,
                organization_id=self.organization_id,
                user_id=self.user_id,
                wish=WebhookIn(url=url, **wish),
            )
            return made.id, service.reveal(self.settings, made)

    async def emit(self, event: Any = "claims.job_completed", **data: Any) -> int:
        """Something happened."""
        async with self.database.write(Scope.tenant(self.organization_id)) as session:
            return await outbox.emit(
                session, organization_id=self.organization_id, event_type=event, data=data
            )

    async def all(self, sql: str, *values: Any) -> list[Any]:
        """Read with the system's eyes."""
        async with self.database.read(Scope.system()) as session:
            return list(await (await driver(session)).fetch(sql, *values))

    async def do(self, sql: str, *values: Any) -> None:
        """Change something behind everybody's back."""
        async with self.database.write(Scope.system()) as session:
            await (await driver(session)).execute(sql, *values)

    async def deliveries(self) -> list[Any]:
        """The outbox in order."""
        return await self.all("SELECT * FROM webhook_deliveries ORDER BY id")

    async def endpoints(self) -> list[Any]:
        """The endpoints in order."""
        return await self.all("SELECT * FROM webhook_endpoints ORDER BY id")

    async def hurry(self) -> None:
        """What waits may be sent now."""
        await self.do("UPDATE webhook_deliveries SET run_after = now() - interval '1 s'")


def local(settings: Settings) -> Settings:
    """The settings of a developer, who may send to their own machine."""
    return settings.model_copy(update={"webhooks": WebhookSettings(allow_local="on")})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that takes everything."""
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def office(database: Database, settings: Settings, crew: Crew) -> AsyncIterator[Office]:
    """The post of the crew's organization, in the database that is rolled back."""
    client = open_public_client(timeout_seconds=5.0, connections=8, allow_local=True)
    yield Office(database, local(settings), crew.organization_id, crew.admin.id, client)
    await client.aclose()
