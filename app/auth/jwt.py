"""JSON Web Tokens: what python-jose is let do, which is nothing but signatures.

The library accepts padded and spaced base64, unknown critical headers, string times, missing
audiences and more; so everything is settled before it is asked, and it is asked with one key object
and that key's one algorithm. Whatever goes wrong is the same 401.
"""

import base64
import contextlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jose import jws

from app.auth.errors import TokenExpired, TokenInvalid
from app.auth.rings import Ring, RingKey
from app.core.log import logger

Claims = Mapping[str, Any]

MAX_TOKEN_CHARACTERS: Final = 8192
_PART = re.compile(r"[A-Za-z0-9_-]+")
_HEADERS = frozenset({"alg", "typ", "kid"})
# Headers that bring keys, change what is signed, or must be understood (RFC 7515, RFC 7797).
_DANGEROUS = frozenset(
    {"crit", "b64", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "zip", "cty", "enc"}
)
_LATEST_TIME = 2**33


class _Refused(Exception):
    """Why a token is not accepted; for the log."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a token of one issuer must fulfil.

    `accepts` says whether the claims are meant for us: audience, token use, authorized party.
    Times are in seconds; `longest_life` bounds exp − iat. `accepts_header` is for issuers that say
    more in the header than alg, typ and kid: only with it are other harmless names let through.
    """

    provider: str
    issuer: str
    ring: Ring
    accepts: Callable[[Claims], bool]
    longest_life: int
    leeway: int = 30
    types: frozenset[str] = frozenset({"JWT"})
    accepts_header: Callable[[Claims], bool] | None = None


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


@dataclass(frozen=True, slots=True)
class Parsed:
    """A token taken apart. Nothing in it is believed: it only tells which rules to ask."""

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def issuer(self) -> str | None:
        """Who says to have made it."""
        issuer = self.claims.get("iss")
        return issuer if isinstance(issuer, str) else None

    @property
    def kid(self) -> str | None:
        """Which key says to have signed it."""
        kid = self.header.get("kid")
        return kid if isinstance(kid, str) else None


def parse(token: object) -> Parsed:
    """Take a token apart, strictly.

    Raises:
        TokenInvalid: it is not three canonical base64url parts over two JSON objects, or too long.
    """
    with _only_invalid():
        if not isinstance(token, str) or len(token) > MAX_TOKEN_CHARACTERS:
            raise _Refused("size")
        parts = token.split(".")
        if len(parts) != 3:
            raise _Refused("parts")
        header, claims, _ = _json(parts[0]), _json(parts[1]), _decoded(parts[2])
        return Parsed(token, header, claims)
    raise TokenInvalid


def check(parsed: Parsed, rules: Rules, *, now: float, expired_too: bool = False) -> Verified:
    """Hold a token against the rules of its issuer; with `expired_too`, its time may be over.

    Raises:
        TokenExpired: everything is right but the time.
        TokenInvalid: anything else.
    """
    with _only_invalid():
        if parsed.issuer != rules.issuer:
            raise _Refused("iss")
        key = _key(parsed.header, rules)
        jws.verify(parsed.text, key.key, [key.algorithm])
        _check_claims(parsed.claims, rules, now)
        if parsed.claims["exp"] <= now - rules.leeway and not expired_too:
            raise TokenExpired
        return Verified(rules.provider, parsed.claims)
    raise TokenInvalid


@contextlib.contextmanager
def _only_invalid() -> Iterator[None]:
    """Let nothing out but the two kinds of 401; the reason stays in the log."""
    try:
        yield
    except (TokenExpired, TokenInvalid):
        raise
    except _Refused as refusal:
        reason = str(refusal)
    except Exception as error:  # noqa: BLE001 - a hostile token must never become a 500.
        reason = type(error).__name__
    else:
        return
    logger.info("auth.bearer_refused", reason=reason)
    raise TokenInvalid


class Verifier:
    """Checks tokens of issuers whose keys are at hand; `iss` is read only to choose the rules."""

    def __init__(self, rules: Iterable[Rules]) -> None:
        self._rules = {rule.issuer: rule for rule in rules}

    def verify(self, token: object, *, now: float, expired_too: bool = False) -> Verified:
        """The claims of `token`, all checked; with `expired_too`, also one whose time is over.

        `token` may have been parsed before.

        Raises:
            TokenExpired: everything is right but the time.
            TokenInvalid: anything else.
        """
        parsed = token if isinstance(token, Parsed) else parse(token)
        rules = self._rules.get(parsed.issuer or "")
        if rules is None:
            logger.info("auth.bearer_refused", reason="iss")
            raise TokenInvalid
        return check(parsed, rules, now=now, expired_too=expired_too)


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


def _key(header: Claims, rules: Rules) -> RingKey:
    allows = rules.accepts_header
    if set(header) & _DANGEROUS if allows else set(header) - _HEADERS:
        raise _Refused("header")
    if allows is not None and not allows(header):
        raise _Refused("header")
    if header.get("typ") not in rules.types:
        raise _Refused("typ")
    key = rules.ring.find(header.get("kid"))
    if key is None:
        raise _Refused("kid")
    if header.get("alg") != key.algorithm:
        raise _Refused("alg")
    return key


def _check_claims(claims: Claims, rules: Rules, now: float) -> None:
    issued, expires = _time(claims, "iat"), _time(claims, "exp")
    if issued > now + rules.leeway:
        raise _Refused("iat")
    if "nbf" in claims and _time(claims, "nbf") > now + rules.leeway:
        raise _Refused("nbf")
    if not 0 < expires - issued <= rules.longest_life:
        raise _Refused("exp")
    subject = claims.get("sub")
    # It is stored and compared: no control characters, no lone surrogates.
    if not (isinstance(subject, str) and 0 < len(subject) <= 255 and subject.isprintable()):
        raise _Refused("sub")
    if not rules.accepts(claims):
        raise _Refused("use")


def _time(claims: Claims, name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 < value < _LATEST_TIME:
        raise _Refused(name)
    return value
