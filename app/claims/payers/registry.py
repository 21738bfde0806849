"""The payers that claim files can be sent to, by the code that an upload names.

An entry here is all that a payer needs: nothing else knows one by its name.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from app.claims.payers.condition import Condition, condition
from app.claims.payers.line_options import LineOptions
from app.claims.payers.optum import OptumPayer
from app.claims.payers.optum_options import capabilities_of as optum_capabilities
from app.claims.payers.optum_options import optum_options
from app.claims.payers.port import Capabilities, Payer
from app.claims.payers.sharing import PlaceBook
from app.claims.payers.store import SharedStore
from app.claims.payers.uhc import UhcPayer
from app.claims.payers.uhc_options import capabilities_of as uhc_capabilities
from app.claims.payers.uhc_options import uhc_options
from app.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Provider:
    """A payer's code, its name for people, how it is set up, and how its adapter is opened."""

    code: str
    name: str
    open: Callable[[Settings, SharedStore | None, PlaceBook | None], Payer]
    options: Callable[[Settings], LineOptions]
    capabilities: Callable[[Settings], Capabilities]

    def is_configured(self, settings: Settings) -> bool:
        """Whether the server has something to sign in with."""
        return self.options(settings).is_complete


PROVIDERS: Final[Mapping[str, Provider]] = {
    "uhc": Provider(
        code="uhc",
        name="UnitedHealthcare",
        open=lambda settings, store, book: UhcPayer(
            uhc_options(settings.uhc), store=store, book=book
        ),
        options=lambda settings: uhc_options(settings.uhc),
        capabilities=lambda settings: uhc_capabilities(uhc_options(settings.uhc)),
    ),
    "optum": Provider(
        code="optum",
        name="Optum Real Claim Inquiry",
        open=lambda settings, store, book: OptumPayer(
            optum_options(settings.optum), store=store, book=book
        ),
        options=lambda settings: optum_options(settings.optum),
        capabilities=lambda settings: optum_capabilities(optum_options(settings.optum)),
    ),
}


async def conditions(settings: Settings, store: SharedStore) -> dict[str, Condition | None]:
    """How all workers find the payers that are set up; None where the store does not say."""
    digests = {
        code: provider.options(settings).credential_digest
        for code, provider in PROVIDERS.items()
        if provider.is_configured(settings)
    }
    found = await asyncio.gather(*(condition(store, digest) for digest in digests.values()))
    return dict(zip(digests, found, strict=True))


class Payers:
    """The adapters of one process and event loop, opened when first asked for.

    One for all tasks: an adapter holds the token, the connections and the calls in flight.
    """

    def __init__(
        self,
        settings: Settings,
        store: SharedStore | None = None,
        book: PlaceBook | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._book = book
        self._open: dict[str, Payer] = {}

    def get(self, code: str) -> Payer:
        """The adapter of a provider.

        Raises:
            KeyError: no such provider.
        """
        if code not in self._open:
            self._open[code] = PROVIDERS[code].open(self._settings, self._store, self._book)
        return self._open[code]

    async def close(self) -> None:
        """Close every adapter that was opened."""
        while self._open:
            _, payer = self._open.popitem()
            await payer.close()
