"""Our own tokens: a short access token, and a refresh token that belongs to a family."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import SecretStr

from app.auth.errors import TokenInvalid
from app.auth.jwt import Claims, Parsed, Rules, Verifier, sign
from app.auth.principal import Principal
from app.auth.rings import Ring, RingKey
from app.core import clock
from app.core.settings import AuthSettings
from app.core.signing import derive_key, derive_keys, key_name

ISSUER: Final = "intake"
AUDIENCE: Final = "intake"
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a refresh token says: the family, the person, and the place in the row of tokens."""

    family_id: UUID
    user_id: UUID
    sequence: int
    identifier: str
    issued_at: datetime
    expires_at: datetime


class Tokens:
    """Signs and reads the tokens of this installation, with keys derived from SECRET_KEY.

    What the keys of SECRET_KEY_PREVIOUS have signed is read as well.
    """

    def __init__(self, settings: AuthSettings) -> None:
        self.access_seconds = settings.access_token_minutes * 60
        self._ring = _ring(derive_keys(settings.secrets, "jwt"))
        self._successor_key = derive_key(settings.secrets[0], "refresh-successor")
        alone = {"secret_key_previous": SecretStr("")}
        self._former = [
            Tokens(settings.model_copy(update={**alone, "secret_key": SecretStr(secret)}))
            for secret in settings.secrets[1:]
        ]
        self._access = Verifier([_rules(self._ring, "access", _DAY)])
        self._refresh = Verifier([_rules(self._ring, "refresh", 90 * _DAY)])

    def access(self, user_id: UUID, family_id: UUID) -> str:
        """An access token for `user_id`, good for `access_seconds` from now."""
        issued = int(clock.now().timestamp())
        claims = _claims(user_id, family_id, "access", issued)
        return sign({**claims, "exp": issued + self.access_seconds}, self._ring)

    def refresh(self, token: RefreshToken) -> str:
        """The refresh token of those facts: the same facts give the same token."""
        issued = int(token.issued_at.timestamp())
        return sign(
            {
                **_claims(token.user_id, token.family_id, "refresh", issued),
                "exp": int(token.expires_at.timestamp()),
                "seq": token.sequence,
                "jti": token.identifier,
            },
            self._ring,
        )

    def successor(self, family_id: UUID, parent: str, sequence: int) -> str:
        """The identifier of the token that follows `parent`.

        It is computed, so that a client whose answer got lost can be given the same one again
        although nothing but its hash is stored.
        """
        message = f"{family_id}|{parent}|{sequence}".encode()
        digest = hmac.new(self._successor_key, message, hashlib.sha256).digest()
        return urlsafe_b64encode(digest[:18]).decode()

    def following(self, parent: str, facts: RefreshToken, *, digest: bytes | None) -> str:
        """The refresh token of `facts` that follows `parent`; its identifier is computed here.

        With the `digest` of a token that was given before, that very token: the secret that signed
        it may be a former one by now.
        """
        for writer in self._former if digest is not None else ():
            token = writer.following(parent, facts, digest=None)
            if token_digest(token) == digest:
                return token
        identifier = self.successor(facts.family_id, parent, facts.sequence)
        return self.refresh(replace(facts, identifier=identifier))

    def read_access(self, token: str | Parsed) -> Principal:
        """The bearer of an access token.

        Raises:
            TokenExpired: its time is over.
            TokenInvalid: anything else is wrong with it.
        """
        return self._principal(token, expired_too=False)

    def read_ended(self, token: str) -> Principal:
        """As `read_access`, for somebody who leaves: the token's time may be over.

        Raises:
            TokenInvalid: anything else is wrong with it.
        """
        return self._principal(token, expired_too=True)

    def _principal(self, token: str | Parsed, *, expired_too: bool) -> Principal:
        now = clock.now().timestamp()
        verified = self._access.verify(token, now=now, expired_too=expired_too)
        claims = verified.claims
        return Principal(verified.provider, claims["sub"], claims["sid"], claims["exp"])

    def read_refresh(self, token: str) -> RefreshToken:
        """The facts of a refresh token.

        Raises:
            TokenExpired: its time is over.
            TokenInvalid: anything else is wrong with it.
        """
        claims = self._refresh.verify(token, now=clock.now().timestamp()).claims
        sequence, identifier = claims.get("seq"), claims.get("jti")
        if type(sequence) is not int or not isinstance(identifier, str):
            raise TokenInvalid
        return RefreshToken(
            family_id=UUID(claims["sid"]),
            user_id=UUID(claims["sub"]),
            sequence=sequence,
            identifier=identifier,
            issued_at=datetime.fromtimestamp(claims["iat"], clock.now().tzinfo),
            expires_at=datetime.fromtimestamp(claims["exp"], clock.now().tzinfo),
        )


def token_digest(token: str) -> bytes:
    """What is stored of a token in its place: sha-256, enough for a secret of 144 random bits."""
    return hashlib.sha256(token.encode()).digest()


def _ring(keys: Sequence[bytes]) -> Ring:
    # The name changes with the key, so that a forgotten SECRET_KEY reads as an unknown key.
    named = {key_name(key): key for key in keys}
    return Ring([RingKey.hmac(name, key) for name, key in named.items()])


def _claims(user_id: UUID, family_id: UUID, use: str, issued: int) -> dict[str, object]:
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "use": use,
        "sub": str(user_id),
        "sid": str(family_id),
        "iat": issued,
    }


def _rules(ring: Ring, use: str, longest_life: int) -> Rules:
    def accepts(claims: Claims) -> bool:
        return (
            claims.get("aud") == AUDIENCE
            and claims.get("use") == use
            and _is_id(claims.get("sub"))
            and _is_id(claims.get("sid"))
        )

    return Rules("local", ISSUER, ring, accepts, longest_life)


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False
