"""The local identity provider: keys that survive restarts, the tokens signed with them, and their public JWKS.

It stands in for Firebase (identity tokens), for Google's service account tokens (OIDC of Pub/Sub, Cloud Tasks and
Cloud Scheduler), for the three signing keys of our own that Secret Manager holds in production, and for the service
account that signs upload URLs. Development only.
"""

import base64
import contextlib
import os
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key

IDENTITY_ISSUER = "https://identity.retailscan.local"
OIDC_ISSUER = "https://oidc.retailscan.local"
SESSION_ISSUER = "https://sessions.retailscan.local"
AUDIENCE = "retailscan"
PUSH_SERVICE_ACCOUNT = "push@retailscan-local.iam.gserviceaccount.com"
UPLOAD_SERVICE_ACCOUNT = "imports@retailscan-local.iam.gserviceaccount.com"

_RSA = ("identity", "oidc", "uploads")
_ED25519 = ("session", "store-codes", "exit")
_TOKEN_S = 3600
# A cached token is replaced while it is still good for a while, so that no push carries one about to expire.
_REFRESH_S = 300

Jwk = dict[str, str]


class Issuer:
    """Signs tokens and shows the public keys. With a `data_dir` the keys are kept there, readable by the owner only."""

    def __init__(self, data_dir: Path | None = None) -> None:
        pems = _load_or_create(data_dir / "issuer-keys.json") if data_dir is not None else {}
        self._keys = _Keys(pems)
        self._oidc_tokens: dict[tuple[str, str], tuple[str, float]] = {}

    def jwks(self, name: str) -> dict[str, list[Jwk]]:
        """The public key set called `identity`, `oidc`, `session`, `store-codes` or `exit`; raises KeyError."""
        return {"keys": [self._keys[name].public]}

    def private_jwk(self, name: str) -> str:
        """The private Ed25519 JWK of `session`, `store-codes` or `exit` as JSON: what Secret Manager holds."""
        return orjson.dumps(self._keys[name].private_jwk()).decode()

    def upload_key(self) -> str:
        """The service account's key file that signs upload URLs, as JSON."""
        key = self._keys["uploads"]
        return orjson.dumps(
            {
                "type": "service_account",
                "project_id": "retailscan-local",
                "client_email": UPLOAD_SERVICE_ACCOUNT,
                "private_key_id": key.kid,
                "private_key": key.pem,
                "token_uri": "https://oauth2.invalid/token",
            }
        ).decode()

    def upload_public_key(self) -> RSAPublicKey:
        """What the signatures of `upload_key` are checked with."""
        public = self._keys["uploads"].private.public_key()
        assert isinstance(public, RSAPublicKey)
        return public

    def identity_token(
        self,
        sub: str,
        *,
        role: str = "shopper",
        tenant_id: str | None = None,
        store_ids: Sequence[str] = (),
        lives_s: int = _TOKEN_S,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """What the identity provider would give a signed-in person or machine."""
        body: dict[str, Any] = {"iss": IDENTITY_ISSUER, "aud": AUDIENCE, "sub": sub, "role": role}
        if tenant_id is not None:
            body["tenantId"] = tenant_id
        if store_ids:
            body["storeIds"] = list(store_ids)
        return self.sign("identity", body | _times(lives_s) | dict(claims or {}))

    def session_token(
        self, sub: str, *, tenant_id: str, store_id: str, session_id: str | None = None, lives_s: int = _TOKEN_S
    ) -> str:
        """A session token as the sessions room would sign it; tests and benchmarks skip the check-in with it."""
        body = {
            "iss": SESSION_ISSUER,
            "aud": AUDIENCE,
            "sub": sub,
            "role": "shopper",
            "tenantId": tenant_id,
            "storeId": store_id,
            "sid": session_id or uuid.uuid4().hex,
        }
        return self.sign("session", body | _times(lives_s), typ="session+jwt")

    def oidc_token(self, audience: str, email: str) -> tuple[str, float]:
        """A service account's token for one audience, cached, and the Unix time at which to ask again."""
        now = time.time()
        token, refresh_at = self._oidc_tokens.get((audience, email), ("", 0.0))
        if refresh_at <= now:
            refresh_at = now + _TOKEN_S - _REFRESH_S
            token = self.sign("oidc", _oidc_claims(audience, email) | _times(_TOKEN_S))
            self._oidc_tokens[audience, email] = token, refresh_at
        return token, refresh_at

    def sign(self, name: str, claims: Mapping[str, Any], *, typ: str = "JWT") -> str:
        """Signs any claims with the named key; raises KeyError."""
        key = self._keys[name]
        return jwt.encode(dict(claims), key.private, key.algorithm, headers={"kid": key.kid, "typ": typ})


class _Keys:
    """The keys by name, each read or made when it is first needed: making an RSA key takes a while."""

    def __init__(self, pems: Mapping[str, str]) -> None:
        self._pems = pems
        self._made: dict[str, _SigningKey] = {}

    def __getitem__(self, name: str) -> "_SigningKey":
        if name not in self._made:
            self._made[name] = _SigningKey(name, self._pems.get(name) or _generate(name))
        return self._made[name]


class _SigningKey:
    def __init__(self, name: str, pem: str) -> None:
        self.pem = pem
        private = serialization.load_pem_private_key(pem.encode(), password=None)
        assert isinstance(private, RSAPrivateKey | Ed25519PrivateKey)
        self.private = private
        self.algorithm = "EdDSA" if isinstance(private, Ed25519PrivateKey) else "RS256"
        der = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        digest = hashes.Hash(hashes.SHA256())
        digest.update(der)
        self.kid = f"{name}-{digest.finalize().hex()[:12]}"
        self.public = self._public_jwk()

    def _public_jwk(self) -> Jwk:
        common = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        if isinstance(self.private, Ed25519PrivateKey):
            raw = self.private.public_key().public_bytes_raw()
            return common | {"kty": "OKP", "crv": "Ed25519", "x": _b64url(raw)}
        numbers = self.private.public_key().public_numbers()
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        return common | {"kty": "RSA", "n": _b64url(modulus), "e": _b64url(numbers.e.to_bytes(3, "big"))}

    def private_jwk(self) -> Jwk:
        if not isinstance(self.private, Ed25519PrivateKey):
            raise KeyError("only the Ed25519 keys are ever handed out")
        return self.public | {"d": _b64url(self.private.private_bytes_raw())}


def _times(lives_s: int) -> dict[str, int]:
    now = int(time.time())
    return {"iat": now, "nbf": now, "exp": now + lives_s}


def _oidc_claims(audience: str, email: str) -> dict[str, Any]:
    subject = str(int.from_bytes(email.encode()[:8].ljust(8, b"0"), "big"))
    return {
        "iss": OIDC_ISSUER,
        "aud": audience,
        "azp": subject,
        "sub": subject,
        "email": email,
        "email_verified": True,
    }


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _generate(name: str) -> str:
    if name not in _RSA + _ED25519:
        raise KeyError(name)
    key = generate_private_key(65537, 2048) if name in _RSA else Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _load_or_create(path: Path) -> dict[str, str]:
    try:
        loaded: dict[str, str] = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        loaded = {}
    missing = [name for name in _RSA + _ED25519 if name not in loaded]
    if not missing:
        return loaded
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two processes may start at once: each writes a private file, and the first link wins for both.
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=".issuer-")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(orjson.dumps(loaded | {name: _generate(name) for name in missing}))
        if loaded:
            # A file from before there was such a key.
            os.replace(name, path)
        else:
            with contextlib.suppress(FileExistsError):
                os.link(name, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
    found: dict[str, str] = orjson.loads(path.read_bytes())
    return found
