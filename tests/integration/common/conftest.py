from collections.abc import Iterator

import pytest

from tests.support import World


@pytest.fixture
def world(mongod: str, redis_server: str, database: str) -> Iterator[World]:
    made = World(mongo_uri=mongod, database=database, redis_url=redis_server)
    with made.installed():
        yield made
