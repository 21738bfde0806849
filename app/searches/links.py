"""The link that switches an alert off without signing in: signed, for one search, for good."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from app.core.settings import AuthSettings
from app.core.signing import derive_keys

_PURPOSE: Final = "searches.unsubscribe"
_MARK_BYTES: Final = 16


class UnsubscribeLinks:
    """Makes and reads tokens; the newest secret signs, all of them read."""

    def __init__(self, settings: AuthSettings) -> None:
        self._keys: Sequence[bytes] = derive_keys(settings.secrets, _PURPOSE)

    def token(self, search_id: UUID, user_id: UUID) -> str:
        """A token of 64 characters."""
        facts = search_id.bytes + user_id.bytes
        return base64.urlsafe_b64encode(facts + _mark(self._keys[0], facts)).decode()

    def read(self, token: str) -> tuple[UUID, UUID] | None:
        """Search and person, or None when no key of ours made the token."""
        try:
            whole = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        facts, mark = whole[:32], whole[32:]
        if len(whole) != 32 + _MARK_BYTES:
            return None
        if not any(hmac.compare_digest(_mark(key, facts), mark) for key in self._keys):
            return None
        return UUID(bytes=facts[:16]), UUID(bytes=facts[16:])


def _mark(key: bytes, facts: bytes) -> bytes:
    return hmac.new(key, facts, hashlib.sha256).digest()[:_MARK_BYTES]
