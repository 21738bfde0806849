"""Sealed columns: small secrets that PostgreSQL keeps and cannot read.

AES-256-GCM. A sealed value is bound to its purpose and to the row that it belongs to, so that one
copied into another row, tenant or column does not open. Text: `v1.<key id>.<nonce and ciphertext>`,
the last part in base64url. The first key of the ring seals, every key opens: a new key goes to the
front, `needs_rotation` finds what the older ones sealed.
"""

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.settings import AuthSettings
from app.core.signing import derive_key

_VERSION: Final = "v1"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SealBroken(Exception):
    """The value was not sealed for this purpose and place, or by none of these keys.

    It says no more, because the difference is of use to nobody but an attacker.
    """


class KeysRefused(ValueError):
    """A key ring that nothing may be sealed with; the text names no key."""


class KeyRing:
    """The keys of one process by their ids; the first one seals."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """`keys` are 32 bytes each.

        Raises:
            KeysRefused: there is none, or one has another length or an odd id.
        """
        if not keys:
            raise KeysRefused("a key ring needs a key")
        for key_id, key in keys.items():
            if not _KEY_ID.fullmatch(key_id):
                raise KeysRefused("a key's id is 1 to 32 letters, digits, - or _")
            if len(key) != _KEY_BYTES:
                raise KeysRefused("a key is 32 bytes")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._first = next(iter(keys))

    @classmethod
    def from_settings(cls, settings: AuthSettings) -> Self:
        """ENCRYPTION_KEYS where they are set, then a key derived from each secret in turn.

        Raises:
            KeysRefused: ENCRYPTION_KEYS is malformed.
        """
        keys = parse_keys(settings.encryption_keys.get_secret_value())
        for secret in settings.secrets:
            derived = derive_key(secret, "sealed-columns")
            keys.setdefault(f"s-{hashlib.sha256(derived).hexdigest()[:12]}", derived)
        return cls(keys)

    def seal(self, plain: bytes, *, purpose: str, bound_to: Sequence[str]) -> str:
        """`plain` as text that opens for this purpose and these ids alone.

        `bound_to` says where it stands: tenant, row, field.
        """
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._first].encrypt(nonce, plain, _binding(purpose, bound_to))
        text = base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()
        return f"{_VERSION}.{self._first}.{text}"

    def open(self, sealed: str, *, purpose: str, bound_to: Sequence[str]) -> bytes:
        """What was sealed.

        Raises:
            SealBroken: it was sealed elsewhere, for another purpose, by another ring, or changed.
        """
        version, _, rest = sealed.partition(".")
        key_id, _, text = rest.partition(".")
        cipher = self._ciphers.get(key_id)
        if version != _VERSION or cipher is None:
            raise SealBroken
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return cipher.decrypt(
                data[:_NONCE_BYTES], data[_NONCE_BYTES:], _binding(purpose, bound_to)
            )
        except (binascii.Error, ValueError, InvalidTag):
            raise SealBroken from None

    def needs_rotation(self, sealed: str) -> bool:
        """Whether an older key than the first one sealed it."""
        return not sealed.startswith(f"{_VERSION}.{self._first}.")


def parse_keys(text: str) -> dict[str, bytes]:
    """`id:base64,id:base64` as keys, in their order; an empty text is none.

    Raises:
        KeysRefused: an entry is no id and base64, or an id comes twice.
    """
    keys: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        key_id, _, encoded = entry.partition(":")
        try:
            key = base64.b64decode(encoded, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise KeysRefused("a key is written id:base64") from None
        if key_id in keys:
            raise KeysRefused("two keys have the same id")
        keys[key_id] = key
    return keys


def _binding(purpose: str, bound_to: Sequence[str]) -> bytes:
    """Purpose and place, each with its length before it, so that no two bindings are the same."""
    parts = (purpose.encode(), *(part.encode() for part in bound_to))
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
