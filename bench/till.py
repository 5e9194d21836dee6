"""Visits with full carts for the benchmark of checkouts, and everything as it was before they were paid."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from bench import stage
from bench.results import CannotMeasure
from bench.wire import request
from functions.common.carts import COLLECTION as SESSIONS
from functions.common.idempotency import COLLECTION as IDEMPOTENCY
from functions.common.products import COLLECTION as PRODUCTS
from functions.common.purchases import COLLECTION as PURCHASES
from functions.common.stores import COLLECTION as STORES
from local.processes import HOST
from local.suite import Suite

LINES = 3
BASKETS = 100
"""Different baskets: with three products each they are the piece goods of a store, and few shoppers want the same."""
PATH = "/v1/checkouts"
_PLENTY = 1_000_000_000
_LASTS = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Visit:
    """A shopper in front of the till: who, and the request that the app sends, without its Idempotency-Key."""

    session_id: str
    user_id: str
    token: str
    body: str

    def headers(self) -> dict[str, str]:
        """Of one tap: a key of its own."""
        return {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": uuid.uuid4().hex,
        }

    def wire(self, port: int) -> str:
        """One tap as it goes on the wire."""
        return request(HOST, port, PATH, self.headers(), self.body).decode("latin-1")


async def visits(suite: Suite, count: int) -> list[Visit]:
    """So many shoppers with a cart of three lines each, filled by the carts' own door. Raises CannotMeasure.

    Each has another basket than the one before: a hundred shoppers later somebody wants the same.
    """
    _database(suite)[STORES].update_one({"_id": stage.STORE}, {"$set": {"stockPolicy": "strict"}})
    _fill_shelves(suite)
    barcodes = stage.barcodes(suite)[: LINES * BASKETS]
    url = f"http://{HOST}:{stage.port_of(suite, 'sessions')}"
    made: dict[int, Visit] = {}
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        for number in range(min(count, BASKETS)):
            first = _visit_document(number)
            _insert(suite, [first])
            token = _token(suite, first)
            wanted = barcodes[number * LINES : (number + 1) * LINES]
            body = await _fill(client, token, wanted)
            numbers = range(number, count, BASKETS)
            made |= zip(numbers, _copies(suite, first["_id"], body, numbers), strict=True)
    return [made[number] for number in sorted(made)]


def restore(suite: Suite) -> None:
    """Every cart open again, every shelf full, and nobody has ever checked out."""
    database = _database(suite)
    database[PURCHASES].delete_many({})
    database[IDEMPOTENCY].delete_many({})
    database[SESSIONS].update_many({}, {"$set": {"checkout": None}})
    _fill_shelves(suite)


def check(suite: Suite, count: int) -> None:
    """Raises CannotMeasure unless so many checkouts wait for their payment and hold their goods."""
    database = _database(suite)
    waiting = database[PURCHASES].count_documents({"state": "payment_pending"})
    held = next(
        iter(
            database[PRODUCTS].aggregate(
                [
                    {"$match": {"stock.holds.0": {"$exists": True}}},
                    {"$group": {"_id": None, "n": {"$sum": {"$size": "$stock.holds"}}}},
                ]
            )
        ),
        {"n": 0},
    )["n"]
    if waiting != count or held != count * LINES:
        raise CannotMeasure(f"of {count} checkouts {waiting} wait for a payment, and {held} lines are held")


def _fill_shelves(suite: Suite) -> None:
    full = {"stock.avail": _PLENTY, "stock.holds": []}
    _database(suite)[PRODUCTS].update_many({"storeId": stage.STORE, "stock": {"$ne": None}}, {"$set": full})


def _visit_document(number: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "_id": f"{stage.STORE}.{uuid.uuid4().hex}",
        "tenantId": stage.TENANT.id,
        "storeId": stage.STORE,
        "userId": f"shopper-{number}",
        "status": "active",
        "createdAt": now,
        "expiresAt": now + _LASTS,
    }


async def _fill(client: httpx.AsyncClient, token: str, barcodes: Sequence[str]) -> str:
    cart: dict[str, Any] = {}
    for barcode in barcodes:
        answer = await client.post(
            "/v1/cart/lines", json={"code": barcode}, headers={"Authorization": f"Bearer {token}"}
        )
        if answer.status_code != 201:
            raise CannotMeasure(f"a cart did not take a product: {answer.text[:200]}")
        cart = answer.json()["data"]
    return json.dumps({"cartVersion": cart["cartVersion"], "total": cart["total"], "currency": cart["currency"]})


def _copies(suite: Suite, session_id: str, body: str, numbers: range) -> list[Visit]:
    """The same cart for other shoppers, each in a visit of their own."""
    filled = _database(suite)[SESSIONS].find_one({"_id": session_id})
    if filled is None:
        raise CannotMeasure("a visit is gone")
    documents = [filled] + [{**filled, **_visit_document(number)} for number in numbers[1:]]
    for document in documents:
        document["expiresAt"] = datetime.now(UTC) + _LASTS
    _database(suite)[SESSIONS].replace_one({"_id": session_id}, documents[0])
    if documents[1:]:
        _insert(suite, documents[1:])
    return [Visit(each["_id"], each["userId"], _token(suite, each), body) for each in documents]


def _token(suite: Suite, document: dict[str, Any]) -> str:
    return suite.issuer.session_token(
        document["userId"],
        tenant_id=document["tenantId"],
        store_id=document["storeId"],
        session_id=document["_id"],
        lives_s=int(_LASTS.total_seconds()),
    )


def _insert(suite: Suite, documents: list[dict[str, Any]]) -> None:
    _database(suite)[SESSIONS].insert_many(documents)


_client: Any = None


def _database(suite: Suite) -> Any:
    global _client
    if _client is None or _client[0] != suite.mongo_uri:
        from pymongo import MongoClient

        _client = (suite.mongo_uri, MongoClient(suite.mongo_uri, w="majority"))
    return _client[1][suite.mongo_database]
