"""What a scan door does not load before it is needed: a cold start is a shopper who waits."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("bson", "cryptography", "httpx", "jwt", "opentelemetry", "prometheus_client", "pydantic", "pymongo", "redis")

_LOADED = """
import sys
{code}
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(code=code)], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_the_door_starts_without_any_client_library() -> None:
    assert loaded_by("import functions.scan.main").isdisjoint(HEAVY)


def test_a_first_answer_from_the_cache_needs_redis_and_no_database() -> None:
    code = """
import asyncio
from datetime import datetime, UTC
from functions.common.auth import Principal
from functions.common.product_cache import ProductCache, entry_of, Entry
from functions.common.product_reader import ProductReader
from functions.scan import repository, service
from tests.cache_model import ModelRedis
from functions.common import product_source, redis
redis.connect("redis://127.0.0.1:9/0")

async def main():
    cache = ProductCache(ModelRedis())
    doc = {"tenantId": "t1", "storeId": "s1", "barcode": "4006381333931", "name": "n", "ver": 5}
    rules = b'{"tenantId":"t1","status":"active","currency":"EUR","timeZone":"Europe/Berlin"}'
    await cache.write("s1", [entry_of(doc), Entry("rules", 1, rules)])
    deps = service.Deps(
        ProductReader(cache, product_source.MongoProducts()), repository.StoreDirectory(cache), service.Answers(), 5
    )
    caller = Principal("u", "shopper", "t1", frozenset({"s1"}), 9e9)
    answer = await service.scan(deps, caller, service.Symbol("4006381333931"), datetime.now(UTC))
    assert b'"name":"n"' in answer

asyncio.run(main())
"""
    loaded = loaded_by(code)
    assert "redis" in loaded
    assert loaded.isdisjoint({"bson", "httpx", "opentelemetry", "pydantic", "pymongo", "zoneinfo"})
