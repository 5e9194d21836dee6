"""A push endpoint as the default framework serves it: threads, the blocking driver, one `update_one` a message."""

from __future__ import annotations

import base64
import json
import os
import threading
from datetime import UTC, datetime
from typing import Any

from flask import Request
from pymongo import MongoClient

_client: MongoClient[dict[str, Any]] | None = None
_lock = threading.Lock()
_applied = 0


def update_one(request: Request) -> tuple[str, int]:
    """POST: apply the update of a pushed message. GET: how many were applied."""
    global _applied, _client
    if request.method == "GET":
        return str(_applied), 200
    with _lock:
        if _client is None:
            _client = MongoClient(os.environ["MONGODB_URI"], w="majority")
    update = json.loads(base64.b64decode(request.get_json()["message"]["data"]))
    _client[os.environ["MONGODB_DATABASE"]].products.update_one(
        {"storeId": update["storeId"], "barcode": update["barcode"]},
        {"$set": {"price.amount": update["price"], "updatedAt": datetime.now(UTC)}},
    )
    with _lock:
        _applied += 1
    return "", 204
