"""Checks V4 signed URLs as Cloud Storage does. https://cloud.google.com/storage/docs/authentication/canonical-requests"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_ALGORITHM = "GOOG4-RSA-SHA256"
_LONGEST_SECONDS = 7 * 24 * 3600


class BadSignature(Exception):
    """The URL does not allow this request; `args[0]` is Google's error code."""


def verify(
    key: RSAPublicKey,
    email: str,
    *,
    method: str,
    raw_path: str,
    query: str,
    headers: Mapping[str, str],
    now: datetime,
) -> None:
    """Raises BadSignature unless `email` has signed exactly this request and its time has not run out."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    try:
        signature = bytes.fromhex(given.pop("X-Goog-Signature"))
        signed_at = datetime.strptime(given["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lives = int(given["X-Goog-Expires"])
        account, _, scope = given["X-Goog-Credential"].partition("/")
        names = given["X-Goog-SignedHeaders"].split(";")
        algorithm = given["X-Goog-Algorithm"]
    except (KeyError, ValueError):
        raise BadSignature("InvalidArgument") from None
    if algorithm != _ALGORITHM or account != email or not 0 < lives <= _LONGEST_SECONDS or "host" not in names:
        raise BadSignature("InvalidArgument")
    # Whatever of these a client sends must have been signed: they change what the request does.
    if any(name.startswith("x-goog-") and name not in names for name in headers):
        raise BadSignature("SignatureDoesNotMatch")
    canonical = "\n".join(
        [
            method,
            raw_path,
            "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(given.items())),
            *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in sorted(names)),
            "",
            ";".join(names),
            headers.get("x-goog-content-sha256", "UNSIGNED-PAYLOAD"),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join([_ALGORITHM, given["X-Goog-Date"], scope, digest])
    try:
        key.verify(signature, text.encode(), PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise BadSignature("SignatureDoesNotMatch") from None
    if not signed_at - timedelta(minutes=15) <= now <= signed_at + timedelta(seconds=lives):
        raise BadSignature("ExpiredToken")
