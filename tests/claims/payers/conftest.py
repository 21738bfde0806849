"""A local payer of this process, as new for each test."""

from collections.abc import AsyncIterator

import pytest

from app.dev.local_server import serving
from app.dev.payer.asgi import LocalPayer, PayerOptions
from tests.claims.payers.payer_stand import Stand


@pytest.fixture(scope="session")
async def served_payer() -> AsyncIterator[tuple[LocalPayer, str]]:
    """One server for all tests: stopping one takes longer than most tests do."""
    payer = LocalPayer(PayerOptions(claims=6_000, days=600))
    async with serving(payer) as url:
        yield payer, url


@pytest.fixture
async def stand(served_payer: tuple[LocalPayer, str]) -> AsyncIterator[Stand]:
    """The payer with nothing asked yet, no token given, and ten claims a day at any TIN."""
    payer, url = served_payer
    payer.reset()
    payer.revoke_tokens()
    payer.books.forget()
    stand = Stand(payer, url)
    yield stand
    for adapter in stand.opened:
        await adapter.close()
