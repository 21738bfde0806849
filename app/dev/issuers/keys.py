"""Keys that the local issuers sign with; made anew at each start and turned on demand."""

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256


def base64url(data: bytes) -> str:
    """Base64url without padding, as tokens spell it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class SigningKeys:
    """The keys of one issuer: the newest signs, all of them are published."""

    def __init__(self, prefix: str = "", *, first: rsa.RSAPrivateKey | None = None) -> None:
        """`first` saves the tenth of a second that a new key takes."""
        self._prefix = prefix
        self._keys: list[tuple[str, rsa.RSAPrivateKey]] = []
        self.rotate(first)

    def rotate(self, key: rsa.RSAPrivateKey | None = None) -> str:
        """Sign with a new key from now on; gives its name. The old ones stay published."""
        kid = self._prefix + secrets.token_urlsafe(12)
        new = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._keys.insert(0, (kid, new))
        return kid

    def forget_old(self) -> None:
        """Publish the newest key only."""
        del self._keys[1:]

    @property
    def kid(self) -> str:
        """The name of the key that signs."""
        return self._keys[0][0]

    @property
    def signer(self) -> rsa.RSAPrivateKey:
        """The key that signs."""
        return self._keys[0][1]

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        """A token; `header` adds to alg, kid and typ or takes their place."""
        head = {"alg": "RS256", "kid": self.kid, "typ": "JWT", **header}
        parts = [base64url(json.dumps(part).encode()) for part in (head, dict(claims))]
        signed = ".".join(parts)
        signature = self.signer.sign(signed.encode("ascii"), padding.PKCS1v15(), SHA256())
        return f"{signed}.{base64url(signature)}"

    def key_set(self) -> dict[str, Any]:
        """What is published (RFC 7517)."""
        return {"keys": [public_key(kid, key) for kid, key in self._keys]}


def public_key(kid: str, key: rsa.RSAPrivateKey, /, **more: Any) -> dict[str, Any]:
    """One entry of a key set; `more` adds to it or takes its place."""
    numbers = key.public_key().public_numbers()
    return {
        "kid": kid,
        "kty": "RSA",
        "alg": "RS256",
        "use": "sig",
        "n": base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)),
        "e": base64url(numbers.e.to_bytes(3)),
        **more,
    }
