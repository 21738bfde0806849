"""Keys for one purpose each, derived from SECRET_KEY, so that none is good for another's work.

Where there are several secrets, the first one signs and all of them read: what was made before
SECRET_KEY changed holds while SECRET_KEY_PREVIOUS names the former one.
"""

import base64
import binascii
import hashlib
import hmac
import re
from functools import lru_cache
from typing import Final

KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


class KeysRefused(ValueError):
    """A key ring that nothing may be sealed with; the text names no key."""


def derive_key(secret: str, purpose: str) -> bytes:
    """32 bytes for `purpose`; the same secret and purpose give the same key in every process."""
    return hmac.new(secret.encode(), f"intake|{purpose}".encode(), hashlib.sha256).digest()


@lru_cache(maxsize=64)
def derive_keys(secrets: tuple[str, ...], purpose: str) -> tuple[bytes, ...]:
    """The key of each secret for `purpose`, in their order and each once."""
    return tuple(dict.fromkeys(derive_key(secret, purpose) for secret in secrets))


def key_name(key: bytes) -> str:
    """A name for a key that tells nothing of it and changes with it: 12 hexadecimal digits."""
    return hashlib.sha256(b"kid|" + key).hexdigest()[:12]


def parse_keys(text: str) -> dict[str, bytes]:
    """`id:base64,id:base64` as keys of 32 bytes, in their order; an empty text is none.

    Raises:
        KeysRefused: an entry has an odd id, no 32 bytes of base64, or the id of another.
    """
    keys: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        key_id, _, encoded = entry.partition(":")
        try:
            key = base64.b64decode(encoded, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise KeysRefused("a key is written id:base64") from None
        if not KEY_ID.fullmatch(key_id):
            raise KeysRefused("a key's id is 1 to 32 letters, digits, - or _")
        if len(key) != 32:
            raise KeysRefused("a key is 32 bytes")
        if key_id in keys:
            raise KeysRefused("two keys have the same id")
        keys[key_id] = key
    return keys
