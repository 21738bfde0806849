"""Every hostile token that we know of, against an issuer who signs with RS256."""

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from app.dev.issuers.keys import SigningKeys, base64url, public_key

Claims = Mapping[str, Any]
_DAY = 86_400


def _raw(header: str, claims: str, sign: Callable[[bytes], bytes]) -> str:
    """A token of any two texts, truly signed."""
    signed = f"{base64url(header.encode())}.{base64url(claims.encode())}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


def _hmac(secret: bytes, digest: str = "sha256") -> Callable[[bytes], bytes]:
    return lambda message: hmac.new(secret, message, digest).digest()


def _rsa(key: rsa.RSAPrivateKey, digest: Any = None) -> Callable[[bytes], bytes]:
    return lambda message: key.sign(message, padding.PKCS1v15(), digest or SHA256())


def _pss(key: rsa.RSAPrivateKey) -> Callable[[bytes], bytes]:
    salted = padding.PSS(padding.MGF1(SHA256()), 32)
    return lambda message: key.sign(message, salted, SHA256())


def _spellings(key: rsa.RSAPrivateKey) -> dict[str, bytes]:
    """What everybody can read of a key, in every spelling that a secret might be mistaken for."""
    public = key.public_key()
    encodings = serialization.Encoding
    formats = serialization.PublicFormat
    numbers = public.public_numbers()
    return {
        "PEM": public.public_bytes(encodings.PEM, formats.SubjectPublicKeyInfo),
        "stripped PEM": public.public_bytes(encodings.PEM, formats.SubjectPublicKeyInfo).strip(),
        "DER": public.public_bytes(encodings.DER, formats.SubjectPublicKeyInfo),
        "PKCS1 PEM": public.public_bytes(encodings.PEM, formats.PKCS1),
        "OpenSSH": public.public_bytes(encodings.OpenSSH, formats.OpenSSH),
        "JWK": json.dumps(public_key("k", key)).encode(),
        "modulus": numbers.n.to_bytes(256),
        "nothing": b"",
    }


def _other(part: str) -> str:
    """The same bytes with other unused bits: 342 letters leave four of them unused."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return part[:-1] + alphabet[alphabet.index(part[-1]) ^ 1]


def hostile(keys: SigningKeys, claims: Claims, stranger: rsa.RSAPrivateKey) -> dict[str, str]:
    """The table; `claims` are good ones, `stranger` is a key that the issuer never had."""
    return {
        **_shapes(keys, claims),
        **_headers(keys, claims, stranger),
        **_algorithms(keys, claims, stranger),
        **_times(keys, claims),
        **_people(keys, claims),
    }


def _shapes(keys: SigningKeys, claims: Claims) -> dict[str, str]:
    good = keys.sign(claims)
    head, body, signature = good.split(".")
    header = json.dumps({"alg": "RS256", "kid": keys.kid, "typ": "JWT"})
    text = json.dumps(dict(claims))
    sign = _rsa(keys.signer)
    issuer = json.dumps(claims["iss"])
    return {
        "one part": head,
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.{signature}",
        "five parts": f"{head}.{head}.{body}.{body}.{signature}",
        "no signature": f"{head}.{body}.",
        "padded": f"{good}==",
        "space inside": f"{head}.{body}.{signature[:9]}%20{signature[9:]}",
        "bad character": f"{head}.{body}.!{signature[1:]}",
        "standard alphabet": f"{head}.{body}.+/{signature[2:]}",
        "not canonical": f"{head}.{body}.{_other(signature)}",
        "cut signature": f"{head}.{body}.{signature[:-4]}",
        "another signature": f"{head}.{body}.{base64url(b'0' * 256)}",
        "claims changed": f"{head}.{base64url(text.replace('1', '2', 1).encode())}.{signature}",
        "claims of another person": f"{head}.{base64url(_with(claims, sub='user_2eve'))}.{signature}",
        "10 kB": keys.sign({**claims, "filler": "x" * 10_000}),
        "header not JSON": _raw("not json", text, sign),
        "header a list": _raw("[]", text, sign),
        "header 6 kB deep": _raw("[" * 2400 + "]" * 2400, text, sign),
        "header not UTF-8": f"{base64url(bytes([0xFF, 0xFE]))}.{body}.{signature}",
        "claims 6 kB deep": _raw(header, f'{{"iss":{issuer},"a":{"[" * 2000}{"]" * 2000}}}', sign),
        "claims not JSON": _raw(header, "not json", sign),
        "claims a number": _raw(header, "1", sign),
        "claim twice": _raw(header, f'{text[:-1]}, "sub": "user_2eve"}}', sign),
        "header twice": _raw(f'{header[:-1]}, "alg": "RS256"}}', text, sign),
    }


def _with(claims: Claims, **changes: Any) -> bytes:
    return json.dumps({**claims, **changes}).encode()


def _headers(keys: SigningKeys, claims: Claims, stranger: rsa.RSAPrivateKey) -> dict[str, str]:
    strange = SigningKeys(first=stranger)
    text = json.dumps(dict(claims))
    own = public_key(strange.kid, stranger)
    sign = _rsa(keys.signer)
    return {
        "kid missing": _raw('{"alg": "RS256", "typ": "JWT"}', text, sign),
        "kid unknown": strange.sign(claims),
        "kid of another key": strange.sign(claims, kid=keys.kid),
        "kid a path": keys.sign(claims, kid="../../../../dev/null"),
        "kid an SQL text": keys.sign(claims, kid=f"{keys.kid}' OR '1'='1"),
        "kid a number": keys.sign(claims, kid=1),
        "kid a list": keys.sign(claims, kid=[keys.kid]),
        "kid with a NUL": keys.sign(claims, kid=f"{keys.kid}\u0000"),
        "jwk": strange.sign(claims, jwk=own),
        "jwk and our kid": strange.sign(claims, jwk=own, kid=keys.kid),
        "jku": strange.sign(claims, jku="https://evil.example/keys", kid=keys.kid),
        "jku signed well": keys.sign(claims, jku="https://evil.example/keys"),
        "x5u": strange.sign(claims, x5u="https://evil.example/cert", kid=keys.kid),
        "x5c": strange.sign(claims, x5c=["MIIB"], kid=keys.kid),
        "x5t": keys.sign(claims, x5t="AAAA"),
        "crit": keys.sign(claims, crit=["exp"]),
        "crit unknown": keys.sign(claims, crit=["urn:example"], **{"urn:example": 1}),
        "b64": keys.sign(claims, b64=False, crit=["b64"]),
        "b64 alone": keys.sign(claims, b64=False),
        "zip": keys.sign(claims, zip="DEF"),
        "cty": keys.sign(claims, cty="JWT"),
        "typ missing": _raw(json.dumps({"alg": "RS256", "kid": keys.kid}), text, sign),
        "typ odd": keys.sign(claims, typ="dpop+jwt"),
        "typ a list": keys.sign(claims, typ=["JWT"]),
    }


def _algorithms(keys: SigningKeys, claims: Claims, stranger: rsa.RSAPrivateKey) -> dict[str, str]:
    text = json.dumps(dict(claims))

    def made(algorithm: object, sign: Callable[[bytes], bytes]) -> str:
        header = json.dumps({"alg": algorithm, "kid": keys.kid, "typ": "JWT"})
        return _raw(header, text, sign)

    right = _rsa(keys.signer)
    curve = ec.generate_private_key(ec.SECP256R1())
    edwards = ed25519.Ed25519PrivateKey.generate()
    confused = {
        f"{algorithm} with {name}": made(algorithm, _hmac(secret, f"sha{algorithm[2:]}"))
        for name, secret in _spellings(keys.signer).items()
        for algorithm in ("HS256", "HS512")
    }
    nothing = {
        f"alg {spelling!r}": made(spelling, lambda _: b"")[:-1] + "."
        for spelling in ("none", "None", "NONE", "nOnE", "", None)
    }
    return {
        **confused,
        **nothing,
        "alg none, well signed": made("none", right),
        "alg a list": made(["RS256"], right),
        "alg lower case": made("rs256", right),
        "alg missing": _raw(json.dumps({"kid": keys.kid, "typ": "JWT"}), text, right),
        "RS384": made("RS384", _rsa(keys.signer, SHA384())),
        "RS512": made("RS512", _rsa(keys.signer, SHA512())),
        "PS256": made("PS256", _pss(keys.signer)),
        "PSS said to be RS256": made("RS256", _pss(keys.signer)),
        "RS512 said to be RS256": made("RS256", _rsa(keys.signer, SHA512())),
        "RS256 of a stranger": made("RS256", _rsa(stranger)),
        "ES256": made("ES256", lambda message: curve.sign(message, ec.ECDSA(SHA256()))),
        "ES256 said to be RS256": made(
            "RS256", lambda message: curve.sign(message, ec.ECDSA(SHA256()))
        ),
        "ES256 of zeros": made("ES256", lambda _: bytes(64)),
        "EdDSA": made("EdDSA", edwards.sign),
        "RS256 of zeros": made("RS256", lambda _: bytes(256)),
    }


def _times(keys: SigningKeys, claims: Claims) -> dict[str, str]:
    now = claims["iat"]
    header = json.dumps({"alg": "RS256", "kid": keys.kid, "typ": "JWT"})
    text = json.dumps(dict(claims))

    def spelled(number: str) -> str:
        changed = text.replace(f'"exp": {claims["exp"]}', f'"exp": {number}')
        return _raw(header, changed, _rsa(keys.signer))

    def without(name: str) -> str:
        return keys.sign({key: value for key, value in claims.items() if key != name})

    return {
        "exp missing": without("exp"),
        "iat missing": without("iat"),
        "exp over": keys.sign({**claims, "iat": now - 600, "exp": now - 100, "nbf": now - 600}),
        "exp a text": spelled(f'"{claims["exp"]}"'),
        "exp true": spelled("true"),
        "exp null": spelled("null"),
        "exp a fraction": spelled(f"{claims['exp']}.5"),
        "exp 1e400": spelled("1e400"),
        "exp 1e30": spelled("1e30"),
        "exp NaN": spelled("NaN"),
        "exp Infinity": spelled("Infinity"),
        "exp 3000 digits": spelled("9" * 3000),
        "exp negative": spelled("-1"),
        "exp a list": spelled(f"[{claims['exp']}]"),
        "exp ten years": spelled(str(now + 3650 * _DAY)),
        "exp over a day": spelled(str(now + _DAY + 1)),
        "iat in the future": keys.sign({**claims, "iat": now + 200, "exp": now + 250}),
        "iat a text": keys.sign({**claims, "iat": "now"}),
        "nbf in the future": keys.sign({**claims, "nbf": now + 200}),
        "nbf a text": keys.sign({**claims, "nbf": "0"}),
    }


def _people(keys: SigningKeys, claims: Claims) -> dict[str, str]:
    def changed(**changes: Any) -> str:
        told = {**claims, **changes}
        return keys.sign({name: value for name, value in told.items() if value is not None})

    return {
        "sub missing": changed(sub=None),
        "sub empty": changed(sub=""),
        "sub a number": changed(sub=7),
        "sub a list": changed(sub=["user_2ada"]),
        "sub with a NUL": changed(sub="user_2\u0000ada"),
        "sub a lone surrogate": changed(sub="user_2\ud800"),
        "sub long": changed(sub="user_" + "a" * 300),
        "iss missing": changed(iss=None),
        "iss another": changed(iss="https://evil.example"),
        "iss with a slash": changed(iss=f"{claims['iss']}/"),
        "iss in capitals": changed(iss=claims["iss"].upper()),
        "iss a list": changed(iss=[claims["iss"]]),
        "iss ours": changed(iss="intake"),
    }


KEYCLOAK_ONLY: dict[str, dict[str, Any]] = {
    "an ID token": {"typ": "ID"},
    "a refresh token": {"typ": "Refresh"},
    "an offline token": {"typ": "Offline"},
    "a logout token": {"typ": "Logout"},
    "typ missing": {"typ": None},
    "typ a list": {"typ": ["Bearer"]},
    "another client": {"azp": "other"},
    "no client at all": {"azp": None, "aud": None},
    "only the account": {"azp": None, "aud": "account"},
    "a list of others": {"azp": None, "aud": ["account", "other"]},
    "aud an object": {"azp": None, "aud": {"intake-portal": 1}},
    "azp a list": {"azp": ["intake-portal"]},
}
CLERK_ONLY: dict[str, dict[str, Any]] = {
    "pending": {"sts": "pending"},
    "another party": {"azp": "https://evil.example"},
    "a party's prefix": {"azp": "http://localhost:3000.evil.example"},
    "a machine": {"sub": "mch_2abc"},
    "an OAuth client": {"sub": "client_2abc"},
    "an organization": {"sub": "org_2abc"},
}
"""Claims that make a good token a hostile one; None removes."""
