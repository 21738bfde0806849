"""One issuer of tokens: its keys, its rules, and how its claims are read."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.auth.jwks import Keys
from app.auth.jwt import Claims, Rules
from app.auth.principal import Principal
from app.auth.rings import Ring


async def _as_it_is(principal: Principal) -> Principal:
    return principal


@dataclass(frozen=True, slots=True)
class Issuer:
    """What has to be known of an identity provider to believe its tokens.

    `complete` is asked once for each newcomer, outside any transaction: it may call the provider
    for what its tokens leave out.
    """

    provider: str
    name: str
    keys: Keys
    rules: Callable[[Ring], Rules]
    principal: Callable[[Claims], Principal]
    complete: Callable[[Principal], Awaitable[Principal]] = _as_it_is
