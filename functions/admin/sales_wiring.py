"""The dependencies of the figures of sales and stocks: built on first use for the running event loop."""

from __future__ import annotations

from functions.admin.collections import DAYS, POINTS, PRODUCTS, RECEIPTS
from functions.admin.sales_repository import MongoSales
from functions.admin.stock_repository import MongoStockOuts
from functions.admin.summing import Deps
from functions.admin.timeline import MongoTimeline
from functions.common import http, mongo, stores
from functions.common.once import OncePerLoop


def _build() -> Deps:
    sales = MongoSales(mongo.collection(RECEIPTS), mongo.collection(DAYS), mongo.collection(PRODUCTS))
    return Deps(sales, stores.find)


deps = OncePerLoop(_build)
"""What the doors hand to the verbs."""


def timeline() -> MongoTimeline:
    """Prices and stocks over time."""
    return MongoTimeline(mongo.collection(POINTS))


def stocks() -> MongoStockOuts:
    """Stock-outs."""
    return MongoStockOuts()


async def ready() -> dict[str, str]:
    """Facts are taken in while MongoDB is there."""
    return await http.probe(mongo=mongo.ping)
