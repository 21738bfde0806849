"""Keys for one purpose each, derived from SECRET_KEY, so that none is good for another's work."""

import hashlib
import hmac


def derive_key(secret: str, purpose: str) -> bytes:
    """32 bytes for `purpose`; the same secret and purpose give the same key in every process."""
    return hmac.new(secret.encode(), f"intake|{purpose}".encode(), hashlib.sha256).digest()
