"""The dependencies of the scan door, built once, on the first request."""

from __future__ import annotations

from functions.common import http, mongo, redis, settings
from functions.common.once import Once
from functions.common.product_cache import ProductCache
from functions.common.product_invalidations import Invalidations
from functions.common.product_reader import ProductReader
from functions.common.product_source import MongoProducts
from functions.scan.repository import StoreDirectory
from functions.scan.service import Answers, Deps
from functions.scan.settings import ScanSettings

_cache = Once(lambda: ProductCache(redis.cache()))
_stores = Once(lambda: StoreDirectory(_cache()))
_reader = Once(lambda: ProductReader(_cache(), MongoProducts(), on_doubt=_stores().forget))


def _listen() -> Invalidations:
    url = settings.common().redis_url
    listening = Invalidations(lambda: redis.connect(url, timeout=None), _reader(), _cache().adopt_server)
    listening.start()
    return listening


invalidations = Once(_listen)


def _build() -> Deps:
    """Called inside the event loop: the subscription to invalidations starts here."""
    invalidations()
    return Deps(
        products=_reader(),
        stores=_stores(),
        answers=Answers(),
        low_stock=settings.load(ScanSettings).scan_low_stock,
    )


deps = Once(_build)


async def ready() -> dict[str, str]:
    """The state of what this door needs. Without Redis it is slower but whole, so that does not count here."""
    return await http.probe(mongodb=mongo.ping)


async def close() -> None:
    """Stop listening and forget everything that was built, so that the next caller builds anew."""
    if (listening := invalidations.built) is not None:
        await listening.close()
    if (cache := _cache.built) is not None:
        await cache.close()
    deps.replace(None)
    for part in (invalidations, _reader, _stores, _cache):
        part.replace(None)
