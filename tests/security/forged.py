"""Tokens that look right and are not: one of each kind, for any genuine claims."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.issuer import Issuer


@cache
def _stranger(algorithm: str) -> RSAPrivateKey | Ed25519PrivateKey:
    return Ed25519PrivateKey.generate() if algorithm == "EdDSA" else generate_private_key(65537, 2048)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _compact(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    return f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(claims).encode())}"


def _hs256(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes) -> str:
    signed = _compact({**header, "alg": "HS256"}, claims)
    return f"{signed}.{_b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def variants(issuer: Issuer, key: str, genuine: str) -> dict[str, str]:
    """Forgeries of a genuine token that was signed with the issuer's `key`."""
    header = jwt.get_unverified_header(genuine)
    claims = jwt.decode(genuine, options={"verify_signature": False})
    algorithm, now = header["alg"], int(time.time())
    public = jwt.PyJWK(issuer.jwks(key)["keys"][0]).key
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(issuer.jwks(key)["keys"][0]).encode()
    stranger = _stranger(algorithm)
    root = _b64(json.dumps({**claims, "sub": "root"}).encode())
    head, body, signature = genuine.split(".")
    own_jwk = {"alg": algorithm, "kid": "theirs", "typ": header["typ"]}

    def signed(**changes: Any) -> str:
        kept = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return issuer.sign(key, kept, typ=header["typ"])

    return {
        "alg none": _compact({**header, "alg": "none"}, claims) + ".",
        "alg nOnE": _compact({**header, "alg": "nOnE"}, claims) + ".",
        "alg none with the old signature": _compact({**header, "alg": "none"}, claims) + "." + signature,
        "HS256 by the public key as PEM": _hs256(header, claims, pem),
        "HS256 by the public key as JWK": _hs256(header, claims, jwk),
        "no signature": f"{head}.{body}.",
        "other claims under the signature": f"{head}.{root}.{signature}",
        "a stranger's key": jwt.encode(claims, stranger, algorithm, headers=header),
        "a stranger's key in the header": jwt.encode(
            claims, stranger, algorithm, headers={**own_jwk, "jwk": {"kty": "OKP"}, "jku": "http://127.0.0.1:9/"}
        ),
        "expired": signed(iat=now - 7200, nbf=now - 7200, exp=now - 60),
        "without an end": signed(exp=None),
        "not valid yet": signed(nbf=now + 300),
        "another issuer": signed(iss="https://evil.test"),
        "an issuer that begins like ours": signed(iss=claims["iss"] + ".evil.test"),
        "another audience": signed(aud="somebody-else"),
        "ours and another audience": signed(aud=[claims["aud"], "somebody-else"]),
        "no audience": signed(aud=None),
        "no subject": signed(sub=None),
        "another purpose's key": issuer.sign("store-codes", claims, typ=header["typ"]),
    }
