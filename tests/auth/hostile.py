"""How to make tokens by hand, good ones and every hostile one that we know of."""

import base64
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk

from app.auth.jwt import Rules, Verifier, sign
from app.auth.rings import Ring, RingKey

NOW = 1_800_000_000
SECRET = b"a secret of thirty-two bytes or so"
OTHER = b"another secret of thirty-two bytes"
KID = "k1"
RING = Ring([RingKey.hmac(KID, SECRET)])
RULES = Rules("local", "intake", RING, lambda claims: claims.get("use") == "access", 86_400)
VERIFIER = Verifier([RULES])
HEADER = {"alg": "HS256", "kid": KID, "typ": "JWT"}
CLAIMS = {"iss": "intake", "sub": "ada", "use": "access", "iat": NOW - 10, "exp": NOW + 890}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw(header: str, claims: str, secret: bytes = SECRET, digest: str = "sha256") -> str:
    """A token of any two texts, truly signed."""
    signed = f"{b64(header.encode())}.{b64(claims.encode())}"
    return f"{signed}.{b64(hmac.new(secret, signed.encode(), digest).digest())}"


def token(header: dict[str, Any] | None = None, secret: bytes = SECRET, /, **claims: Any) -> str:
    """The good token with some claims or its header changed; None removes."""
    changed = {key: value for key, value in {**CLAIMS, **claims}.items() if value is not None}
    return raw(json.dumps({**HEADER, **(header or {})}), json.dumps(changed), secret)


def without(name: str) -> str:
    header = {key: value for key, value in HEADER.items() if key != name}
    return raw(json.dumps(header), json.dumps(CLAIMS))


GOOD = token()
HEAD, BODY, SIGNATURE = GOOD.split(".")
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = RSA_KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
PUBLIC_DER = RSA_KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)
PRIVATE_PEM = RSA_KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)


def rs256(kid: str) -> str:
    ring = Ring([RingKey(kid, "RS256", jwk.construct(PRIVATE_PEM.decode(), "RS256"))])
    return sign(CLAIMS, ring)


def non_canonical(part: str) -> str:
    """The same bytes with other unused bits in the last letter (43 letters leave two unused)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return part[:-1] + alphabet[alphabet.index(part[-1]) ^ 1]


HOSTILE: dict[str, object] = {
    "none": None,
    "bytes": GOOD.encode(),
    "empty": "",
    "one part": HEAD,
    "two parts": f"{HEAD}.{BODY}",
    "four parts": f"{GOOD}.{SIGNATURE}",
    "five parts": f"{HEAD}.{HEAD}.{BODY}.{BODY}.{SIGNATURE}",
    "empty signature": f"{HEAD}.{BODY}.",
    "empty header": f".{BODY}.{SIGNATURE}",
    "empty claims": f"{HEAD}..{SIGNATURE}",
    "too long": token(filler="x" * 8192),
    "padded": f"{HEAD}.{BODY}.{SIGNATURE}=",
    "space inside": f"{HEAD}.{BODY}.{SIGNATURE[:5]} {SIGNATURE[5:]}",
    "newline at the end": GOOD + "\n",
    "space in front": " " + GOOD,
    "standard alphabet": f"{HEAD}.{BODY}.{'+' + SIGNATURE[1:]}",
    "not canonical": f"{HEAD}.{BODY}.{non_canonical(SIGNATURE)}",
    "letters of another script": f"{HEAD}.{BODY}.{'é' + SIGNATURE[1:]}",
    "lone surrogate": "\ud800" + GOOD[1:],
    "wrong signature": f"{HEAD}.{BODY}.{b64(b'0' * 32)}",
    "short signature": f"{HEAD}.{BODY}.{b64(b'0')}",
    "claims swapped": f"{HEAD}.{b64(json.dumps({**CLAIMS, 'sub': 'eve'}).encode())}.{SIGNATURE}",
    "other secret": token(None, OTHER),
    "empty secret": token(None, b""),
    "header not json": raw("not json", json.dumps(CLAIMS)),
    "header a list": raw("[]", json.dumps(CLAIMS)),
    "header not utf-8": f"{b64(bytes([0xFF, 0xFE]))}.{BODY}.{SIGNATURE}",
    "header deep": raw("[" * 2500 + "]" * 2500, "{}"),
    "claims deep": raw(json.dumps(HEADER), '{"iss":"intake","a":' + "[" * 1000 + "]" * 1000 + "}"),
    "claims not json": raw(json.dumps(HEADER), "not json"),
    "claims a list": raw(json.dumps(HEADER), "[]"),
    "claims a number": raw(json.dumps(HEADER), "1"),
    "name twice": raw(json.dumps(HEADER), json.dumps(CLAIMS)[:-1] + ', "sub": "eve"}'),
    "header name twice": raw(json.dumps(HEADER)[:-1] + ', "alg": "HS256"}', json.dumps(CLAIMS)),
    "alg none": token({"alg": "none"}),
    "alg None unsigned": f"{b64(json.dumps({**HEADER, 'alg': 'None'}).encode())}.{BODY}.",
    "alg missing": without("alg"),
    "alg null": token({"alg": None}),
    "alg a list": token({"alg": ["HS256"]}),
    "alg lower case": token({"alg": "hs256"}),
    "alg HS512": raw(json.dumps({**HEADER, "alg": "HS512"}), json.dumps(CLAIMS), SECRET, "sha512"),
    "alg RS256 said": token({"alg": "RS256"}),
    "alg RS256 signed": rs256(KID),
    "kid missing": without("kid"),
    "kid unknown": token({"kid": "k2"}),
    "kid a number": token({"kid": 1}),
    "kid a list": token({"kid": [KID]}),
    "kid a path": token({"kid": "../../dev/null"}),
    "kid an SQL text": token({"kid": "k1' OR '1'='1"}),
    "kid long": token({"kid": "k" * 4000}),
    "crit": token({"crit": ["exp"]}),
    "b64": token({"b64": False}),
    "jwk": token({"jwk": {"kty": "oct", "k": b64(OTHER)}}, OTHER),
    "jku": token({"jku": "https://evil.example/keys"}),
    "x5u": token({"x5u": "https://evil.example/cert"}),
    "x5c": token({"x5c": ["MIIB"]}),
    "zip": token({"zip": "DEF"}),
    "cty": token({"cty": "JWT"}),
    "typ missing": without("typ"),
    "typ odd": token({"typ": "dpop+jwt"}),
    "iss missing": token(iss=None),
    "iss other": token(iss="evil"),
    "iss a list": token(iss=["intake"]),
    "sub missing": token(sub=None),
    "sub empty": token(sub=""),
    "sub a number": token(sub=7),
    "sub long": token(sub="a" * 256),
    "exp missing": token(exp=None),
    "exp a text": token(exp=str(NOW + 890)),
    "exp a fraction": token(exp=NOW + 0.5),
    "exp true": token(exp=True),
    "exp zero": token(exp=0),
    "exp negative": token(exp=-1),
    "exp a list": token(exp=[NOW]),
    "exp 1e400": raw(json.dumps(HEADER), json.dumps(CLAIMS).replace(str(NOW + 890), "1e400")),
    "exp 1e30": raw(json.dumps(HEADER), json.dumps(CLAIMS).replace(str(NOW + 890), "1e30")),
    "exp NaN": raw(json.dumps(HEADER), json.dumps(CLAIMS).replace(str(NOW + 890), "NaN")),
    "exp Infinity": raw(json.dumps(HEADER), json.dumps(CLAIMS).replace(str(NOW + 890), "Infinity")),
    "exp 5000 digits": raw(
        json.dumps(HEADER), json.dumps(CLAIMS).replace(str(NOW + 890), "9" * 5000)
    ),
    "exp too far": token(exp=NOW - 10 + 86_401),
    "exp ten years": token(exp=NOW + 315_360_000),
    "exp before iat": token(exp=NOW - 11),
    "iat missing": token(iat=None),
    "iat in the future": token(iat=NOW + 31),
    "iat a text": token(iat="now"),
    "nbf in the future": token(nbf=NOW + 31),
    "nbf a text": token(nbf="now"),
    "use missing": token(use=None),
    "use refresh": token(use="refresh"),
    "use a list": token(use=["access"]),
}
