"""The link by which an applicant answers without signing in: signed, for one purpose, for a time.

A token names the interview, its applicant, and the beginning that the mail told of: when the
interview is moved, an older link says yes to nothing. It may be used again, for an answer may change.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from app.core.settings import AuthSettings
from app.core.signing import derive_keys
from app.interviews.errors import ResponseLinkInvalid

PAGE: Final = "interview-response"
_PURPOSE: Final = "interviews.response"
_FACTS: Final = struct.Struct(">16s16sqq")
_LENGTH: Final = _FACTS.size + hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class ResponseClaim:
    """What a good token says."""

    interview_id: UUID
    candidate_id: UUID
    starts_at: datetime


class ResponseLinks:
    """Makes and reads tokens; the newest secret signs, all of them read."""

    def __init__(self, settings: AuthSettings) -> None:
        self._keys = derive_keys(settings.secrets, _PURPOSE)

    def token(self, claim: ResponseClaim, *, expires_at: datetime) -> str:
        """A token of 107 characters that fits into a link's fragment."""
        facts = _FACTS.pack(
            claim.interview_id.bytes,
            claim.candidate_id.bytes,
            _stamp(claim.starts_at),
            _stamp(expires_at),
        )
        return _written(facts + _signature(self._keys[0], facts))

    def read(self, token: str, *, now: datetime) -> ResponseClaim:
        """What the token says.

        Raises:
            ResponseLinkInvalid: it was not made here, was changed, or its time is over.
        """
        try:
            sealed = base64.b64decode(
                token + "=" * (-len(token) % 4), altchars=b"-_", validate=True
            )
        except (binascii.Error, ValueError):
            raise ResponseLinkInvalid from None
        facts, signature = sealed[: _FACTS.size], sealed[_FACTS.size :]
        # One token has one spelling: base64 leaves the last bits of the last letter open.
        is_whole = len(sealed) == _LENGTH and _written(sealed) == token
        is_ours = is_whole and any(
            hmac.compare_digest(_signature(key, facts), signature) for key in self._keys
        )
        if not is_ours:
            raise ResponseLinkInvalid
        interview_id, candidate_id, starts_at, expires_at = _FACTS.unpack(facts)
        if expires_at <= _stamp(now):
            raise ResponseLinkInvalid
        return ResponseClaim(
            UUID(bytes=interview_id),
            UUID(bytes=candidate_id),
            datetime.fromtimestamp(starts_at, UTC),
        )


def _written(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _signature(key: bytes, facts: bytes) -> bytes:
    return hmac.new(key, facts, hashlib.sha256).digest()


def _stamp(at: datetime) -> int:
    return int(at.timestamp())
