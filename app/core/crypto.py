"""Sealed columns: small secrets that PostgreSQL keeps and cannot read.

AES-256-GCM. A sealed value is bound to its purpose and to the row that it belongs to, so that one
copied into another row, tenant or column does not open. Text: `v1.<key id>.<nonce and ciphertext>`,
the last part in base64url. The first key of the ring seals, every key opens: a new key goes to the
front, `needs_rotation` finds what the older ones sealed.
"""

import base64
import binascii
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.settings import AuthSettings, Settings
from app.core.signing import KEY_ID, KeysRefused, derive_keys, key_name, parse_keys

_VERSION: Final = "v1"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_INFO: Final = "sealed"


class SealBroken(Exception):
    """The value was not sealed for this purpose and place, or by none of these keys.

    It says no more, because the difference is of use to nobody but an attacker.
    """


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """How a column is sealed, kept in its `info` so that `intake keys rotate` finds it.

    `bound_by` are columns of the same row, the primary key among them, that never change: the
    `bound_to` of each seal is str() of their values in that order, with an empty text for NULL.
    """

    purpose: str
    bound_by: tuple[str, ...]

    @property
    def info(self) -> dict[str, Any]:
        """For `mapped_column(info=SECRET.info)`."""
        return {_INFO: self}

    @classmethod
    def of(cls, info: Mapping[Any, Any]) -> "SealedColumn | None":
        """What a column's `info` says of its seal; None when it is not sealed."""
        found: SealedColumn | None = info.get(_INFO)
        return found


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
            if not KEY_ID.fullmatch(key_id):
                raise KeysRefused("a key's id is 1 to 32 letters, digits, - or _")
            if len(key) != _KEY_BYTES:
                raise KeysRefused("a key is 32 bytes")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._first = next(iter(keys))
        self.prefix = f"{_VERSION}.{self._first}."

    @classmethod
    def from_settings(cls, settings: AuthSettings | Settings) -> Self:
        """ENCRYPTION_KEYS where they are set, then a key derived from each secret in turn.

        So what was sealed before ENCRYPTION_KEYS was set still opens afterwards.

        Raises:
            KeysRefused: ENCRYPTION_KEYS is malformed.
        """
        auth = settings if isinstance(settings, AuthSettings) else settings.auth
        keys = parse_keys(auth.encryption_keys.get_secret_value())
        for derived in derive_keys(auth.secrets, "sealed-columns"):
            keys.setdefault(f"s-{key_name(derived)}", derived)
        return cls(keys)

    @property
    def ids(self) -> frozenset[str]:
        """The names of all keys, which stand in what they have sealed."""
        return frozenset(self._ciphers)

    def seal(self, plain: bytes, *, purpose: str, bound_to: Sequence[str]) -> str:
        """`plain` as text that opens for this purpose and these ids alone.

        `bound_to` says where it stands: tenant, row, field.
        """
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._first].encrypt(nonce, plain, _binding(purpose, bound_to))
        text = base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()
        return f"{self.prefix}{text}"

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
            data = _decoded(text)
            return cipher.decrypt(
                data[:_NONCE_BYTES], data[_NONCE_BYTES:], _binding(purpose, bound_to)
            )
        except (binascii.Error, ValueError, InvalidTag):
            raise SealBroken from None

    def needs_rotation(self, sealed: str) -> bool:
        """Whether an older key than the first one sealed it."""
        return not sealed.startswith(self.prefix)


def _decoded(text: str) -> bytes:
    """The bytes of a text in its one canonical spelling; ValueError for any other."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(data).rstrip(b"=") != text.encode():
        raise ValueError
    return data


def _binding(purpose: str, bound_to: Sequence[str]) -> bytes:
    """Purpose and place, each with its length before it, so that no two bindings are the same."""
    parts = (purpose.encode(), *(part.encode() for part in bound_to))
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
