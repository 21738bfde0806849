"""Who is signed in, and what a process keeps at hand to know it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from app.auth.passwords import Passwords
from app.auth.tokens import Tokens
from app.core.cache import ReadThrough
from app.core.db import WriteSession, on_commit
from app.core.settings import AuthSettings

_REMEMBER_SECONDS: Final = 5.0
_MOST_PEOPLE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Affiliation:
    """A place in an organization."""

    organization_id: UUID
    slug: str
    role: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An active user behind a good token, at most five seconds old.

    `role`, `organization_id` and `organization_name` are those of the oldest membership; without
    one, the user's own role and None. `session` is the refresh family of the token.
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
    session: UUID


class Recognized:
    """Who was recognized in the last five seconds: a disabled account is locked out that soon."""

    def __init__(self) -> None:
        self._people: ReadThrough[tuple[UUID, UUID], SignedIn] = ReadThrough(
            seconds=_REMEMBER_SECONDS, size=_MOST_PEOPLE
        )
        self._sessions: dict[UUID, set[UUID]] = {}

    async def get(
        self, user_id: UUID, session: UUID, load: Callable[[], Awaitable[SignedIn]]
    ) -> SignedIn:
        """The user of this sign-in, from memory or as `load` gives it now."""
        if len(self._sessions) >= _MOST_PEOPLE:
            self._sessions.clear()
        self._sessions.setdefault(user_id, set()).add(session)
        return await self._people.get((user_id, session), load)

    def forget(self, user_id: UUID) -> None:
        """Look this user up again at the next request."""
        for session in self._sessions.pop(user_id, ()):
            self._people.forget((user_id, session))


@dataclass(frozen=True, slots=True)
class Identity:
    """What one process needs to let people in: keys, hashing threads and a short memory."""

    settings: AuthSettings
    tokens: Tokens
    passwords: Passwords = field(default_factory=Passwords)
    recognized: Recognized = field(default_factory=Recognized)

    @classmethod
    def from_settings(cls, settings: AuthSettings) -> Self:
        """The identity that these settings describe."""
        return cls(settings, Tokens(settings))

    def forget_after(self, session: WriteSession, user_id: UUID) -> None:
        """Once the transaction is committed, look this user up again at the next request."""

        async def forget() -> None:
            self.recognized.forget(user_id)

        on_commit(session, forget)
