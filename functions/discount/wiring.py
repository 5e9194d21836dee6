"""The dependencies of the room of discounts, built on first use, after the server's fork."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.common import http, mongo, outbox, redis, stores
from functions.common.contracts.discount import TOPIC
from functions.common.mongo import Document
from functions.common.product_cache import ProductCache
from functions.common.product_reader import ProductReader
from functions.common.product_source import MongoProducts
from functions.discount.repository import PROMOTIONS, VERSIONS, MongoPromotions, MongoVersions
from functions.discount.service import Deps


class OutboxEvents:
    """Events of promotions, through the outbox in their documents."""

    async def flush(self, document: Document, entries: Sequence[Mapping[str, Any]]) -> bool:
        """Publish and take out; False when the sweep will have to."""
        return await outbox.flush(mongo.collection(PROMOTIONS), TOPIC, document, entries)

    async def sweep(self) -> int:
        """Publish what was left behind."""
        return await outbox.sweep(mongo.collection(PROMOTIONS), TOPIC)


_built: tuple[object, object, Deps] | None = None


def deps() -> Deps:
    """What the doors hand to the verbs, built once for the clients of the running event loop."""
    global _built
    client, cache = mongo.client(), redis.cache()
    if _built is None or _built[0] is not client or _built[1] is not cache:
        _built = (client, cache, _build())
    return _built[2]


def _build() -> Deps:
    versions = MongoVersions(mongo.collection(VERSIONS))
    # Nobody listens to invalidations here: every dry run asks the shared cache or the database.
    products = ProductReader(ProductCache(redis.cache()), MongoProducts())
    return Deps(
        promotions=MongoPromotions(mongo.collection(PROMOTIONS), versions),
        versions=versions,
        events=OutboxEvents(),
        products=products,
        store=stores.find,
    )


async def ready() -> dict[str, str]:
    """MongoDB decides whether this room can work; without Redis dry runs read prices from MongoDB."""
    return await http.probe(mongo=mongo.ping)
