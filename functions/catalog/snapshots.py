"""A store's products as one small signed file, for phones that go on scanning without a network.

The file is lines of JSON, packed with gzip. Each line but the last is a product:
`[barcode, name, price, measure, age, packs]`, the price in minor units of the store's currency or null, packs as
`[[barcode, thousandths, price], ...]`. The last line is `{"signature": "<JWS>"}`; its claims say which store this is,
when it was, how many lines there are, and their SHA-256.
"""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

import orjson

from functions.common import clock
from functions.common.stores import Store

TYP: Final = "snapshot+jwt"
MOST_PRODUCTS: Final = 20_000
"""About half a megabyte for the phone, and 100 MB at most for the process that keeps them."""
MOST_STORES: Final = 32
FRESH_SECONDS: Final = 60.0
LIVES_SECONDS: Final = 24 * 3600
CHUNK: Final = 64 << 10
_BATCH: Final = 500

Document = Mapping[str, Any]


class Products(Protocol):
    """What is on sale in a store."""

    def on_sale(self, tenant_id: str, store_id: str, limit: int) -> AsyncIterator[Sequence[Document]]:
        """Batches of products, at most `limit`."""
        ...


Sign = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`packed`: the file with gzip; `etag`: another one whenever a product is."""

    packed: bytes
    etag: str
    count: int

    def chunks(self, *, unpack: bool) -> Iterator[bytes]:
        """The file in pieces, for those who take gzip or for those who do not."""
        opened = zlib.decompressobj(31) if unpack else None
        for start in range(0, len(self.packed), CHUNK):
            piece = self.packed[start : start + CHUNK]
            yield piece if opened is None else opened.decompress(piece)


class Snapshots:
    """Made when somebody asks and nobody asked within a minute; whoever comes meanwhile waits for the same one."""

    def __init__(self, products: Products, sign: Sign, *, most: int = MOST_PRODUCTS) -> None:
        self._products, self._sign, self._most = products, sign, most
        self._kept: OrderedDict[str, tuple[float, Snapshot]] = OrderedDict()
        self._making: dict[str, asyncio.Lock] = {}

    async def of(self, store: Store, now: datetime) -> Snapshot:
        """The snapshot of a store, at most a minute old."""
        lock = self._making.setdefault(store.id, asyncio.Lock())
        async with lock:
            until, kept = self._kept.get(store.id, (0.0, None))
            if kept is None or until < clock.seconds():
                kept = await self._make(store, now)
                self._kept[store.id] = (clock.seconds() + FRESH_SECONDS, kept)
                self._kept.move_to_end(store.id)
                if len(self._kept) > MOST_STORES:
                    self._making.pop(self._kept.popitem(last=False)[0], None)
            return kept

    async def _make(self, store: Store, now: datetime) -> Snapshot:
        packer, digest, count = zlib.compressobj(6, zlib.DEFLATED, 31), hashlib.sha256(), 0
        packed: list[bytes] = []
        async for batch in self._products.on_sale(store.tenant_id, store.id, self._most):
            lines = b"".join(line(document, store.currency) for document in batch)
            digest.update(lines)
            packed.append(packer.compress(lines))
            count += len(batch)
        sha256, at = digest.hexdigest(), int(now.timestamp())
        claims = {
            "tenantId": store.tenant_id,
            "storeId": store.id,
            "currency": store.currency,
            "iat": at,
            "exp": at + LIVES_SECONDS,
            "count": count,
            "complete": count < self._most,
            "sha256": sha256,
        }
        packed.append(packer.compress(orjson.dumps({"signature": self._sign(claims)}) + b"\n") + packer.flush())
        return Snapshot(b"".join(packed), f'"{sha256[:32]}"', count)


def line(document: Document, currency: str) -> bytes:
    """A product; a price in another currency than the store's is none."""
    price = document.get("price")
    packs = [[unit["barcode"], unit["quantity"], unit.get("price")] for unit in document.get("units") or ()]
    fields = [
        document["barcode"],
        document["name"],
        price["amount"] if price is not None and price["currency"] == currency else None,
        document.get("measure", "each"),
        document.get("ageRestriction"),
        packs,
    ]
    return orjson.dumps(fields) + b"\n"


async def batches(cursor: AsyncIterator[Document]) -> AsyncIterator[Sequence[Document]]:
    """The documents of a cursor, some hundred at a time; others get a turn between two batches."""
    batch: list[Document] = []
    async for document in cursor:
        batch.append(document)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
            await asyncio.sleep(0)
    if batch:
        yield batch
