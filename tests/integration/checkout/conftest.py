"""A shop for a test: a database with its collections, indexes and validators, an open store, a provider in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from functions.common import clock, failpoints, migrations, mongo, pubsub, tenants
from tests import support
from tests.integration.checkout.floor import Floor
from tests.support import World

NEEDED = {"purchases", "sessions", "products", "stock_movements", "promotion_redemptions", "promotion_counters"}
WITH_RULES = [each for room in migrations.discover().values() for each in room if each.name in NEEDED]
"""Those whose indexes and validators decide something here; making all of them takes a second."""


@pytest.fixture
async def world(mongod: str, redis_server: str, emptied_database: str) -> AsyncIterator[World]:
    world = World(mongo_uri=mongod, database=emptied_database, redis_url=redis_server)
    with world.installed():
        tenants.forget()
        await migrations.apply(mongo.database(), WITH_RULES)
        yield world
        await support.close()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, pubsub.OutMessage]]:
    """What was published."""
    found: list[tuple[str, pubsub.OutMessage]] = []

    async def publish(topic: str, messages: list[pubsub.OutMessage]) -> None:
        found.extend((topic, message) for message in messages)

    monkeypatch.setattr(pubsub, "publish", publish)
    return found


@pytest.fixture
def floor(world: World, told: list[tuple[str, pubsub.OutMessage]]) -> Floor:
    return Floor()


@pytest.fixture
def later() -> Iterator[Callable[[float], None]]:
    """Call it to let so many seconds pass."""
    import time

    gone = [0.0]

    def pass_by(seconds: float) -> None:
        gone[0] += seconds
        clock.freeze(lambda: time.time() + gone[0])

    yield pass_by
    clock.freeze(None)


@pytest.fixture(autouse=True)
def _no_failpoints() -> Iterator[None]:
    yield
    failpoints.configure(None)
