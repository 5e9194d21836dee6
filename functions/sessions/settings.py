"""The environment of check-in alone; what every room reads is in `functions.common.settings`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from functions.common import settings
from functions.common.once import Once


@dataclass(frozen=True, slots=True)
class Sessions:
    """Keys: what signs session tokens, what verifies store codes.

    `SESSION_SIGNING_KEY` is an Ed25519 private key (JWK with `kid`). `STORE_CODE_JWKS` holds the public keys of the
    catalogue's store codes, as a URL or inline. `SESSION_RETIRED_JWKS`, inline, holds public keys that signed
    tokens which may still be in use.
    """

    session_signing_key: str = dataclasses.field(repr=False)
    store_code_jwks: str
    session_retired_jwks: str = '{"keys": []}'


load = Once(lambda: settings.load(Sessions))
