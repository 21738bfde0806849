"""Who is signed in, and what a process keeps at hand to know it."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from app.auth.issuers import Issuers
from app.auth.jwt import parse
from app.auth.passwords import Passwords
from app.auth.principal import Principal
from app.auth.tokens import ISSUER, Tokens
from app.core import clock
from app.core.cache import ReadThrough
from app.core.db import WriteSession, on_commit
from app.core.settings import AuthSettings

_REMEMBER_SECONDS: Final = 5.0
_MOST_PEOPLE: Final = 10_000
_MOST_TOKENS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Affiliation:
    """A place in an organization; `names` are the ids and aliases that it may be called by."""

    organization_id: UUID
    names: frozenset[str]
    role: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An active user behind a good token, at most five seconds old.

    `role`, `organization_id` and `organization_name` are those of the oldest membership; without
    one, the user's own role and None. `session` is the refresh family of the token; tokens of
    other issuers belong to none. `impersonated_by` is whoever acts for the user, by the issuer's id.
    """

    id: UUID
    email: str
    full_name: str
    role: str
    organization_id: UUID | None
    organization_name: str | None
    is_active: bool
    is_superuser: bool
    auth_provider: str
    created_at: datetime
    updated_at: datetime
    affiliations: tuple[Affiliation, ...]
    session: UUID | None
    impersonated_by: str | None = None


# Puts a newcomer into the organizations that their token names; the room above knows how.
Place = Callable[[WriteSession, UUID, Principal], Awaitable[None]]


async def _nowhere(session: WriteSession, user_id: UUID, principal: Principal) -> None:
    """Where there are no organizations: programs that only sign people in."""


class Recognized:
    """Who was recognized in the last five seconds: a disabled account is locked out that soon."""

    def __init__(self) -> None:
        self._people: ReadThrough[Hashable, SignedIn] = ReadThrough(
            seconds=_REMEMBER_SECONDS, size=_MOST_PEOPLE
        )
        self._keys: dict[UUID, set[Hashable]] = {}

    async def get(
        self, user_id: UUID, session: UUID, load: Callable[[], Awaitable[SignedIn]]
    ) -> SignedIn:
        """The user of this sign-in, from memory or as `load` gives it now."""
        self._belongs(user_id, (user_id, session))
        return await self._people.get((user_id, session), load)

    async def get_external(
        self, key: tuple[str, str, bytes], load: Callable[[], Awaitable[SignedIn]]
    ) -> SignedIn:
        """The user behind issuer, subject and claims: only the answer tells who that is here."""
        found = await self._people.get(key, load)
        self._belongs(found.id, key)
        return found

    def _belongs(self, user_id: UUID, key: Hashable) -> None:
        if len(self._keys) >= _MOST_PEOPLE:
            self._keys.clear()
        self._keys.setdefault(user_id, set()).add(key)

    def forget(self, user_id: UUID) -> None:
        """Look this user up again at the next request."""
        for key in self._keys.pop(user_id, ()):
            self._people.forget(key)


@dataclass(frozen=True, slots=True)
class Identity:
    """What one process needs to let people in: keys, hashing threads and a short memory."""

    settings: AuthSettings
    tokens: Tokens
    issuers: Issuers = field(default_factory=Issuers)
    place: Place = _nowhere
    passwords: Passwords = field(default_factory=Passwords)
    recognized: Recognized = field(default_factory=Recognized)
    verified: OrderedDict[str, Principal] = field(default_factory=OrderedDict)
    """Our own tokens that were found true, by their whole text: they stay so until they expire."""

    @classmethod
    def from_settings(
        cls, settings: AuthSettings, issuers: Issuers | None = None, place: Place = _nowhere
    ) -> Self:
        """The identity that these settings describe, with the identity providers beside it."""
        return cls(settings, Tokens(settings), issuers or Issuers(), place)

    async def read_bearer(self, token: str) -> Principal:
        """The bearer of an access token, ours or an identity provider's.

        Raises:
            TokenExpired: its time is over.
            TokenInvalid: anything else is wrong with it.
            IssuerAway: its issuer's keys cannot be had now.
        """
        known = self.verified.get(token)
        if known is not None and known.expires_at > clock.now().timestamp():
            return known
        parsed = parse(token)
        if parsed.issuer != ISSUER:
            # Their keys may be withdrawn at any time.
            return await self.issuers.read(parsed)
        principal = self.verified[token] = self.tokens.read_access(parsed)
        if len(self.verified) > _MOST_TOKENS:
            self.verified.popitem(last=False)
        return principal

    def forget_after(self, session: WriteSession, user_id: UUID) -> None:
        """Once the transaction is committed, look this user up again at the next request."""

        async def forget() -> None:
            self.recognized.forget(user_id)

        on_commit(session, forget)
