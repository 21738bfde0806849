"""Cloudinary's signatures, written from its documentation and not from its SDK."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

_UNSIGNED: Final = frozenset({"file", "api_key", "resource_type", "cloud_name", "signature"})
_DIGESTS: Final = {40: hashlib.sha1, 64: hashlib.sha256}


def is_signed(fields: Mapping[str, str], secret: str) -> bool:
    """Whether a call is signed, in either version, by SHA-1 or SHA-256."""
    given = fields.get("signature", "")
    digest = _DIGESTS.get(len(given))
    if digest is None:
        return False
    return any(
        hmac.compare_digest(given, digest((text + secret).encode()).hexdigest())
        for text in _texts(fields)
    )


def string_to_sign(fields: Mapping[str, str]) -> str:
    """The text that a caller should have signed, without the secret: Cloudinary quotes it."""
    return _texts(fields)[0]


def _texts(fields: Mapping[str, str]) -> tuple[str, str]:
    pairs = sorted(
        f"{name}={value}" for name, value in fields.items() if value and name not in _UNSIGNED
    )
    # Version 2 hides what would let one value pass for two fields.
    return "&".join(pair.replace("&", "%26") for pair in pairs), "&".join(pairs)


def delivery_signature(path: str, secret: str) -> str:
    """The eight characters that a signed address of the CDN carries; `path` is without version."""
    digest = hashlib.sha1((path + secret).encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest)[:8].decode()


def answer_signature(public_id: str, version: int, secret: str) -> str:
    """What Cloudinary signs its own answers with."""
    text = f"public_id={public_id}&version={version}{secret}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
