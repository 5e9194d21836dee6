"""The dependencies of the room of discounts, built on first use, after the server's fork."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.common import http, mongo, outbox, redis, stores
from functions.common.carts import Carts
from functions.common.contracts.discount import TOPIC
from functions.common.mongo import Document
from functions.common.product_cache import ProductCache
from functions.common.product_reader import ProductReader
from functions.common.product_source import MongoProducts
from functions.common.purchases import Purchases
from functions.common.retail import purchase_states
from functions.discount import settings
from functions.discount.accepting import CardDeps
from functions.discount.card_repository import ANSWERS, BRANDS, CARDS, MongoAnswers, MongoBrands, MongoCards
from functions.discount.loyalty import RestLoyalty
from functions.discount.repository import PROMOTIONS, VERSIONS, MongoPromotions, MongoVersions
from functions.discount.service import Deps


class OutboxEvents:
    """Events of promotions or of cards, through the outbox in their documents."""

    def __init__(self, collection: str) -> None:
        self._collection = collection

    async def flush(self, document: Document, entries: Sequence[Mapping[str, Any]]) -> bool:
        """Publish and take out; False when the sweep will have to."""
        return await outbox.flush(mongo.collection(self._collection), TOPIC, document, entries)

    async def sweep(self) -> int:
        """Publish what was left behind."""
        return await outbox.sweep(mongo.collection(self._collection), TOPIC)


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
        events=OutboxEvents(PROMOTIONS),
        products=products,
        store=stores.find,
    )


_built_cards: tuple[object, CardDeps] | None = None


def card_deps() -> CardDeps:
    """The same for the verbs on brand cards."""
    global _built_cards
    client = mongo.client()
    if _built_cards is None or _built_cards[0] is not client:
        own = settings.load()
        cards = CardDeps(
            cards=MongoCards(mongo.collection(CARDS)),
            answers=MongoAnswers(mongo.collection(ANSWERS)),
            brands=MongoBrands(mongo.collection(BRANDS)),
            carts=Carts(),
            loyalty=RestLoyalty(own.loyalty_url, own.loyalty_key, timeout=own.loyalty_timeout_seconds),
            events=OutboxEvents(CARDS),
            secret=own.loyalty_key,
        )
        _built_cards = (client, cards)
    return _built_cards[1]


def forget() -> None:
    """Build everything anew at its next use (tests)."""
    global _built, _built_cards
    _built = _built_cards = None


async def close() -> None:
    """Close the connections to the loyalty system, if any."""
    if _built_cards is not None:
        await _built_cards[1].loyalty.close()


async def may_be_paid(tenant_id: str, order_id: str) -> bool:
    """Whether what an order has claimed may still be needed: it is there, and has not been given up."""
    purchase = await Purchases().by_id(order_id)
    return (
        purchase is not None and purchase["tenantId"] == tenant_id and purchase["state"] not in purchase_states.GIVEN_UP
    )


async def ready() -> dict[str, str]:
    """MongoDB decides whether this room can work; without Redis dry runs read prices from MongoDB."""
    return await http.probe(mongo=mongo.ping)
