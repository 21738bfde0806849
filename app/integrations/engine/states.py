"""The `state` of a consent: what the provider sends back with the person, and whose it is.

Its text says nothing but which row it stands for and until when; whoever changes a letter has made
another one, which no key of ours signed. The PKCE verifier is derived from the same id, so that it
is nowhere stored.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.core.clock import now
from app.core.settings import AuthSettings
from app.core.signing import derive_keys

LIFE: Final = timedelta(minutes=10)
# Whoever begins in the console says so in the state: its answer has to go back there.
_CONSOLE: Final = "c"
_FORM: Final = re.compile(r"(([0-9a-f]{32})\.([0-9]{10,11})c?)\.([A-Za-z0-9_-]{43})")


class StateRefused(Exception):
    """Not made here for this provider, or changed; `reason` is a word for the frontend."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Signed:
    """A state that holds: the row's id, and the verifier that its challenge was made of."""

    id: UUID
    verifier: str


def make(
    auth: AuthSettings,
    state_id: UUID,
    provider: str,
    expires_at: datetime,
    *,
    for_console: bool = False,
) -> str:
    """The text for the row with this id."""
    plain = f"{state_id.hex}.{int(expires_at.timestamp())}{_CONSOLE if for_console else ''}"
    return f"{plain}.{_digest(_keys(auth)[0], 'state', plain, provider)}"


def is_for_console(text: str) -> bool:
    """Whether its bearer is to go back to the console. Not proven: both places are ours."""
    match = _FORM.fullmatch(text)
    return match is not None and match[1].endswith(_CONSOLE)


def verifier_of(auth: AuthSettings, state_id: UUID) -> str:
    """The PKCE verifier: 43 characters that only this server can make."""
    return _digest(_keys(auth)[0], "verifier", state_id.hex)


def read(auth: AuthSettings, text: str, provider: str) -> Signed:
    """Which row a state stands for.

    Raises:
        StateRefused: `state_invalid`, or `state_expired`.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise StateRefused("state_invalid")
    plain, state_hex, until, digest = match.groups()
    for key in _keys(auth):
        if hmac.compare_digest(digest, _digest(key, "state", plain, provider)):
            break
    else:
        raise StateRefused("state_invalid")
    if int(until) < now().timestamp():
        raise StateRefused("state_expired")
    return Signed(UUID(state_hex), _digest(key, "verifier", state_hex))


def _keys(auth: AuthSettings) -> tuple[bytes, ...]:
    return derive_keys(auth.secrets, "oauth-states")


def _digest(key: bytes, *parts: str) -> str:
    made = hmac.new(key, "|".join(parts).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
