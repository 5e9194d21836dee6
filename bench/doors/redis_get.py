"""One Redis GET a request, and nothing else: the key is the path."""

from __future__ import annotations

import os

import redis.asyncio as redis
from starlette.requests import Request
from starlette.responses import Response

_client: redis.Redis | None = None


async def redis_get(request: Request) -> Response:
    """The value as it is; 404 without one."""
    global _client
    if _client is None:
        _client = redis.Redis.from_url(os.environ["REDIS_URL"])
    value = await _client.get(request.scope["path"])
    return Response(value or b"", 200 if value else 404)
