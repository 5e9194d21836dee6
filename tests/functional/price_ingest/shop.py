"""A shop in memory for the verbs of the price room: products with versions, parked updates, a cache, a ledger.

It can be told to lose compare-and-sets, to break connections after a write, and to create a product at any moment.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from pymongo.errors import AutoReconnect

from functions.common.pubsub import OutMessage
from functions.common.retail import stocktaking
from functions.common.retail.stocktaking import Entry, Movement
from functions.price_ingest.parts import Part
from functions.price_ingest.service import Ingest

Key = tuple[str, str]
CURRENCIES = {("t1", "s1"): "EUR", ("t1", "s2"): "EUR", ("t2", "s9"): "EUR"}


class Shop:
    """All the fakes, and what they hold."""

    def __init__(self, seed: int = 0) -> None:
        self.documents: dict[Key, dict[str, Any]] = {}
        self.parked: dict[Key, dict[str, Any]] = {}
        self.cached: dict[Key, tuple[int, dict[str, Any] | None]] = {}
        self.scanned: set[Key] = set()
        self.moves: dict[Key, list[Entry]] = {}
        self.counts: dict[str, Mapping[str, Any]] = {}
        self.reports: dict[str, Counter[str]] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.random = random.Random(seed)
        self.lose = 0.0
        self.break_after_write = 0.0
        self.reached: Counter[str] = Counter()
        self.on_park: list[Key] = []
        self.bad_barcode: str | None = None
        self.down = 0
        self.ingest = Ingest(
            products=self,  # type: ignore[arg-type]
            parked=ParkedShelf(self),  # type: ignore[arg-type]
            reporter=self,  # type: ignore[arg-type]
            cache=self,
            movements=self.movements,
            add_counts=self.add_counts,
            publish=self.publish,
            currency_of=self.currency_of,
        )

    def add(self, barcode: str, store_id: str = "s1") -> dict[str, Any]:
        key = store_id, barcode
        document = {"_id": len(self.documents), "tenantId": "t1", "storeId": store_id, "barcode": barcode, "ver": 1000}
        self.documents[key] = document
        return document

    def touch(self, key: Key) -> None:
        """Another writer changes the product's metadata."""
        self.documents[key]["ver"] += 1

    # -- products ---------------------------------------------------------------------------------------------

    async def find(self, tenant_id: str, keys: Iterable[Key], *fields: str) -> dict[Key, dict[str, Any]]:
        assert tenant_id == "t1"
        names = ("_id", "tenantId", "storeId", "barcode", "ver", *fields)
        return {
            key: copy.deepcopy({name: self.documents[key][name] for name in names if name in self.documents[key]})
            for key in keys
            if key in self.documents
        }

    async def find_whole(self, tenant_id: str, keys: Iterable[Key]) -> list[dict[str, Any]]:
        return list((await self.find(tenant_id, keys, "price", "stock")).values())

    async def write(
        self, tenant_id: str, changes: Sequence[tuple[dict[str, Any], Any, Any]], now: datetime
    ) -> list[int]:
        if self.down:
            self.down -= 1
            raise AutoReconnect("connection closed")
        lost = []
        for index, (read, price, stock) in enumerate(changes):
            key = read["storeId"], read["barcode"]
            if self.random.random() < self.lose:
                self.touch(key)
            document = self.documents[key]
            if document["ver"] != read["ver"]:
                self.reached["lost"] += 1
                lost.append(index)
                continue
            fields = {name: value for name, value in (("price", price), ("stock", stock)) if value is not None}
            document.update(copy.deepcopy(fields), ver=read["ver"] + 1)
            read.update(fields, ver=read["ver"] + 1)
        if self.random.random() < self.break_after_write:
            self.reached["broken"] += 1
            raise AutoReconnect("connection closed after the write")
        return lost

    # -- the cache --------------------------------------------------------------------------------------------

    async def supersede(self, store_id: str, versions: Iterable[tuple[str, int]]) -> list[str]:
        live = []
        for barcode, ver in versions:
            key = store_id, barcode
            if self.cached.get(key, (0, None))[0] < ver:
                if self.cached.get(key, (0, None))[1] is not None or key in self.scanned:
                    live.append(barcode)
                self.cached[key] = ver, None
        return live

    async def write_documents(self, docs: Iterable[Mapping[str, Any]]) -> int:
        for document in docs:
            key = document["storeId"], document["barcode"]
            if self.cached.get(key, (0, None))[0] <= document["ver"]:
                self.cached[key] = document["ver"], dict(document)
        return 0

    # -- the ledger, reports and events -----------------------------------------------------------------------

    async def movements(self, tenant_id: str, since: Mapping[Key, int]) -> Mapping[Key, list[Entry]]:
        self.reached["ledger"] += 1
        return {key: [move for move in self.moves.get(key, []) if move["at"] > at] for key, at in since.items()}

    async def add_counts(self, entries: Sequence[Mapping[str, Any]]) -> None:
        for entry in entries:
            self.counts.setdefault(entry["_id"], entry)

    async def report(self, parts: Sequence[Part]) -> None:
        for part in parts:
            self.reports.setdefault(part.key, Counter(part.counts()))

    async def publish(self, messages: Sequence[OutMessage]) -> None:
        for message in messages:
            event = orjson.loads(message.data)
            self.events.setdefault(event["id"], event)

    async def currency_of(self, tenant_id: str, store_id: str) -> str | None:
        return CURRENCIES.get((tenant_id, store_id))

    def record_sale(self, key: Key, movement: Movement) -> None:
        """As `functions.common.stock.record` does, without its intermediate states."""
        document = self.documents[key]
        self.moves.setdefault(key, []).append({**movement, "pending": False})
        if document.get("stock") is not None:
            document["stock"], _ = stocktaking.moved(document["stock"], movement)
        document["ver"] += 1

    def changes(self) -> list[dict[str, Any]]:
        """Every announced change."""
        return [change for event in self.events.values() for change in event["data"]["changes"]]


class ParkedShelf:
    """Parked updates: the newest of each field."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def park(self, tenant_id: str, updates: Sequence[Any], now: datetime) -> None:
        for update in updates:
            key = update.store_id, update.barcode
            document = self.shop.parked.setdefault(
                key, {"_id": f"{key}", "storeId": key[0], "barcode": key[1], "rev": 0}
            )
            document["rev"] += 1
            mark = [update.t, update.q, update.s]
            for name, value in (("price", update.price), ("stock", update.stock)):
                if value is not None and (name not in document or mark > document[name]["k"]):
                    document[name] = {"v": value, "c": update.currency, "k": mark, "e": update.e}
        for key in self.shop.on_park:
            if key not in self.shop.documents:
                self.shop.reached["born while parking"] += 1
                self.shop.add(key[1], key[0])

    async def find(self, tenant_id: str, store_id: str, barcodes: Iterable[str], now: datetime) -> list[dict[str, Any]]:
        keys = [(store_id, barcode) for barcode in barcodes]
        return [copy.deepcopy(self.shop.parked[key]) for key in keys if key in self.shop.parked]

    async def remove(self, tenant_id: str, store_id: str, documents: Sequence[Mapping[str, Any]]) -> None:
        for document in documents:
            key = store_id, document["barcode"]
            if self.shop.parked[key]["rev"] == document["rev"]:
                del self.shop.parked[key]


class Message:
    """A Pub/Sub message."""

    def __init__(self, content: Any, message_id: str = "m1", **attributes: str) -> None:
        self.id, self.attributes = message_id, attributes
        self.data = content if isinstance(content, bytes) else orjson.dumps(content)
        self.publish_time = datetime(2026, 11, 20, 10, tzinfo=UTC)

    def json(self) -> Any:
        return orjson.loads(self.data)
