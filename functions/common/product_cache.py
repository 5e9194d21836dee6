"""The versioned product cache in Redis: compare-and-set by version, tombstones, epochs; writers and readers.

Nothing here raises when Redis fails: readers are told "nothing known", writers' unfinished invalidations are
remembered and repeated until Redis has them. How stale a value can get at worst is in docs/cache.md.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeVar, cast

from functions.common import clock, log, metrics, product_scripts, products
from functions.common.redis import CacheDown, Script

T = TypeVar("T")

TTL_SECONDS: Final = 46.0
TTL_JITTER: Final = 0.2
"""A value lives 36.8 to 55.2 s: with the fill window and the in-process copy that is under 60 s in all."""
ABSENT_TTL_SECONDS: Final = 5.0
TOMBSTONE_TTL_SECONDS: Final = 60.0
FILL_WINDOW_SECONDS: Final = 2.0
"""A filler that read the database longer ago than this is refused, however late its command arrives."""
CHUNK: Final = 250
"""Entries of one script call: Redis serves nobody else meanwhile."""
REPAIR_SECONDS: Final = 0.25
UNCONFIRMED_LIMIT: Final = 50_000

_STORED, _DROPPED, _FULL = 1, 2, -1
"""The outcomes of the script that are not a value: stored, stored as a tombstone in place of a value, no room."""

ABSENT: Final = b"null"
TOMBSTONE: Final = b""
ALIAS_VERSION: Final = 1

_reads = metrics.Counter("product_cache_reads", "Values asked of Redis, by what it had.", ("outcome",))
_hit, _miss, _down = _reads.labels("hit"), _reads.labels("miss"), _reads.labels("down")
_stores = metrics.Counter(
    "product_cache_stores", "Values sent to Redis, by who and what came of it.", ("by", "outcome")
)
_unconfirmed = metrics.Gauge("product_cache_unconfirmed", "Invalidations Redis has not confirmed yet.").labels()
_clears = metrics.Counter("product_cache_clears", "Epochs begun by this process.", ("what",))


class Entry(NamedTuple):
    """One cached value: a product, `null` (unknown), a quoted barcode (alias) or nothing (tombstone)."""

    barcode: str
    ver: int
    payload: bytes


class Snapshot(NamedTuple):
    """What Redis had for some barcodes, and under which epoch and at which time of its clock it said so."""

    token: bytes
    micros: int
    values: list[bytes | None]


class RedisCalls(Protocol):
    """The breaker-guarded Redis of `functions.common.redis.Cache`."""

    down_since: float | None

    async def run(self, call: Callable[[Any], Awaitable[T]]) -> T: ...


def entry_of(doc: Mapping[str, Any]) -> Entry:
    """The value of a product document."""
    return Entry(doc["barcode"], int(doc["ver"]), products.to_cached(doc))


def aliases_of(doc: Mapping[str, Any]) -> list[Entry]:
    """The values that lead from the barcodes of a product's packs to the product."""
    if products.is_absent(doc):
        return []
    target = b'"%b"' % doc["barcode"].encode()
    return [Entry(unit["barcode"], ALIAS_VERSION, target) for unit in doc.get("units") or () if unit.get("barcode")]


def parse(value: bytes) -> tuple[int, bytes]:
    """Version and payload of a stored value."""
    return int(value[:16]), value[17:]


class ProductCache:
    """Reads and writes of one process. `redis` is the process's `functions.common.redis.Cache`."""

    def __init__(self, redis: RedisCalls) -> None:
        self._redis = redis
        self._unconfirmed: dict[tuple[str, str], int] = {}
        self._unconfirmed_stores: set[str] = set()
        self._clear_everything = False
        self._repair: asyncio.Task[None] | None = None

    # -- readers ---------------------------------------------------------------------------------------------

    async def read(self, store_id: str, barcodes: Sequence[str]) -> Snapshot | None:
        """What Redis has, in one round trip; None when Redis does not answer."""
        reply = await self._run(_READ, [store_id, *barcodes])
        if reply is None:
            _down.value += len(barcodes)
            return None
        values = cast("list[bytes | None]", reply[2:])
        missing = values.count(None)
        _miss.value += missing
        _hit.value += len(values) - missing
        return Snapshot(reply[0], int(reply[1]), values)

    async def fill(self, store_id: str, snapshot: Snapshot, entries: Sequence[Entry]) -> list[bytes | None] | None:
        """Store what was read from the database after `snapshot`.

        For each entry: None when it was stored, else the value that stands against it (as new or newer). None
        instead of the list when nothing was stored: the store was cleared meanwhile, it is too late, or Redis
        does not answer.
        """
        deadline = snapshot.micros + int(FILL_WINDOW_SECONDS * 1_000_000)
        reply = await self._run(_STORE, [store_id, snapshot.token, deadline, *_arguments(entries)])
        if reply is None or reply[0] != b"ok":
            _stores.inc("filler", "down" if reply is None else reply[0].decode(), amount=len(entries))
            return None
        return _count("filler", reply[1:])

    # -- writers ---------------------------------------------------------------------------------------------

    async def write(self, store_id: str, entries: Iterable[Entry]) -> int:
        """Put values that were just written to the database, and tell every process; never raises.

        Returns how many Redis did not take; those are repeated as tombstones until it does.
        """
        pending = list(entries)
        left = 0
        for start in range(0, len(pending), CHUNK):
            left += (await self._write_chunk(store_id, pending[start : start + CHUNK])).count(_FULL)
        return left

    async def write_documents(self, docs: Iterable[Mapping[str, Any]], *, units: bool = False) -> int:
        """`write` for documents of any stores; `units` also announces the barcodes of their packs."""
        by_store: dict[str, list[Entry]] = {}
        for doc in docs:
            entries = by_store.setdefault(doc["storeId"], [])
            entries.append(entry_of(doc))
            if units:
                entries += aliases_of(doc)
        return sum([await self.write(store_id, entries) for store_id, entries in by_store.items()])

    async def invalidate(self, store_id: str, versions: Iterable[tuple[str, int]]) -> int:
        """`write` for writers that know the new version of a barcode but not the new value."""
        return await self.write(store_id, [Entry(barcode, ver, TOMBSTONE) for barcode, ver in versions])

    async def supersede(self, store_id: str, versions: Iterable[tuple[str, int]]) -> list[str]:
        """`invalidate`, for writers who write far more products than anybody scans.

        Returns the barcodes that had a value until now: somebody scans those, so their new values are worth writing.
        """
        pending = [Entry(barcode, ver, TOMBSTONE) for barcode, ver in versions]
        scanned: list[str] = []
        for start in range(0, len(pending), CHUNK):
            chunk = pending[start : start + CHUNK]
            outcomes = await self._write_chunk(store_id, chunk)
            scanned += [entry.barcode for entry, outcome in zip(chunk, outcomes, strict=True) if outcome == _DROPPED]
        return scanned

    async def clear_store(self, store_id: str) -> None:
        """Forget everything about a store, in one step; repeated until Redis has done it."""
        if await self._run(_CLEAR_STORE, [store_id]) is None:
            self._unconfirmed_stores.add(store_id)
            self._start_repair()
        else:
            _clears.inc("store")

    async def clear_all(self, unless_within: float = 0.0) -> None:
        """Forget everything, unless somebody did in the last `unless_within` seconds."""
        reply = await self._run(_CLEAR_ALL, [int(unless_within * 1_000_000)])
        if reply is None:
            self._clear_everything = True
            self._start_repair()
        elif reply:
            _clears.inc("all")

    async def adopt_server(self, run_id: str) -> None:
        """Forget everything if Redis is another server than the one the epoch was made on."""
        if await self._run(_ADOPT, [run_id]):
            _clears.inc("all")
            log.info("product_cache.new_server")

    async def close(self) -> None:
        """Stop repeating invalidations."""
        if self._repair is not None:
            self._repair.cancel()
            await asyncio.gather(self._repair, return_exceptions=True)
            self._repair = None

    @property
    def unconfirmed(self) -> int:
        """How many invalidations Redis has not confirmed."""
        return len(self._unconfirmed) + len(self._unconfirmed_stores) + self._clear_everything

    async def _write_chunk(self, store_id: str, entries: Sequence[Entry]) -> list[int | bytes]:
        """The script's outcome for each entry; what Redis did not take counts as `_FULL`."""
        reply = await self._run(_STORE, [store_id, b"", b"", *_arguments(entries)])
        if reply is None:
            _stores.inc("writer", "down", amount=len(entries))
            outcomes: list[int | bytes] = [_FULL] * len(entries)
        else:
            outcomes = reply[1:]
            _count("writer", outcomes)
        if _FULL in outcomes:
            for entry, outcome in zip(entries, outcomes, strict=True):
                if outcome == _FULL:
                    self._remember(store_id, entry)
        return outcomes

    def _remember(self, store_id: str, entry: Entry) -> None:
        if len(self._unconfirmed) >= UNCONFIRMED_LIMIT:
            # Too many to name: one new epoch invalidates them all.
            self._unconfirmed.clear()
            self._clear_everything = True
        key = (store_id, entry.barcode)
        self._unconfirmed[key] = max(entry.ver, self._unconfirmed.get(key, 0))
        self._start_repair()

    def _start_repair(self) -> None:
        _unconfirmed.set(self.unconfirmed)
        if self._repair is None or self._repair.done():
            self._repair = asyncio.get_running_loop().create_task(self._repair_until_done())

    async def _repair_until_done(self) -> None:
        while self.unconfirmed:
            await asyncio.sleep(REPAIR_SECONDS)
            await self._repair_once()
            _unconfirmed.set(self.unconfirmed)

    async def _repair_once(self) -> None:
        if self._clear_everything:
            if await self._run(_CLEAR_ALL, [0]) is None:
                return
            self._clear_everything = False
            _clears.inc("all")
        for store_id in list(self._unconfirmed_stores):
            if await self._run(_CLEAR_STORE, [store_id]) is None:
                return
            self._unconfirmed_stores.discard(store_id)
            _clears.inc("store")
        by_store: dict[str, list[tuple[str, int]]] = {}
        for (store_id, barcode), ver in self._unconfirmed.items():
            by_store.setdefault(store_id, []).append((barcode, ver))
        for store_id, versions in by_store.items():
            for start in range(0, len(versions), CHUNK):
                if not await self._repair_chunk(store_id, versions[start : start + CHUNK]):
                    return

    async def _repair_chunk(self, store_id: str, versions: Sequence[tuple[str, int]]) -> bool:
        entries = [Entry(barcode, ver, TOMBSTONE) for barcode, ver in versions]
        reply = await self._run(_STORE, [store_id, b"", b"", *_arguments(entries)])
        if reply is None:
            return False
        for (barcode, ver), outcome in zip(versions, reply[1:], strict=True):
            key = (store_id, barcode)
            # A write that failed after this call began has a higher version, and stays.
            if outcome != _FULL and self._unconfirmed.get(key) == ver:
                del self._unconfirmed[key]
        return True

    # -- Redis -----------------------------------------------------------------------------------------------

    async def _run(self, script: Script, arguments: Sequence[Any]) -> Any:
        """The script's reply, or None when Redis does not answer or cannot run it."""
        down_since = self._redis.down_since
        try:
            reply = await self._redis.run(lambda client: script(client, arguments))
        except CacheDown:
            return None
        except Exception as error:
            if not type(error).__module__.startswith("redis"):
                raise
            log.warning("product_cache.refused", error=f"{type(error).__name__}: {error}")
            return None
        if down_since is not None and clock.seconds() - down_since > TOMBSTONE_TTL_SECONDS:
            # Tombstones of the time before are gone, and other writers may have lost theirs: start afresh, and
            # do not use what was just read.
            await self.clear_all(unless_within=clock.seconds() - down_since)
            return None
        return reply


_READ = Script(product_scripts.READ)
_STORE = Script(product_scripts.STORE)
_CLEAR_STORE = Script(product_scripts.CLEAR_STORE)
_CLEAR_ALL = Script(product_scripts.CLEAR_ALL)
_ADOPT = Script(product_scripts.ADOPT)


def _arguments(entries: Sequence[Entry]) -> list[Any]:
    flat: list[Any] = []
    for barcode, ver, payload in entries:
        if not 0 <= ver < products.VERSION_LIMIT:
            raise ValueError(f"{ver} is not a version")
        flat += (b"%016d" % ver, _ttl_millis(payload), payload, barcode)
    return flat


def _ttl_millis(payload: bytes) -> int:
    if payload == TOMBSTONE:
        return int(TOMBSTONE_TTL_SECONDS * 1000)
    if payload == ABSENT:
        return int(ABSENT_TTL_SECONDS * 1000)
    return int(TTL_SECONDS * 1000 * random.uniform(1 - TTL_JITTER, 1 + TTL_JITTER))


def _count(by: str, outcomes: Sequence[int | bytes]) -> list[bytes | None]:
    """Count the script's outcomes; returns the values that stand against the entries."""
    stored, full = outcomes.count(_STORED) + outcomes.count(_DROPPED), outcomes.count(_FULL)
    _stores.inc(by, "stored", amount=stored)
    if full:
        _stores.inc(by, "full", amount=full)
    if len(outcomes) > stored + full:
        _stores.inc(by, "superseded", amount=len(outcomes) - stored - full)
    return [outcome if isinstance(outcome, bytes) else None for outcome in outcomes]
