"""What the engine has to know of a payer beyond its port: its name, its usual id, its settings."""

from app.claims.engine.bench import Bench, Unit
from app.claims.payers.port import Payer
from app.claims.payers.registry import PROVIDERS
from app.claims.reasons import Why, not_set_up, unconnected
from app.core.settings import Settings


class NotConfigured(Exception):
    """No question can be asked at all; `why` tells it."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.words)
        self.why = why


def payer_of(bench: Bench, unit: Unit) -> Payer:
    """The adapter that the unit's job asks.

    Raises:
        NotConfigured: the provider is not known any more, or has no credentials.
    """
    code = unit.job.provider
    if known := bench.known_payers.get(code):
        return known
    if code not in PROVIDERS:
        raise NotConfigured(unconnected(code))
    if not has_credentials(bench.settings, code):
        raise NotConfigured(not_set_up(provider_name(code)))
    bench.known_payers[code] = found = bench.payers.get(code)
    return found


def has_credentials(settings: Settings, code: str) -> bool:
    """Whether the server has something to sign in with."""
    return code in PROVIDERS and PROVIDERS[code].is_configured(settings)


def provider_name(code: str) -> str:
    """The payer's name for people."""
    return PROVIDERS[code].name if code in PROVIDERS else code


def usual_payer_id(settings: Settings, code: str) -> str:
    """The payer id of rows that name none."""
    return PROVIDERS[code].options(settings).payer_id if code in PROVIDERS else ""
