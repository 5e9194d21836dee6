"""Reading products: what memory may answer, who shares a read, and that nothing goes backwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from functions.common.product_cache import Entry, ProductCache, entry_of
from functions.common.product_reader import ProductReader
from tests.cache_model import ModelRedis

A, B, CASE = "4006381333931", "96385074", "14006381333938"
UNITS = [{"barcode": CASE, "quantity": 6000, "name": "case"}]


def document(ver: int, barcode: str = A, **fields: Any) -> dict[str, Any]:
    base = {"_id": "x", "tenantId": "t1", "storeId": "s1", "barcode": barcode, "name": "n", "status": "active"}
    return base | {"ver": ver, "price": {"amount": ver, "currency": "EUR", "w": {"t": 1}}} | fields


class Shelf:
    """MongoDB's part: documents by barcode, and how often it was asked."""

    def __init__(self, *docs: dict[str, Any]) -> None:
        self.docs = list(docs)
        self.asked: list[list[str]] = []
        self.gate: asyncio.Event | None = None
        self.fails: Exception | None = None

    async def find(self, tenant_id: str, store_id: str, barcodes: Sequence[str]) -> list[dict[str, Any]]:
        self.asked.append(list(barcodes))
        found = [doc for doc in self.docs if self._matches(doc, barcodes)]
        if self.gate is not None:
            await self.gate.wait()
        else:
            await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        return found

    @staticmethod
    def _matches(doc: dict[str, Any], barcodes: Sequence[str]) -> bool:
        return doc["barcode"] in barcodes or any(u["barcode"] in barcodes for u in doc.get("units", ()))

    def put(self, doc: dict[str, Any]) -> None:
        self.docs = [other for other in self.docs if other["barcode"] != doc["barcode"]] + [doc]


class Bench:
    """A reader with everything under it, and a second process's writer."""

    def __init__(self, *docs: dict[str, Any], entries: int = 100) -> None:
        self.now = 1000.0
        self.redis = ModelRedis()
        self.shelf = Shelf(*docs)
        self.cache = ProductCache(self.redis)
        self.reader = ProductReader(self.cache, self.shelf, entries=entries, time=lambda: self.now)
        self.reader.connected()

    async def version(self, barcode: str = A, tenant: str = "t1") -> int | None:
        held = await self.reader.get(tenant, "s1", barcode)
        return None if held is None else held.ver

    async def change(self, doc: dict[str, Any], *, heard: bool = True) -> None:
        """Another process writes; `heard`: its invalidation reaches this one."""
        self.shelf.put(doc)
        await self.cache.write("s1", [entry_of(doc)])
        if heard:
            self.reader.product_changed("s1", doc["barcode"], doc["ver"])

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.redis.model.advance(seconds)


async def test_a_product_is_read_once_then_remembered() -> None:
    bench = Bench(document(5))
    assert [await bench.version() for _ in range(3)] == [5, 5, 5]
    assert len(bench.shelf.asked) == 1
    assert bench.redis.calls == ["read", "store"]


async def test_a_copy_is_dropped_when_its_invalidation_arrives() -> None:
    bench = Bench(document(5))
    await bench.version()
    await bench.change(document(6))
    assert await bench.version() == 6
    assert len(bench.shelf.asked) == 1, "the writer had put the new value into Redis"


async def test_a_lost_invalidation_costs_two_seconds_at_most() -> None:
    bench = Bench(document(5))
    await bench.version()
    await bench.change(document(6), heard=False)
    bench.passes(1.99)
    assert await bench.version() == 5
    bench.passes(0.02)
    assert await bench.version() == 6


async def test_the_two_seconds_count_from_before_the_read() -> None:
    bench = Bench(document(5))
    bench.shelf.gate = asyncio.Event()
    slow = asyncio.create_task(bench.version())
    await asyncio.sleep(0.01)
    bench.passes(1.5)
    bench.shelf.gate.set()
    assert await slow == 5
    await bench.change(document(6), heard=False)
    bench.passes(0.6)
    assert await bench.version() == 6


async def test_memory_is_not_used_while_invalidations_may_be_missed() -> None:
    bench = Bench(document(5))
    await bench.version()
    bench.reader.disconnected()
    await bench.change(document(6), heard=False)
    assert await bench.version() == 6
    await bench.change(document(7), heard=False)
    assert await bench.version() == 7, "nothing is kept while nobody listens"
    bench.reader.connected()
    await bench.version()
    reads = bench.redis.calls.count("read")
    await bench.version()
    assert bench.redis.calls.count("read") == reads, "and memory is used again afterwards"


async def test_a_value_read_before_the_subscription_came_back_is_not_kept() -> None:
    bench = Bench(document(5))
    bench.shelf.gate = asyncio.Event()
    slow = asyncio.create_task(bench.version())
    await asyncio.sleep(0.01)
    bench.reader.disconnected()
    bench.reader.connected()
    bench.shelf.gate.set()
    await slow
    assert bench.reader.peek("s1", A) is None


async def test_a_value_whose_invalidation_came_while_it_was_read_is_not_kept() -> None:
    bench = Bench(document(5))
    bench.shelf.gate = asyncio.Event()
    slow = asyncio.create_task(bench.version())
    await asyncio.sleep(0.01)
    bench.reader.product_changed("s1", A, 6)
    bench.shelf.gate.set()
    await slow
    assert bench.reader.peek("s1", A) is None


async def test_a_value_is_not_kept_when_more_invalidations_came_than_are_remembered() -> None:
    bench = Bench(document(5))
    bench.shelf.gate = asyncio.Event()
    slow = asyncio.create_task(bench.version())
    await asyncio.sleep(0.01)
    bench.reader.product_changed("s1", A, 6)
    for number in range(5000):
        bench.reader.product_changed("s1", f"{number}", 1)
    bench.shelf.gate.set()
    await slow
    assert bench.reader.peek("s1", A) is None


@pytest.mark.parametrize("store", ["s1", None])
async def test_a_cleared_store_is_read_anew(store: str | None) -> None:
    bench = Bench(document(5))
    await bench.version()
    bench.reader.cleared(store)
    assert bench.reader.peek("s1", A) is None


async def test_a_reader_whose_fill_is_beaten_answers_with_the_newer_value() -> None:
    bench = Bench(document(5))
    bench.shelf.gate = asyncio.Event()
    slow = asyncio.create_task(bench.version())
    await asyncio.sleep(0.01)
    await bench.change(document(6))
    bench.shelf.gate.set()
    assert await slow == 6


async def test_an_old_value_left_in_redis_is_not_shown_after_a_newer_one() -> None:
    bench = Bench(document(9))
    await bench.version()
    bench.reader.cleared("s1")
    bench.redis.model.values.clear()
    await bench.cache.write("s1", [entry_of(document(7))])
    assert await bench.version() == 9
    assert len(bench.shelf.asked) == 2, "the database was asked who is right"


async def test_an_old_primary_is_not_believed_for_a_minute_then_it_is_a_restore() -> None:
    bench = Bench(document(9))
    await bench.version()
    bench.redis.down = True
    bench.reader.cleared(None)
    bench.shelf.put(document(7))
    assert await bench.version() == 9
    bench.passes(61)
    assert await bench.version() == 7


async def test_an_answer_of_redis_that_arrives_late_is_not_shown_after_a_newer_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(document(5))
    bench.reader.disconnected()
    await bench.cache.write("s1", [entry_of(document(5))])
    late = await bench.cache.read("s1", [A])
    await bench.change(document(6))
    assert await bench.version() == 6

    async def read_long_ago(_store: str, _barcodes: Sequence[str]) -> Any:
        return late

    monkeypatch.setattr(bench.cache, "read", read_long_ago)
    bench.redis.down = True
    assert await bench.version() == 6


async def test_a_newer_version_met_on_the_way_to_a_pack_ends_the_copy_of_the_older() -> None:
    bench = Bench(document(5, units=UNITS))
    old = await bench.reader.get("t1", "s1", A)
    await bench.change(document(6, units=UNITS), heard=False)
    assert await bench.version(CASE) == 6
    assert old is not None
    assert old.fresh_until == 0, "answers made from it must not be given any more"
    assert await bench.version() == 6


async def test_many_readers_of_a_cold_barcode_ask_the_database_once() -> None:
    bench = Bench(document(5))
    bench.reader.disconnected()
    assert set(await asyncio.gather(*(bench.version() for _ in range(500)))) == {5}
    assert len(bench.shelf.asked) == 1


async def test_a_request_never_shares_a_read_that_began_before_it() -> None:
    bench = Bench(document(5))
    bench.redis.down = True
    bench.shelf.gate = asyncio.Event()
    first = asyncio.create_task(bench.version())
    await asyncio.sleep(0.01)
    bench.shelf.put(document(6))
    later = [asyncio.create_task(bench.version()) for _ in range(20)]
    await asyncio.sleep(0.01)
    bench.shelf.gate.set()
    assert await first == 5
    assert {await each for each in later} == {6}
    assert len(bench.shelf.asked) == 2


async def test_a_passenger_who_leaves_does_not_stop_the_others() -> None:
    bench = Bench(document(5))
    bench.shelf.gate = asyncio.Event()
    tasks = [asyncio.create_task(bench.version()) for _ in range(5)]
    await asyncio.sleep(0.01)
    tasks[0].cancel()
    tasks[1].cancel()
    bench.shelf.gate.set()
    assert {await task for task in tasks[2:]} == {5}
    assert not bench.reader._flights
    assert not bench.reader._next


async def test_a_failing_database_fails_everyone_who_asked_and_nobody_after() -> None:
    bench = Bench(document(5))
    bench.shelf.fails = ConnectionError("no primary")
    results = await asyncio.gather(*(bench.version() for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionError] * 5
    bench.shelf.fails = None
    assert await bench.version() == 5
    assert not bench.reader._flights


async def test_without_redis_the_database_answers_and_nothing_is_kept_too_long() -> None:
    bench = Bench(document(5))
    bench.redis.down = True
    bench.reader.disconnected()
    assert await bench.version() == 5
    bench.shelf.put(document(6))
    assert await bench.version() == 6


async def test_an_unknown_barcode_is_asked_once_in_five_seconds() -> None:
    bench = Bench()
    assert [await bench.version() for _ in range(3)] == [None] * 3
    assert len(bench.shelf.asked) == 1
    bench.passes(5.1)
    bench.shelf.put(document(5))
    assert await bench.version() == 5


async def test_a_product_that_appears_replaces_the_memory_of_its_absence() -> None:
    bench = Bench()
    assert await bench.version() is None
    await bench.change(document(5))
    assert await bench.version() == 5


async def test_a_deleted_product_is_unknown_and_its_successor_is_not() -> None:
    bench = Bench(document(5))
    await bench.version()
    await bench.change(document(6, status="deleted"))
    assert await bench.version() is None
    await bench.change(document(7))
    assert await bench.version() == 7


async def test_a_pack_leads_to_its_product() -> None:
    bench = Bench(document(5, units=UNITS))
    for _ in range(2):
        assert await bench.version(CASE) == 5
    assert len(bench.shelf.asked) == 1
    assert await bench.version(A) == 5
    assert len(bench.shelf.asked) == 1, "the product was cached on the way"


async def test_the_way_to_a_pack_is_only_believed_if_the_product_still_has_it() -> None:
    bench = Bench(document(5, units=UNITS))
    await bench.version(CASE)
    await bench.change(document(6, units=[]))
    assert await bench.version(CASE) is None
    bench.shelf.put(document(7, B, units=UNITS))
    assert await bench.version(CASE) == 7


async def test_a_products_own_barcode_goes_before_a_packs() -> None:
    own, other = document(5, CASE), document(9, A, units=UNITS)
    assert await Bench(other, own).version(CASE) == 5
    assert await Bench(other, own | {"status": "inactive"}).version(CASE) == 5
    assert await Bench(other, own | {"status": "deleted"}).version(CASE) == 9


async def test_many_barcodes_cost_one_read_of_redis_and_one_query() -> None:
    docs = [document(5, f"{number}") for number in range(40)]
    bench = Bench(*docs, document(8, A, units=UNITS))
    wanted = [f"{number}" for number in range(45)] + [CASE]
    found = await bench.reader.get_many("t1", "s1", wanted)
    assert len(found) == 41
    assert found[CASE].ver == 8
    assert (bench.redis.calls, len(bench.shelf.asked)) == (["read", "store"], 1)
    again = await bench.reader.get_many("t1", "s1", wanted[:40])
    assert len(again) == 40
    assert bench.redis.calls == ["read", "store"]


async def test_another_tenant_sees_nothing_even_with_the_stores_name() -> None:
    bench = Bench(document(5))
    assert await bench.version() == 5
    assert await bench.version(tenant="t2") is None
    assert await bench.reader.get_many("t2", "s1", [A]) == {}


async def test_memory_is_bounded_and_forgets_what_nobody_reads() -> None:
    docs = [document(5, f"{number}") for number in range(50)]
    bench = Bench(*docs, entries=10)
    for number in range(50):
        await bench.version(f"{number}")
        held = bench.reader.peek("s1", f"{number}")
        assert held is not None
        if number == 0:
            first = held
    assert len(bench.reader._held) == 10
    assert first.fresh_until == 0, "an evicted copy can no longer be told of changes, so it is not fresh"


async def test_a_copy_that_is_read_again_and_again_is_the_same_object() -> None:
    bench = Bench(document(5))
    before = await bench.reader.get("t1", "s1", A)
    bench.passes(2.5)
    after = await bench.reader.get("t1", "s1", A)
    assert before is after
    await bench.change(document(6))
    assert (await bench.reader.get("t1", "s1", A)) is not before
    assert before is not None
    assert before.fresh_until == 0


async def test_a_tombstone_sends_readers_to_the_database() -> None:
    bench = Bench(document(5))
    await bench.cache.write("s1", [Entry(A, 5, b"")])
    assert await bench.version() == 5
    assert len(bench.shelf.asked) == 1


@pytest.mark.parametrize("seed", range(30))
async def test_no_interleaving_of_readers_writers_and_losses_goes_back(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import random

    dice = random.Random(seed)
    bench = Bench(document(1))
    last = [0]

    async def pause(_name: str = "") -> None:
        for _ in range(dice.randrange(6)):
            await asyncio.sleep(0)

    monkeypatch.setattr("functions.common.failpoints.hit", pause)
    bench.redis.gate = pause

    async def read() -> None:
        for _ in range(30):
            version = await bench.version()
            assert version is not None
            assert version >= last[0], f"went back from {last[0]} to {version}"
            last[0] = version
            await pause()

    async def write() -> None:
        for ver in range(2, 25):
            await pause()
            bench.shelf.put(document(ver))
            await pause()
            await bench.cache.write("s1", [entry_of(document(ver))])
            if dice.random() < 0.7:
                await pause()
                bench.reader.product_changed("s1", A, ver)

    async def upset() -> None:
        shakes: list[Callable[[], None]] = [
            bench.redis.model.values.clear,
            lambda: setattr(bench.redis, "down", True),
            lambda: setattr(bench.redis, "down", False),
            bench.reader.disconnected,
            bench.reader.connected,
            lambda: bench.passes(0.9),
        ]
        for _ in range(25):
            dice.choice(shakes)()
            await pause()
        bench.redis.down = False

    await asyncio.gather(read(), read(), read(), write(), upset())
    await bench.cache.close()
