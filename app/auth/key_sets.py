"""Key sets of issuers (JWKS, RFC 7517) and single keys in PEM, read with suspicion."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from app.auth.rings import Ring, RingKey, RingRefused
from app.core.log import logger

MAX_SET_BYTES: Final = 256 * 1024
_MOST_KEYS: Final = 100
_LONGEST_NAME: Final = 255
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi"})


def read_key_set(document: bytes) -> Ring:
    """The keys of a JWKS that RS256 signatures may be checked with.

    Keys of other kinds, for encryption, without a name or too weak are left out, as if they were
    not there. A set with a secret in it, or with one name for two keys, is refused whole: whoever
    publishes that does not know what they publish.

    Raises:
        RingRefused: the document is no set, or nothing usable is in it.
    """
    try:
        value = json.loads(document.decode("utf-8"))
        listed = value["keys"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RingRefused("the answer is no key set") from None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise RingRefused("the key set is not a list of reasonable length")
    entries = [entry for entry in listed if isinstance(entry, dict)]
    if any(entry.get("kty") == "oct" for entry in entries):
        raise RingRefused("the key set holds a secret")
    return Ring(key for entry in entries if _is_for_us(entry) and (key := _key(entry)) is not None)


def _is_for_us(entry: Mapping[str, Any]) -> bool:
    """Whether a key says to be a public one that checks RS256 signatures."""
    operations = entry.get("key_ops", ["verify"])
    kid = entry.get("kid")
    return (
        entry.get("kty") == "RSA"
        and entry.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and entry.get("alg", "RS256") == "RS256"
        and isinstance(kid, str)
        and 0 < len(kid) <= _LONGEST_NAME
        # A private key that was published is nobody's proof any more.
        and not entry.keys() & _PRIVATE
    )


def _key(entry: Mapping[str, Any]) -> RingKey | None:
    try:
        numbers = RSAPublicNumbers(_number(entry.get("e")), _number(entry.get("n")))
        return RingKey.rsa(entry["kid"], numbers.public_key())
    except (RingRefused, ValueError) as refusal:
        logger.warning("auth.key_left_out", reason=str(refusal)[:80])
        return None


def _number(part: object) -> int:
    if not isinstance(part, str) or not _BASE64URL.fullmatch(part):
        raise RingRefused("a number is not base64url")
    return int.from_bytes(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class PemKey:
    """One RSA key from the settings, for issuers whose keys are not to be fetched."""

    def __init__(self, pem: str) -> None:
        r"""Read a public key in PEM; `\n` may stand for a line's end, as environments need it.

        Raises:
            RingRefused: it is no RSA key, or too weak a one.
        """
        try:
            key = load_pem_public_key(pem.replace("\\n", "\n").strip().encode("ascii"))
        except ValueError:
            raise RingRefused("the text is no public key in PEM") from None
        if not isinstance(key, RSAPublicKey):
            raise RingRefused("the key is not an RSA key")
        self._key = RingKey.rsa("pem", key)

    def ring(self, kid: str) -> Ring:
        """A ring in which the key has the name that the token gives it: PEM knows no names."""
        return Ring([RingKey(kid, self._key.algorithm, self._key.key)])
