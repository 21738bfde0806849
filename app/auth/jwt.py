"""JSON Web Tokens: the only file that knows python-jose, and lets it do nothing but signatures.

The library accepts padded and spaced base64, unknown critical headers, string times, missing
audiences and more; so everything is settled before it is asked, and it is asked with one key object
and that key's one algorithm. Whatever goes wrong is the same 401.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from jose import jwk, jws
from jose.backends.base import Key as JoseKey

from app.auth.errors import TokenExpired, TokenInvalid
from app.core.log import logger

Claims = Mapping[str, Any]

MAX_TOKEN_CHARACTERS: Final = 8192
_PART = re.compile(r"[A-Za-z0-9_-]+")
_HEADERS = frozenset({"alg", "typ", "kid"})
_LATEST_TIME = 2**33


class RingRefused(Exception):
    """A set of keys that no token may be checked against."""


class _Refused(Exception):
    """Why a token is not accepted; for the log."""


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

    def find(self, kid: object) -> RingKey:
        """The key of exactly that name."""
        key = self._keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise _Refused("kid")
        return key


@dataclass(frozen=True, slots=True)
class Rules:
    """What a token of one issuer must fulfil.

    `accepts` says whether the claims are meant for us: audience, token use, authorized party.
    Times are in seconds; `longest_life` bounds exp − iat.
    """

    provider: str
    issuer: str
    ring: Ring
    accepts: Callable[[Claims], bool]
    longest_life: int
    leeway: int = 30
    types: frozenset[str] = frozenset({"JWT"})


@dataclass(frozen=True, slots=True)
class Verified:
    """The claims of a token that holds, and the rule set that it held against."""

    provider: str
    claims: Claims


def sign(claims: Claims, ring: Ring) -> str:
    """A token over `claims`; the same claims and ring give the same token."""
    key = ring.signer
    token: str = jws.sign(dict(claims), key.key, headers={"kid": key.kid}, algorithm=key.algorithm)
    return token


class Verifier:
    """Checks tokens of several issuers; `iss` is read unverified only to choose the rules."""

    def __init__(self, rules: Iterable[Rules]) -> None:
        self._rules = {rule.issuer: rule for rule in rules}

    def verify(self, token: object, *, now: float, expired_too: bool = False) -> Verified:
        """The claims of `token`, all checked; with `expired_too`, also one whose time is over.

        Raises:
            TokenExpired: everything is right but the time.
            TokenInvalid: anything else.
        """
        try:
            return self._verify(token, now, expired_too)
        except TokenExpired:
            raise
        except _Refused as refusal:
            reason = str(refusal)
        except Exception as error:  # noqa: BLE001 - a hostile token must never become a 500.
            reason = type(error).__name__
        logger.info("auth.bearer_refused", reason=reason)
        raise TokenInvalid

    def _verify(self, token: object, now: float, expired_too: bool) -> Verified:
        if not isinstance(token, str) or len(token) > MAX_TOKEN_CHARACTERS:
            raise _Refused("size")
        parts = token.split(".")
        if len(parts) != 3:
            raise _Refused("parts")
        header, claims, _ = _json(parts[0]), _json(parts[1]), _decoded(parts[2])
        issuer = claims.get("iss")
        rules = self._rules.get(issuer) if isinstance(issuer, str) else None
        if rules is None:
            raise _Refused("iss")
        key = _key(header, rules)
        jws.verify(token, key.key, [key.algorithm])
        _check_claims(claims, rules, now)
        if claims["exp"] <= now - rules.leeway and not expired_too:
            raise TokenExpired
        return Verified(rules.provider, claims)


def _decoded(part: str) -> bytes:
    """The bytes of a base64url part that is spelled in its one canonical way."""
    if not _PART.fullmatch(part):
        raise _Refused("base64url")
    raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise _Refused("base64url")
    return raw


def _json(part: str) -> dict[str, Any]:
    value = json.loads(
        _decoded(part).decode("utf-8"),
        object_pairs_hook=_unique,
        parse_constant=_no_constant,
    )
    if not isinstance(value, dict):
        raise _Refused("json")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different: readers disagree on which twin counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("json")
    return found


def _no_constant(_: str) -> None:
    raise _Refused("json")


def _key(header: dict[str, Any], rules: Rules) -> RingKey:
    if set(header) - _HEADERS:
        raise _Refused("header")
    if header.get("typ") not in rules.types:
        raise _Refused("typ")
    key = rules.ring.find(header.get("kid"))
    if header.get("alg") != key.algorithm:
        raise _Refused("alg")
    return key


def _check_claims(claims: dict[str, Any], rules: Rules, now: float) -> None:
    issued, expires = _time(claims, "iat"), _time(claims, "exp")
    if issued > now + rules.leeway:
        raise _Refused("iat")
    if "nbf" in claims and _time(claims, "nbf") > now + rules.leeway:
        raise _Refused("nbf")
    if not 0 < expires - issued <= rules.longest_life:
        raise _Refused("exp")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise _Refused("sub")
    if not rules.accepts(claims):
        raise _Refused("use")


def _time(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 < value < _LATEST_TIME:
        raise _Refused(name)
    return value
