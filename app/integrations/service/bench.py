"""The means that every service of the room works with, and providers' failures as problems."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from app.core.crypto import KeyRing
from app.core.db import Database
from app.core.http import HttpClient
from app.core.problems import Problem
from app.core.settings import Settings
from app.integrations.engine.faults import Meaning, ProviderFault
from app.integrations.engine.outgoing import Line
from app.integrations.engine.providers import Provider
from app.integrations.errors import (
    Misconfigured,
    NotConfigured,
    NotConnected,
    PermissionMissing,
    ProviderBusy,
    ProviderRefused,
    ProviderUnavailable,
)

_USUAL_PAUSE: Final = 30
_LATER: Final = {Meaning.BUSY: ProviderBusy, Meaning.AWAY: ProviderUnavailable}


@dataclass(frozen=True)
class Bench:
    """A process's settings, database and HTTP client."""

    settings: Settings
    database: Database
    client: HttpClient

    @cached_property
    def ring(self) -> KeyRing:
        """The keys that seal tokens."""
        return KeyRing.from_settings(self.settings)

    def line(self, provider: Provider) -> Line:
        """The way to a provider.

        Raises:
            NotConfigured: no application is registered with it.
        """
        if not provider.application(self.settings).is_complete:
            raise NotConfigured
        return Line(self.client, provider)


def problem_of(fault: ProviderFault) -> Problem:
    """What the caller is told of a provider's failure."""
    later = _LATER.get(fault.meaning)
    if later is not None:
        wait = math.ceil(fault.retry_after or _USUAL_PAUSE)
        return later(headers={"Retry-After": str(wait)})
    if fault.meaning is Meaning.RECONNECT:
        return NotConnected("The provider takes the connection no more; connect again.")
    if fault.meaning is Meaning.PERMISSION:
        return PermissionMissing()
    if fault.meaning is Meaning.OURS:
        return Misconfigured(headers={"Retry-After": str(_USUAL_PAUSE)})
    said = f" ({fault.code})" if fault.code else ""
    return ProviderRefused(f"The provider refused the request{said}.")


@contextmanager
def as_problems() -> Iterator[None]:
    """Let no provider's failure out but as a problem."""
    try:
        yield
    except ProviderFault as fault:
        raise problem_of(fault) from None
