"""Whether a webhook comes from Stripe: `Stripe-Signature` over the raw body, by any of the secrets valid now. Pure.

https://docs.stripe.com/webhooks#verify-manually. The library's own check is not used: it takes one secret, lets
times in the future pass, and would have to be loaded at the door.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

TOLERANCE_SECONDS = 300
_MOST_PARTS = 32
_HEX = frozenset("0123456789abcdef")


class BadSignature(ValueError):
    """Not from Stripe, or too old to believe. The text is for logs and says nothing that helps a forger."""


def verify(body: bytes, header: str | None, secrets: Sequence[str], now: float) -> None:
    """Raise BadSignature unless one of the `v1` signatures is that of one of the secrets, made within the tolerance.

    `now` is in seconds since the epoch. Empty secrets count for nothing.
    """
    at, signatures = _parts(header or "")
    expected = [
        hmac.new(secret.encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest() for secret in secrets if secret
    ]
    genuine = False
    for signature in signatures:
        for each in expected:
            # Every pair is compared, in constant time: how long it takes says nothing about what was right.
            genuine |= hmac.compare_digest(signature, each)
    if not genuine:
        raise BadSignature("no signature matches")
    if abs(now - at) > TOLERANCE_SECONDS:
        raise BadSignature("the time is outside the tolerance")


def _parts(header: str) -> tuple[int, list[str]]:
    """The time and the `v1` signatures."""
    parts = [part.strip().partition("=") for part in header.split(",", _MOST_PARTS)]
    if len(parts) > _MOST_PARTS:
        raise BadSignature("too many parts")
    times = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == "v1" and len(value) == 64 and _HEX.issuperset(value)]
    # One time, in plain digits: int() alone would also read other scripts' digits, signs and underscores.
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()) or len(times[0]) > 12:
        raise BadSignature("no readable time")
    if not signatures:
        raise BadSignature("no signature of version 1")
    return int(times[0]), signatures
