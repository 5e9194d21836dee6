"""A push endpoint on functions_framework.aio with the async driver: one `update_one` a message."""

from __future__ import annotations

import base64
import json
import os
from datetime import UTC, datetime
from typing import Any

from pymongo import AsyncMongoClient
from starlette.requests import Request
from starlette.responses import Response

_client: AsyncMongoClient[dict[str, Any]] | None = None
_applied = 0


async def update_one_async(request: Request) -> Response:
    """POST: apply the update of a pushed message. GET: how many were applied."""
    global _applied, _client
    if request.method == "GET":
        return Response(str(_applied))
    if _client is None:
        _client = AsyncMongoClient(os.environ["MONGODB_URI"], w="majority")
    update = json.loads(base64.b64decode((await request.json())["message"]["data"]))
    await _client[os.environ["MONGODB_DATABASE"]].products.update_one(
        {"storeId": update["storeId"], "barcode": update["barcode"]},
        {"$set": {"price.amount": update["price"], "updatedAt": datetime.now(UTC)}},
    )
    _applied += 1
    return Response(status_code=204)
