"""An organization, its practice and the local payer, as new for each test."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.core.db import Database, Scope
from app.core.ids import new_id
from app.core.settings import ClaimsSettings
from app.core.settings_payers import OptumSettings, UhcSettings
from app.dev.local_server import serving
from app.dev.payer.asgi import LocalPayer, PayerOptions
from tests.claims.engine.ledger import TIN, Ledger
from tests.conftest import Stage


@pytest.fixture(scope="session")
async def engine_payer() -> AsyncIterator[tuple[LocalPayer, str]]:
    """One payer for all tests of the engine: ten claims a day at any TIN."""
    payer = LocalPayer(PayerOptions(claims=6_000, days=600))
    async with serving(payer) as url:
        yield payer, url


async def make_organization(database: Database, *tins: str) -> tuple[UUID, list[int]]:
    """An organization with a practice of each TIN, and their keys."""
    organization_id = new_id()
    practices: list[int] = []
    async with database.write(Scope.system()) as session:
        await session.execute(
            text("INSERT INTO organizations (id, name, slug) VALUES (:id, :name, :name)"),
            {"id": organization_id, "name": str(organization_id)},
        )
        for tin in tins:
            found = await session.execute(
                text(
                    "INSERT INTO practices (organization_id, name, tin) VALUES (:org, :tin, :tin)"
                    " RETURNING id"
                ),
                {"org": organization_id, "tin": tin},
            )
            practices.append(found.scalar_one())
    return organization_id, practices


async def open_ledger(stage: Stage, engine_payer: tuple[LocalPayer, str]) -> Ledger:
    """The engine with everything it needs over any stage, and a payer that behaves."""
    payer, url = engine_payer
    payer.reset()
    payer.revoke_tokens()
    payer.books.forget()
    settings = stage.settings.model_copy(
        update={
            "uhc": UhcSettings(
                token_url=f"{url}/v1/oauthtoken",
                base_url=f"{url}/Claims",
                client_id=payer.options.client_id,
                client_secret=SecretStr(payer.options.client_secret),
                requests_per_minute=0,
                timeout_seconds=5.0,
            ),
            "optum": OptumSettings(
                token_url=f"{url}/apip/auth/sntl/v1/token",
                base_url=url,
                client_id=payer.options.client_id,
                client_secret=SecretStr(payer.options.client_secret),
                requests_per_minute=0,
                timeout_seconds=5.0,
            ),
            "claims": ClaimsSettings(lease_seconds=15.0),
        }
    )
    organization_id, (practice_id,) = await make_organization(stage.database, TIN)
    return Ledger(stage.database, settings, payer, organization_id, practice_id)


@pytest.fixture
async def ledger(stage: Stage, engine_payer: tuple[LocalPayer, str]) -> AsyncIterator[Ledger]:
    """The engine over the database of the tests."""
    ledger = await open_ledger(stage, engine_payer)
    yield ledger
    for shelf in ledger.shelves:
        await shelf.close()


def utc_now() -> datetime:
    """This moment."""
    return datetime.now(UTC)
