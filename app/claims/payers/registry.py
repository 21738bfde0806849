"""The payers that claim files can be sent to, by the code that an upload names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from app.claims.payers.brakes import SharedStore
from app.claims.payers.port import Capabilities, Payer
from app.claims.payers.uhc import UhcPayer
from app.claims.payers.uhc_options import capabilities_of, uhc_options
from app.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Provider:
    """A payer's code, its name for people, what it can be asked, and how its adapter is opened."""

    code: str
    name: str
    open: Callable[[Settings, SharedStore | None], Payer]
    capabilities: Callable[[Settings], Capabilities]
    is_configured: Callable[[Settings], bool]
    """Whether the server has something to sign in with."""


PROVIDERS: Final[Mapping[str, Provider]] = {
    "uhc": Provider(
        code="uhc",
        name="UnitedHealthcare",
        open=lambda settings, store: UhcPayer(uhc_options(settings.uhc), store=store),
        capabilities=lambda settings: capabilities_of(uhc_options(settings.uhc)),
        is_configured=lambda settings: bool(
            settings.uhc.client_id and settings.uhc.client_secret.get_secret_value()
        ),
    ),
}


class Payers:
    """The adapters of one process and event loop, opened when first asked for.

    One for all tasks: an adapter holds the token, the connections and the calls in flight.
    """

    def __init__(self, settings: Settings, store: SharedStore | None = None) -> None:
        self._settings = settings
        self._store = store
        self._open: dict[str, Payer] = {}

    def get(self, code: str) -> Payer:
        """The adapter of a provider.

        Raises:
            KeyError: no such provider.
        """
        if code not in self._open:
            self._open[code] = PROVIDERS[code].open(self._settings, self._store)
        return self._open[code]

    async def close(self) -> None:
        """Close every adapter that was opened."""
        while self._open:
            _, payer = self._open.popitem()
            await payer.close()
