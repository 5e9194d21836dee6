"""The dependencies of the figures of sales and stocks, built on first use for the clients of the running event loop."""

from __future__ import annotations

from functions.admin.collections import DAYS, POINTS, PRODUCTS, RECEIPTS
from functions.admin.sales_repository import MongoSales
from functions.admin.stock_repository import MongoStockOuts
from functions.admin.summing import Deps
from functions.admin.timeline import MongoTimeline
from functions.common import http, mongo, stores

_built: tuple[object, Deps] | None = None


def deps() -> Deps:
    """What the doors hand to the verbs."""
    global _built
    client = mongo.client()
    if _built is None or _built[0] is not client:
        sales = MongoSales(mongo.collection(RECEIPTS), mongo.collection(DAYS), mongo.collection(PRODUCTS))
        _built = (client, Deps(sales, stores.find))
    return _built[1]


def timeline() -> MongoTimeline:
    """Prices and stocks over time."""
    return MongoTimeline(mongo.collection(POINTS))


def stocks() -> MongoStockOuts:
    """Stock-outs."""
    return MongoStockOuts()


async def ready() -> dict[str, str]:
    """Facts are taken in while MongoDB is there."""
    return await http.probe(mongo=mongo.ping)
