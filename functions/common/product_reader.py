"""Reading products: from this process's memory, else Redis, else MongoDB's primary; never backwards in time.

Within a process no read returns a version older than one returned before. Across processes a copy is at most
`MEMORY_SECONDS` old and dropped as soon as the invalidation arrives; see docs/cache.md for every bound.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, Final, Protocol

from functions.common import failpoints, log, metrics, product_cache, products
from functions.common.product_cache import ABSENT, ALIAS_VERSION, TOMBSTONE, Entry, ProductCache, Snapshot
from functions.common.products import CachedProduct

MEMORY_SECONDS: Final = 2.0
HARD_SECONDS: Final = 60.0
MEMORY_ENTRIES: Final = 10_000
_RECENT: Final = 4096

_memory = metrics.Counter("product_memory_reads", "Reads answered from this process's memory.").labels()
_database = metrics.Counter("product_database_reads", "Queries for products the cache could not answer.").labels()
_backwards = metrics.Counter("product_reads_backwards", "Older versions met and not used, by where.", ("source",))

Key = tuple[str, str]


class Source(Protocol):
    """Where the truth is read: the primary, and only what a majority of members has."""

    async def find(self, tenant_id: str, store_id: str, barcodes: Sequence[str]) -> list[dict[str, Any]]:
        """The products of a store that have one of these barcodes, or a pack that has; deleted ones too."""


class Held:
    """One version of a product in this process. A newer version is another object; `fresh_until` of this is then 0.

    `fresh_until` is on the monotonic clock: until then it may be used without asking anyone.
    """

    __slots__ = ("fresh_until", "payload", "read_at", "tenant_id", "ver")

    def __init__(self, ver: int, payload: bytes) -> None:
        # A copy: what orjson makes keeps a buffer of 4 KB and more behind it for as long as it lives.
        self.ver, self.payload = ver, bytes(memoryview(payload))
        self.fresh_until = 0.0
        self.read_at = 0.0
        self.tenant_id = self.product()["tenantId"]

    def product(self) -> CachedProduct:
        """What is known about the product. Decoded at every call: kept as text, ten thousand take 20 MB."""
        return products.from_cached(self.payload)


class _Moment:
    """When a read began, and what the subscription had told by then."""

    __slots__ = ("at", "generation", "heard")

    def __init__(self, at: float, generation: int, heard: int) -> None:
        self.at, self.generation, self.heard = at, generation, heard


class ProductReader:
    """The products of one process's scans."""

    def __init__(
        self,
        cache: ProductCache,
        source: Source,
        *,
        entries: int = MEMORY_ENTRIES,
        time: Callable[[], float] = monotonic,
        on_doubt: Callable[[str | None], None] | None = None,
    ) -> None:
        """`on_doubt` is told when everything about a store (None: about all) has to be read anew."""
        self._cache, self._source, self._limit, self._time = cache, source, entries, time
        self._on_doubt = on_doubt
        self._held: dict[Key, Held] = {}
        self._flights: dict[Key, asyncio.Task[Held | None]] = {}
        self._next: dict[Key, asyncio.Task[Held | None]] = {}
        self._recent: OrderedDict[Key, int] = OrderedDict()
        self._heard = 0
        self._generation = 0
        self._listening = False

    # -- reads -----------------------------------------------------------------------------------------------

    def peek(self, store_id: str, barcode: str) -> Held | None:
        """The product if this process may use its copy now."""
        held = self._held.get((store_id, barcode))
        if held is not None and held.fresh_until > self._time():
            _memory.value += 1
            return held
        return None

    async def get(self, tenant_id: str, store_id: str, barcode: str) -> Held | None:
        """The product with this barcode, or with a pack that has it; None when the store does not know it.

        Raises the driver's errors when the database is needed and cannot be reached.
        """
        held = self.peek(store_id, barcode)
        if held is None:
            held = await asyncio.shield(self._board((store_id, barcode), tenant_id))
        return _own(held, tenant_id)

    async def get_many(self, tenant_id: str, store_id: str, barcodes: Iterable[str]) -> dict[str, Held]:
        """As `get` for several barcodes: one read of Redis and one query for all that are missing."""
        found: dict[str, Held] = {}
        asked = []
        for barcode in dict.fromkeys(barcodes):
            held = self.peek(store_id, barcode)
            if held is None:
                asked.append(barcode)
            else:
                found[barcode] = held
        if asked:
            found |= await self._read(tenant_id, store_id, asked)
        return {barcode: held for barcode, held in found.items() if _own(held, tenant_id) is not None}

    def _board(self, key: Key, tenant_id: str) -> asyncio.Task[Held | None]:
        """The read to share: never one that may have looked before this caller asked, so at most the next one."""
        flying = self._flights.get(key)
        if flying is None:
            task = self._flights[key] = self._launch(self._fly(key, tenant_id, None))
            return task
        waiting = self._next.get(key)
        if waiting is None:
            waiting = self._next[key] = self._launch(self._fly(key, tenant_id, flying))
        return waiting

    @staticmethod
    def _launch(flight: Any) -> asyncio.Task[Held | None]:
        task: asyncio.Task[Held | None] = asyncio.get_running_loop().create_task(flight)
        # When every passenger has left, nobody else would look at the error.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def _fly(self, key: Key, tenant_id: str, ahead: asyncio.Task[Held | None] | None) -> Held | None:
        if ahead is not None:
            await asyncio.wait([ahead])
            self._flights[key] = self._next.pop(key)
        try:
            store_id, barcode = key
            return (await self._read(tenant_id, store_id, [barcode])).get(barcode)
        finally:
            if key not in self._next:
                del self._flights[key]

    async def _read(self, tenant_id: str, store_id: str, barcodes: Sequence[str]) -> dict[str, Held]:
        moment = _Moment(self._time(), self._generation, self._heard)
        snapshot = await self._cache.read(store_id, barcodes)
        if snapshot is None:
            return await self._ask_database(tenant_id, store_id, barcodes, None, moment)
        found, missing, aliases = self._sort(store_id, barcodes, snapshot, moment)
        if aliases:
            mains = await self.get_many(tenant_id, store_id, set(aliases.values()))
            for barcode, main in aliases.items():
                held = mains.get(main)
                if held is not None and has_unit(held.product(), barcode):
                    found[barcode] = held
                else:
                    missing.append(barcode)
        if missing:
            found |= await self._ask_database(tenant_id, store_id, missing, snapshot, moment)
        return found

    def _sort(
        self, store_id: str, barcodes: Sequence[str], snapshot: Snapshot, moment: _Moment
    ) -> tuple[dict[str, Held], list[str], dict[str, str]]:
        """What Redis answered: products; barcodes it cannot answer for; packs and where they lead."""
        found: dict[str, Held] = {}
        missing: list[str] = []
        aliases: dict[str, str] = {}
        for barcode, value in zip(barcodes, snapshot.values, strict=True):
            ver, payload = (0, TOMBSTONE) if value is None else product_cache.parse(value)
            if payload == TOMBSTONE:
                missing.append(barcode)
            elif payload == ABSENT:
                self._forget((store_id, barcode))
            elif payload[:1] == b'"':
                aliases[barcode] = payload[1:-1].decode()
            else:
                held = self._keep((store_id, barcode), ver, payload, moment)
                if held.ver > ver:
                    _backwards.inc("redis")
                    missing.append(barcode)
                else:
                    found[barcode] = held
        return found, missing, aliases

    # -- the database ----------------------------------------------------------------------------------------

    async def _ask_database(
        self, tenant_id: str, store_id: str, barcodes: Sequence[str], snapshot: Snapshot | None, moment: _Moment
    ) -> dict[str, Held]:
        _database.value += 1
        docs = await self._source.find(tenant_id, store_id, barcodes)
        owners = {barcode: owner_of(barcode, docs) for barcode in barcodes}
        entries = list(_entries(owners))
        await failpoints.hit("cache.before_fill")
        standing = await self._cache.fill(store_id, snapshot, entries) if snapshot is not None else None
        held = {}
        for entry, other in zip(entries, standing or [None] * len(entries), strict=True):
            ver, payload = entry.ver, entry.payload
            if other is not None and (newer := product_cache.parse(other))[0] > ver and newer[1][:1] == b"{":
                # Somebody wrote a newer version while the database was being read.
                ver, payload = newer
            if payload[:1] == b"{":
                held[entry.barcode] = self._keep((store_id, entry.barcode), ver, payload, moment)
            elif payload == ABSENT:
                self._forget((store_id, entry.barcode))
        return {
            barcode: held[doc["barcode"]]
            for barcode, doc in owners.items()
            if doc is not None and not products.is_absent(doc) and doc["barcode"] in held
        }

    # -- memory ----------------------------------------------------------------------------------------------

    def _keep(self, key: Key, ver: int, payload: bytes, moment: _Moment) -> Held:
        """Remember what was read, unless something newer is known; returns the newest."""
        held = self._held.get(key)
        if held is not None and held.ver > ver:
            if moment.at - held.read_at < HARD_SECONDS:
                return held
            # Nothing that old can be the cache's doing: the database itself went back (a restore).
            log.warning("product_reader.version_went_back", storeId=key[0], barcode=key[1], ver=ver, was=held.ver)
        if held is None or held.ver != ver:
            if held is not None:
                held.fresh_until = 0.0
                del self._held[key]
            held = Held(ver, payload)
        elif moment.at - held.read_at > MEMORY_SECONDS:
            # Re-inserted at the end now and then, so that what is evicted first is what nobody reads.
            del self._held[key]
        if key not in self._held:
            self._make_room()
            self._held[key] = held
        held.read_at = max(held.read_at, moment.at)
        if self._may_trust(key, ver, moment):
            held.fresh_until = max(held.fresh_until, moment.at + MEMORY_SECONDS)
        return held

    def _may_trust(self, key: Key, ver: int, moment: _Moment) -> bool:
        """Whether every invalidation since the read began was heard, and none was about this version."""
        return (
            self._listening
            and moment.generation == self._generation
            and self._heard - moment.heard < _RECENT
            and self._recent.get(key, 0) <= ver
        )

    def _make_room(self) -> None:
        while len(self._held) >= self._limit:
            oldest = next(iter(self._held))
            self._held.pop(oldest).fresh_until = 0.0

    def _forget(self, key: Key) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            held.fresh_until = 0.0

    # -- the subscription (product_invalidations.Listener) ---------------------------------------------------

    def connected(self) -> None:
        self._doubt(None)
        self._listening = True

    def disconnected(self) -> None:
        self._doubt(None)
        self._listening = False

    def product_changed(self, store_id: str, barcode: str, ver: int) -> None:
        key = (store_id, barcode)
        held = self._held.get(key)
        if held is not None and held.ver < ver:
            held.fresh_until = 0.0
        self._heard += 1
        recent = self._recent
        if recent.get(key, -1) < ver:
            recent[key] = ver
            recent.move_to_end(key)
            if len(recent) > _RECENT:
                recent.popitem(last=False)

    def cleared(self, store_id: str | None) -> None:
        self._doubt(store_id)

    def _doubt(self, store_id: str | None) -> None:
        self._generation += 1
        for key, held in self._held.items():
            if store_id is None or key[0] == store_id:
                held.fresh_until = 0.0
        if self._on_doubt is not None:
            self._on_doubt(store_id)


def has_unit(product: CachedProduct, barcode: str) -> bool:
    """Whether one of the product's packs has this barcode."""
    return any(unit.get("barcode") == barcode for unit in product["units"])


def owner_of(barcode: str, docs: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The product a barcode stands for: its own before a pack's, one that is sold before one that is not."""

    def rank(doc: Mapping[str, Any]) -> tuple[bool, bool, bool, str]:
        own = doc["barcode"] == barcode
        return products.is_absent(doc), not own, doc.get("status") != products.ACTIVE, doc["barcode"]

    matching = [
        doc
        for doc in docs
        if doc["barcode"] == barcode or any(unit.get("barcode") == barcode for unit in doc.get("units") or ())
    ]
    return min(matching, key=rank, default=None)


def _entries(owners: Mapping[str, Mapping[str, Any] | None]) -> Iterable[Entry]:
    """What to cache about barcodes and the products they turned out to stand for."""
    seen = set()
    for barcode, doc in owners.items():
        if doc is None:
            yield Entry(barcode, 0, ABSENT)
            continue
        if doc["barcode"] != barcode:
            yield Entry(barcode, ALIAS_VERSION, b'"%b"' % doc["barcode"].encode())
        if doc["barcode"] not in seen:
            seen.add(doc["barcode"])
            yield product_cache.entry_of(doc)


def _own(held: Held | None, tenant_id: str) -> Held | None:
    """The copy, unless it is another tenant's: keys carry the store, which belongs to one tenant; this is the lock."""
    if held is not None and held.tenant_id != tenant_id:
        log.security("product_reader.foreign_tenant")
        return None
    return held
