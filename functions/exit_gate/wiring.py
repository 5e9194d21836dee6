"""The dependencies of the gate, built on first use, after the server's fork."""

from __future__ import annotations

import json
from typing import Any

from functions.common import exit_pass, http, mongo
from functions.common.once import Once
from functions.common.purchases import Purchases
from functions.exit_gate import settings
from functions.exit_gate.service import Deps

_PUBLIC = ("kty", "crv", "x", "kid", "alg", "use")


def _keys() -> dict[str, Any]:
    return {
        "keys": [
            {name: key[name] for name in _PUBLIC}
            for key in json.loads(settings.load().exit_jwks)["keys"]
            if key.get("crv") == "Ed25519"
        ]
    }


deps = Once(lambda: Deps(purchases=Purchases(), keys=exit_pass.public_keys(_keys())))


def key_document() -> dict[str, Any]:
    """The public keys of exit passes, for gates that check without a network."""
    return _keys()


async def ready() -> dict[str, str]:
    """Without MongoDB nobody knows whether a pass was used."""
    return await http.probe(mongo=mongo.ping)
