"""Keys that tokens are checked against: objects with a name and one algorithm each.

Beside jwt.py the only file that knows python-jose: it makes the key objects here and uses them there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jose import jwk
from jose.backends.base import Key as JoseKey

_RSA_BITS: Final = range(2048, 8193)
_LEAST_EXPONENT: Final = 65_537


class RingRefused(Exception):
    """A set of keys that no token may be checked against."""


@dataclass(frozen=True, slots=True)
class RingKey:
    """One key, its name and the one algorithm that it is good for."""

    kid: str
    algorithm: str
    key: JoseKey

    @classmethod
    def hmac(cls, kid: str, secret: bytes) -> Self:
        """A secret for HS256.

        Raises:
            RingRefused: the secret is shorter than 32 bytes.
        """
        if len(secret) < 32:
            raise RingRefused("a secret needs 32 bytes or more")
        return cls(kid, "HS256", jwk.construct(secret, "HS256"))

    @classmethod
    def rsa(cls, kid: str, key: RSAPublicKey) -> Self:
        """A public key for RS256.

        Raises:
            RingRefused: it has fewer than 2048 bits, more than 8192, or an exponent that is not
                odd and 65537 or more.
        """
        exponent = key.public_numbers().e
        if key.key_size not in _RSA_BITS or exponent < _LEAST_EXPONENT or exponent % 2 == 0:
            raise RingRefused("an RSA key needs 2048 to 8192 bits and a usual exponent")
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return cls(kid, "RS256", jwk.construct(pem.decode("ascii"), "RS256"))

    @property
    def is_symmetric(self) -> bool:
        """Whether whoever can check can also sign."""
        return self.algorithm.startswith("HS")


class Ring:
    """The keys of one issuer, by name; the first one signs, all of them verify."""

    def __init__(self, keys: Iterable[RingKey]) -> None:
        """Hold `keys`.

        Raises:
            RingRefused: no key, a name twice, or secrets beside public keys.
        """
        listed = list(keys)
        self._keys = {key.kid: key for key in listed}
        if not listed or len(self._keys) != len(listed) or "" in self._keys:
            raise RingRefused("keys need names, each once")
        if len({key.is_symmetric for key in listed}) > 1:
            raise RingRefused("secrets and public keys do not share a ring")
        self.signer = listed[0]

    def __contains__(self, kid: object) -> bool:
        """Whether there is a key of exactly that name."""
        return isinstance(kid, str) and kid in self._keys

    def __len__(self) -> int:
        """How many keys there are."""
        return len(self._keys)

    def find(self, kid: object) -> RingKey | None:
        """The key of exactly that name."""
        return self._keys.get(kid) if isinstance(kid, str) else None
