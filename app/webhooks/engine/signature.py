"""Signing after Standard Webhooks 1.0: HMAC-SHA256 over id, time and body, one word a secret."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

# The specification asks for 24 to 64 random bytes.
_SECRET_BYTES: Final = 32


def new_secret() -> bytes:
    """A fresh key."""
    return secrets.token_bytes(_SECRET_BYTES)


def shown(secret: bytes) -> str:
    """The key as a receiver's library takes it."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def headers(message_id: str, timestamp: int, body: str, keys: Sequence[bytes]) -> dict[str, str]:
    """The three headers; with several keys a receiver that knows any of them is content."""
    signed = f"{message_id}.{timestamp}.{body}".encode()
    words = [
        f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"
        for key in keys
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(words),
    }
