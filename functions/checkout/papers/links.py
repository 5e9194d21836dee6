"""Links to a receipt that open without signing in: who has one sees this receipt, until it ends.

The secret in it is 256 bits of chance. What is kept is its hash, so nobody who reads the database can open a receipt.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.common.errors import Conflict, NotFound
from functions.common.moments import in_millis
from functions.common.mongo import Document
from functions.common.purchases import Purchases

LIFE = timedelta(days=30)
MOST = 5
"""A receipt has so many links at a time; the oldest makes room for the next."""
_TRIES = 5
# The checkout stands in front, so that looking for a receipt is looking for one purchase of one store.
_TOKEN = re.compile(r"(?P<checkout>[a-z0-9-]{1,48}\.[0-9a-f]{32})\.(?P<secret>[A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """The token of a link and when it ends."""

    token: str
    expires_at: datetime


async def make(purchases: Purchases, purchase: Document, now: datetime) -> Link:
    """A fresh link to the receipt of a purchase that has one. Its token is told once and never again."""
    secret = secrets.token_urlsafe(32)
    ends = in_millis(now) + LIFE
    for _ in range(_TRIES):
        kept = [each for each in purchase["receipt"]["links"] if each["expiresAt"] > now]
        links = [*kept[-(MOST - 1) :], {"hash": _hash(secret), "expiresAt": ends}]
        found = await purchases.change(purchase, now=now, values={"receipt.links": links})
        if found is not None:
            return Link(f"{purchase['_id']}.{secret}", ends)
        again = await purchases.by_id(purchase["_id"])
        assert again is not None, "purchases are never deleted"
        purchase = again
    raise Conflict("this purchase is changing just now: try again", code="CONCURRENT_EDIT", retry_after=1)


async def open_link(purchases: Purchases, token: str, now: datetime) -> Document:
    """The purchase whose receipt a link opens. Raises NotFound, alike for links that ended and that never were."""
    found = _TOKEN.fullmatch(token)
    purchase = await purchases.by_id(found["checkout"]) if found is not None else None
    if found is not None and purchase is not None and _opens(purchase, _hash(found["secret"]), now):
        return purchase
    raise NotFound("there is no such receipt, or its link has ended", code="RECEIPT_NOT_FOUND")


def _opens(purchase: Document, given: str, now: datetime) -> bool:
    links = (purchase.get("receipt") or {}).get("links") or ()
    # All of them are compared: how long it takes says nothing.
    return any([hmac.compare_digest(each["hash"], given) and each["expiresAt"] > now for each in links])


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
