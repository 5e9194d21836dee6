"""One mall for the whole folder; after each test everything that was asked of MongoDB and Redis has had its scope."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pymongo
import pytest

from tests.security.contract import operations
from tests.security.mall import Mall, opened


@pytest.fixture(scope="package")
def open_mall(mongod: str, redis_server: str) -> Iterator[Mall]:
    """The mall, for whoever comes first."""
    name = f"t_security_{uuid.uuid4().hex[:8]}"
    with opened(mongod, name, redis_server) as mall:
        yield mall
    client: pymongo.MongoClient[dict[str, Any]]
    with pymongo.MongoClient(mongod) as client:
        client.drop_database(name)


@pytest.fixture
def mall(open_mall: Mall) -> Iterator[Mall]:
    """The mall as it was founded. Whatever a test does, its commands must have been in scope."""
    open_mall.restock()
    open_mall.keys()
    yield open_mall
    open_mall.redis.catch_up()
    unscoped, unknown = list(open_mall.seen.unscoped), list(open_mall.redis.unknown)
    open_mall.seen.unscoped.clear()
    open_mall.redis.unknown.clear()
    assert unscoped == [], "commands about tenants' data that name neither tenant nor store"
    assert unknown == [], "Redis keys of no known shape"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`op` runs a test for every operation, `writing` for those with a body, `guarded` for those with a token."""
    kinds = {
        "op": operations(),
        "writing": [op for op in operations() if op.body is not None],
        "guarded": [op for op in operations() if op.scheme != "public"],
    }
    for name, found in kinds.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, found, ids=str)
