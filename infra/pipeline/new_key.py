"""A new Ed25519 key as the rooms read it: `python -m infra.pipeline.new_key NAME`, where `make venv` was.

The private key goes to the standard output, straight into Secret Manager; what may be seen of it, as a key set for the
settings, to the standard error. NAME becomes its `kid`: a new one each time, such as store-codes-2027-01.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KID = re.compile(r"[a-z0-9][a-z0-9-]{2,60}")


def pair(kid: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The private key and the set of its public half."""
    key = Ed25519PrivateKey.generate()
    public = {
        "kid": kid,
        "use": "sig",
        "alg": "EdDSA",
        "kty": "OKP",
        "crv": "Ed25519",
        "x": _text(key.public_key().public_bytes_raw()),
    }
    return {**public, "d": _text(key.private_bytes_raw())}, {"keys": [public]}


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    names = sys.argv[1:] if argv is None else argv
    if len(names) != 1 or not KID.fullmatch(names[0]):
        print("usage: python -m infra.pipeline.new_key NAME, in small letters, digits and dashes", file=sys.stderr)
        return 2
    private, public = pair(names[0])
    print(json.dumps(private))
    print(json.dumps(public), file=sys.stderr)
    return 0


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


if __name__ == "__main__":
    sys.exit(main())
