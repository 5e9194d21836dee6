"""The exit pass: what a shopper who has paid shows at the gate. Signed by checkout, checked by gates, online or not.

A compact JWS (EdDSA, `typ: exit+jwt`, `kid`) that names store, checkout, how many items, when it ends, and a number
of its own. The signature proves that checkout issued it; that it is used once is the purchase's part. No I/O.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

ISSUER = "retailscan-checkout"
TYP = "exit+jwt"
LIFE = timedelta(minutes=15)
LEEWAY = timedelta(seconds=30)
"""How much the clocks of gates and servers may differ."""
MOST_TEXT = 2048
INVALID, OTHER_STORE, EXPIRED = "PASS_INVALID", "PASS_OTHER_STORE", "PASS_EXPIRED"

# A checkout's id begins with its store's, so that every query on a purchase can name its store.
_CHECKOUT = re.compile(r"(?P<store>[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?)\.[0-9a-f]{32}", re.ASCII)
_NONCE = re.compile(r"[0-9a-f]{32}", re.ASCII)
_MOST_ITEMS = 1_000_000


class PassRefused(ValueError):
    """A pass that opens nothing here; `code` says why."""

    def __init__(self, message: str, code: str = INVALID) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True)
class ExitPass:
    """What a pass says. `number` is its own, 32 hexadecimal digits; `items` is how many things are carried out."""

    checkout_id: str
    store_id: str
    number: str
    items: int
    issued_at: datetime
    expires_at: datetime


def store_of(checkout_id: str) -> str | None:
    """The store in a checkout's id; None when it cannot be the id of any."""
    found = _CHECKOUT.fullmatch(checkout_id)
    return found["store"] if found else None


def issue(checkout_id: str, number: str, items: int, now: datetime) -> ExitPass:
    """A fresh pass for a checkout that is paid. Raises ValueError for what cannot be a checkout's id."""
    store_id = store_of(checkout_id)
    if store_id is None:
        raise ValueError("this cannot be the id of a checkout")
    start = now.replace(microsecond=0)
    return ExitPass(checkout_id, store_id, number, items, start, start + LIFE)


def sign(exit_pass: ExitPass, private_jwk: str) -> str:
    """The pass as text by an Ed25519 private JWK (JSON with `kid`); the same pass and key make the same text."""
    import jwt

    key = json.loads(private_jwk)
    claims = {
        "iss": ISSUER,
        "aud": exit_pass.store_id,
        "sub": exit_pass.checkout_id,
        "jti": exit_pass.number,
        "items": exit_pass.items,
        "iat": int(exit_pass.issued_at.timestamp()),
        "exp": int(exit_pass.expires_at.timestamp()),
    }
    headers = {"kid": key["kid"], "typ": TYP}
    return jwt.encode(claims, jwt.PyJWK(key, algorithm="EdDSA").key, algorithm="EdDSA", headers=headers)


def verify(text: str, keys: Mapping[str, Any], *, store_id: str, now: datetime) -> ExitPass:
    """The pass, when one of `keys` (PyJWK by `kid`) has signed it for this store and it has not run out.

    Raises PassRefused. Whether it was used before, or its purchase refunded, only the purchase can say.
    """
    exit_pass = read(text, keys)
    if exit_pass.store_id != store_id:
        raise PassRefused("this pass is for another store", OTHER_STORE)
    if exit_pass.expires_at + LEEWAY <= now:
        raise PassRefused("this pass has run out: the app shows a fresh one", EXPIRED)
    if exit_pass.issued_at - LEEWAY > now:
        raise PassRefused("this pass is not valid yet")
    return exit_pass


def read(text: str, keys: Mapping[str, Any]) -> ExitPass:
    """What a genuine pass says, of whatever store and time. Raises PassRefused with PASS_INVALID."""
    import jwt

    if len(text) > MOST_TEXT or not text.isascii():
        raise PassRefused("this is not an exit pass")
    try:
        header = jwt.get_unverified_header(text)
        key = keys.get(header["kid"])
        # The algorithm is ours, whatever the header says; it must say the same.
        if key is None or header.get("alg") != "EdDSA" or header.get("typ") != TYP or key.algorithm_name != "EdDSA":
            raise PassRefused("this is not an exit pass of ours")
        claims = jwt.decode(
            text,
            key,
            algorithms=["EdDSA"],
            issuer=ISSUER,
            # Another store and another time are reasons of their own, and no gate asks this machine's clock.
            options={
                "require": ["iss", "aud", "sub", "jti", "iat", "exp"],
                "verify_aud": False,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as problem:
        if isinstance(problem, PassRefused):
            raise
        raise PassRefused("this is not an exit pass of ours") from None
    return _read(claims)


def _read(claims: Mapping[str, Any]) -> ExitPass:
    checkout_id, number, items = claims["sub"], claims["jti"], claims.get("items")
    store_id = store_of(checkout_id)
    if store_id is None or claims["aud"] != store_id or not isinstance(number, str) or not _NONCE.fullmatch(number):
        raise PassRefused("this is not an exit pass of ours")
    issued, expires = (_moment(claims[name]) for name in ("iat", "exp"))
    if type(items) is not int or not 0 <= items <= _MOST_ITEMS:
        raise PassRefused("this is not an exit pass of ours")
    return ExitPass(checkout_id, store_id, number, items, issued, expires)


def _moment(seconds: object) -> datetime:
    if type(seconds) is not int or not 0 <= seconds < 2**34:
        raise PassRefused("this is not an exit pass of ours")
    return datetime.fromtimestamp(seconds, UTC)


def public_keys(document: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a JSON Web Key Set by `kid`, as `verify` takes them: what a gate keeps to check without a network.

    Anything that is no Ed25519 key for signatures is left out.
    """
    from jwt import PyJWK

    fitting = [k for k in document.get("keys", ()) if k.get("kty") == "OKP" and k.get("crv") == "Ed25519"]
    return {key["kid"]: PyJWK(key, algorithm="EdDSA") for key in fitting if isinstance(key.get("kid"), str)}
