"""The verbs of the applying door over a shop in memory: lost writes, broken connections, crashes, births."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.common import clock
from functions.common.errors import Rejected, Retryable
from functions.price_ingest import service
from functions.price_ingest.domain import OUTCOMES
from functions.price_ingest.parts import Part
from functions.price_ingest.rounds import Rounds
from tests.functional.price_ingest.shop import Message, Shop

BARCODES = ("4006381333931", "3012345678902", "96385074")
NOW = 1_795_168_800.0


@pytest.fixture(autouse=True)
def _at_ten_o_clock_without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_source", lambda: NOW)
    # Other tasks run meanwhile, but nobody waits.
    monkeypatch.setattr(service, "_pause", lambda _most: asyncio.sleep(0))


def item(barcode: str = BARCODES[0], second: int = 0, store: str = "s1", **fields: Any) -> dict[str, Any]:
    return {"storeId": store, "barcode": barcode, "sourceTime": f"2026-11-20T09:00:{second:02}Z"} | fields


async def deliver(shop: Shop, *messages: Message) -> list[Part]:
    """All in one round."""
    parts = [await shop.ingest.read("t1", message) for message in messages]
    for failure in await shop.ingest.settle("t1", parts):
        if failure is not None:
            raise failure
    return parts


async def test_a_lost_compare_and_set_is_decided_again_with_the_newer_document() -> None:
    shop = Shop(seed=1)
    for barcode in BARCODES:
        shop.add(barcode)
    shop.lose = 0.5
    (part,) = await deliver(shop, Message([item(barcode, price=100) for barcode in BARCODES]))
    assert part.outcomes == ["applied"] * 3
    assert shop.reached["lost"], "the dangerous state was not reached"
    assert [shop.documents["s1", barcode]["price"]["amount"] for barcode in BARCODES] == [100] * 3


async def test_a_product_that_changes_without_end_sends_only_its_own_messages_back() -> None:
    shop = Shop()
    shop.add(BARCODES[0])
    shop.add(BARCODES[1])
    original = shop.write

    async def contended(tenant_id: str, changes: Any, now: Any) -> list[int]:
        shop.touch(("s1", BARCODES[0]))
        return await original(tenant_id, changes, now)

    shop.write = contended  # type: ignore[method-assign]
    parts = [
        await shop.ingest.read("t1", Message(item(barcode, price=100), f"m{number}"))
        for number, barcode in enumerate(BARCODES[:2])
    ]
    failures = await shop.ingest.settle("t1", parts)
    assert isinstance(failures[0], Retryable)
    assert failures[1] is None
    assert shop.documents["s1", BARCODES[1]]["price"]["amount"] == 100
    assert set(shop.reports) == {parts[1].key}
    assert [change["barcode"] for change in shop.changes()] == [BARCODES[1]]


async def test_after_a_broken_connection_the_round_finds_out_what_was_written() -> None:
    shop = Shop(seed=3)
    shop.add(BARCODES[0])
    shop.break_after_write = 0.6
    (part,) = await deliver(shop, Message(item(price=100, stock=5_000)))
    assert shop.reached["broken"]
    assert part.outcomes == ["applied"]
    assert shop.documents["s1", BARCODES[0]]["ver"] == 1001, "applied once"
    assert [(c["field"], c["old"], c["new"]) for c in shop.changes()] == [("price", None, 100), ("stock", None, 5_000)]
    assert len(shop.counts) == 1


async def test_when_mongodb_stays_away_the_messages_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_PATIENCE_SECONDS", 0.0)
    shop = Shop()
    shop.add(BARCODES[0])
    shop.down = 10
    with pytest.raises(Retryable):
        await deliver(shop, Message(item(price=100)), Message(item(price=100), "m2"))
    assert shop.down == 9, "not once for each message"
    assert not shop.reports
    assert not shop.events


async def test_a_bug_that_one_product_brings_out_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    for barcode in BARCODES:
        shop.add(barcode)
    decide = service._decide

    def buggy(document: Any, items: Any, moves: Any) -> Any:
        if document["barcode"] == BARCODES[1]:
            raise ZeroDivisionError
        return decide(document, items, moves)

    monkeypatch.setattr(service, "_decide", buggy)
    parts = [
        await shop.ingest.read("t1", Message(item(barcode, price=100), f"m{number}"))
        for number, barcode in enumerate(BARCODES)
    ]
    failures = await shop.ingest.settle("t1", parts)
    assert [type(failure) for failure in failures] == [type(None), ZeroDivisionError, type(None)]
    assert sorted(change["barcode"] for change in shop.changes()) == sorted((BARCODES[0], BARCODES[2]))


async def test_a_bug_in_telling_takes_down_only_the_message_that_causes_it() -> None:
    shop = Shop()
    for barcode in BARCODES:
        shop.add(barcode)
    original = shop.report

    async def buggy(parts: Any) -> None:
        if any(part.key.startswith("m1-") for part in parts):
            raise ZeroDivisionError
        await original(parts)

    shop.report = buggy  # type: ignore[method-assign]
    shop.ingest._reporter = shop  # type: ignore[assignment]
    parts = [
        await shop.ingest.read("t1", Message(item(barcode, price=100), f"m{number}"))
        for number, barcode in enumerate(BARCODES)
    ]
    failures = await shop.ingest.settle("t1", parts)
    assert [type(failure) for failure in failures] == [type(None), ZeroDivisionError, type(None)]
    assert len(shop.reports) == 2


async def test_one_price_update_needs_no_more_round_trips_for_a_thousand_than_for_one() -> None:
    shop = Shop()
    calls: Counter[str] = Counter()
    for name in ("find", "find_whole", "write", "supersede", "write_documents", "add_counts", "report", "publish"):
        original = getattr(shop, name)

        async def counted(*arguments: Any, name: str = name, original: Any = original) -> Any:
            calls[name] += 1
            return await original(*arguments)

        setattr(shop, name, counted)
    shop.ingest = type(shop.ingest)(
        products=shop,  # type: ignore[arg-type]
        parked=shop.ingest._parked,
        reporter=shop,  # type: ignore[arg-type]
        cache=shop,
        movements=shop.movements,
        add_counts=shop.add_counts,
        publish=shop.publish,
        currency_of=shop.currency_of,
    )
    for barcode in BARCODES:
        shop.add(barcode)
    await deliver(shop, *(Message(item(barcode, price=1), f"m-{barcode}") for barcode in BARCODES))
    assert calls == {"find": 1, "write": 1, "supersede": 1, "add_counts": 1, "report": 1, "publish": 1}


# ---- stock -----------------------------------------------------------------------------------------------


async def test_a_count_does_not_undo_what_was_sold_after_it() -> None:
    shop, key = Shop(), ("s1", BARCODES[0])
    shop.add(BARCODES[0])
    await deliver(shop, Message(item(stock=10_000, second=1)))
    at = 1_795_165_200_000_000
    for number in range(300):
        shop.record_sale(key, {"id": f"sale-{number}", "kind": "sale", "q": 10, "at": at + number * 100_000})
    await deliver(shop, Message(item(stock=20_000, second=10), "m2"))
    after = sum(10 for number in range(300) if number * 100_000 > 10_000_000)
    assert shop.documents[key]["stock"]["avail"] == 20_000 - after
    assert shop.reached["ledger"], "the product's own memory was not too short"


async def test_the_first_count_of_a_product_takes_in_what_was_sold_before_anybody_counted() -> None:
    shop, key = Shop(), ("s1", BARCODES[0])
    shop.add(BARCODES[0])
    shop.record_sale(key, {"id": "sale-1", "kind": "sale", "q": 2_000, "at": 1_795_165_230_000_000})
    await deliver(shop, Message(item(stock=10_000, second=10)))
    assert shop.documents[key]["stock"]["avail"] == 8_000


# ---- parked ----------------------------------------------------------------------------------------------


async def test_parked_updates_are_applied_when_the_product_is_published() -> None:
    shop = Shop()
    (part,) = await deliver(shop, Message([item(price=100, second=2), item(price=90, stock=5_000, second=1)]))
    assert part.outcomes == ["parked", "parked"]
    assert not shop.events
    shop.add(BARCODES[0])
    await shop.ingest.apply_parked("t1", "s1", [BARCODES[0]])
    document = shop.documents["s1", BARCODES[0]]
    assert (document["price"]["amount"], document["stock"]["avail"]) == (100, 5_000)
    assert not shop.parked
    assert [(c["field"], c["new"]) for c in shop.changes()] == [("price", 100), ("stock", 5_000)]
    await shop.ingest.apply_parked("t1", "s1", [BARCODES[0]])


async def test_a_product_born_while_its_update_is_parked_gets_it() -> None:
    shop = Shop()
    shop.on_park = [("s1", BARCODES[0])]
    (part,) = await deliver(shop, Message(item(price=100)))
    assert shop.reached["born while parking"] == 1
    assert part.outcomes == ["applied"]
    assert shop.documents["s1", BARCODES[0]]["price"]["amount"] == 100


async def test_a_parked_update_does_not_overwrite_a_newer_one() -> None:
    shop = Shop()
    await deliver(shop, Message(item(price=100, second=1)))
    shop.add(BARCODES[0])
    await deliver(shop, Message(item(price=200, second=2), "m2"))
    await shop.ingest.apply_parked("t1", "s1", [BARCODES[0]])
    assert shop.documents["s1", BARCODES[0]]["price"]["amount"] == 200
    assert not shop.parked


async def test_the_announcement_of_a_parked_update_is_not_taken_for_the_one_of_its_message() -> None:
    shop = Shop()
    shop.add(BARCODES[0])
    await deliver(shop, Message([item(price=1), item(BARCODES[1], price=2)]))
    shop.add(BARCODES[1])
    await shop.ingest.apply_parked("t1", "s1", [BARCODES[1]])
    assert sorted(change["new"] for change in shop.changes()) == [1, 2]


# ---- the cache -------------------------------------------------------------------------------------------


async def test_only_what_is_being_scanned_is_written_through_and_the_rest_is_void() -> None:
    shop = Shop()
    for barcode in BARCODES:
        shop.add(barcode)
    shop.scanned = {("s1", BARCODES[0])}
    await deliver(shop, Message([item(barcode, price=100) for barcode in BARCODES]))
    ver, value = shop.cached["s1", BARCODES[0]]
    assert value is not None
    assert (ver, value["price"]["amount"]) == (1001, 100)
    assert shop.cached["s1", BARCODES[1]] == (1001, None)


# ---- reading a message -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "attributes", "code"),
    [([], {}, "BAD_SHAPE"), (1, {}, "BAD_SHAPE"), (item(price=1), {"batchId": "no/id"}, "BAD_SHAPE")],
)
async def test_a_message_that_is_none_is_rejected(content: Any, attributes: dict[str, str], code: str) -> None:
    with pytest.raises(Rejected) as caught:
        await Shop().ingest.read("t1", Message(content, **attributes))
    assert caught.value.code == code


async def test_a_message_without_one_valid_update_is_a_dead_letter_unless_its_batch_reports_it() -> None:
    shop = Shop()
    for attributes in ({}, {"batchId": "b1"}):
        part = await shop.ingest.read("t1", Message([item(price=-1), item(store="s9", price=1)], **attributes))
        assert part.updates == []
        if attributes:
            await shop.ingest.refuse(part)
        else:
            with pytest.raises(Rejected, match="none of 2"):
                await shop.ingest.refuse(part)
    assert next(iter(shop.reports.values()))["rejected"] == 2


async def test_messages_are_told_apart_by_their_content_even_when_a_publisher_reuses_an_id() -> None:
    shop = Shop()
    one = await shop.ingest.read("t1", Message(item(price=1)))
    again = await shop.ingest.read("t1", Message(item(price=1)))
    other = await shop.ingest.read("t1", Message(item(price=2)))
    assert one.key == again.key != other.key


# ---- everything at once ----------------------------------------------------------------------------------

items = st.builds(
    item,
    st.sampled_from(BARCODES),
    st.integers(0, 9),
    st.sampled_from(["s1", "s2"]),
    sequence=st.integers(0, 1),
    source=st.sampled_from(["a", "b"]),
    price=st.one_of(st.none(), st.integers(0, 3)),
    stock=st.one_of(st.none(), st.integers(0, 3), st.just(-1)),
)
messages = st.lists(st.lists(items, min_size=1, max_size=4), min_size=1, max_size=10)


def valid(each: dict[str, Any]) -> bool:
    return (each["price"] is not None or each["stock"] is not None) and each["stock"] != -1


def mark(each: dict[str, Any]) -> tuple[str, int, str]:
    return each["sourceTime"], each["sequence"], each["source"]


def consistent(contents: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """The same with values that follow from the watermark, so that there is one right end."""
    made = []
    for content in contents:
        for each in content:
            value = sum(map(ord, "".join(map(str, mark(each))))) % 97
            if each["price"] is not None:
                each["price"] = value
            if each["stock"] not in (None, -1):
                each["stock"] = value
        made.append(content)
    return made


@given(messages, st.randoms(use_true_random=False), st.integers(0, 10**6), st.integers(1, 6))
@settings(deadline=None, max_examples=150)
def test_the_end_is_the_oracles_whatever_is_lost_broken_repeated_and_mixed(
    contents: list[list[dict[str, Any]]], chance: Any, seed: int, most: int
) -> None:
    asyncio.run(_fire(consistent(contents), chance, seed, most))


async def _fire(contents: list[list[dict[str, Any]]], chance: Any, seed: int, most: int) -> None:
    shop = Shop(seed)
    shop.lose, shop.break_after_write = 0.2, 0.1
    born = [(store, barcode) for barcode in BARCODES for store in ("s1", "s2")]
    for store, barcode in born[:4]:
        shop.add(barcode, store)
    rounds: Rounds[Part] = Rounds(shop.ingest.settle, most_updates=most)
    deliveries = [(f"m{number}", content) for number, content in enumerate(contents)]
    deliveries += chance.choices(deliveries, k=len(deliveries) // 2)
    chance.shuffle(deliveries)

    async def push(name: str, content: Any) -> None:
        part = await shop.ingest.read("t1", Message(content, name, batchId="b1"))
        for _ in range(20):
            try:
                await (rounds.submit("t1", part) if part.updates else shop.ingest.refuse(part))
            except Retryable:
                part = await shop.ingest.read("t1", Message(content, name, batchId="b1"))
            else:
                break

    half = len(deliveries) // 2
    await asyncio.gather(*(push(*each) for each in deliveries[:half]))
    for store, barcode in born[4:]:
        shop.add(barcode, store)
        await shop.ingest.apply_parked("t1", store, [barcode])
    await asyncio.gather(*(push(*each) for each in deliveries[half:]))
    _check(shop, contents)


def _check(shop: Shop, contents: list[list[dict[str, Any]]]) -> None:
    for key, document in shop.documents.items():
        mine = [u for content in contents for u in content if (u["storeId"], u["barcode"]) == key and valid(u)]
        for name, stored in (("price", "amount"), ("stock", "count")):
            values = [u for u in mine if u[name] is not None]
            expected = max(values, key=mark)[name] if values else None
            assert (document.get(name) or {}).get(stored) == expected, (key, name)
        if document.get("price") or document.get("stock"):
            cached = shop.cached[key]
            assert cached[0] <= document["ver"]
    assert not shop.parked
    for number, content in enumerate(contents):
        (report,) = [counts for key, counts in shop.reports.items() if key.startswith(f"m{number}-")]
        assert sum(report[name] for name in OUTCOMES) == len(content)
        assert report["rejected"] == sum(not valid(each) for each in content)
        assert report["conflict"] == 0
    # What is in the products is what was announced last, for every field that ever changed.
    for name in ("price", "stock"):
        for (store, barcode), document in shop.documents.items():
            told = [
                change
                for event in shop.events.values()
                if event["storeId"] == store
                for change in event["data"]["changes"]
                if (change["barcode"], change["field"]) == (barcode, name)
            ]
            if told:
                newest = max(told, key=lambda change: change["ver"])
                assert newest["new"] == document[name]["amount" if name == "price" else "avail"]


async def test_a_replayed_dead_letter_says_what_its_dead_workers_could_not_say_under_the_same_ids() -> None:
    shop = Shop()
    for barcode in BARCODES:
        shop.add(barcode)
    content = [item(barcode, price=100, stock=3_000) for barcode in BARCODES]
    await deliver(shop, Message(content))
    first = dict(shop.events)
    shop.events.clear()
    # Pub/Sub gives a dead letter an id of its own.
    (part,) = await deliver(shop, Message(content, "another", replayOf="letter"))
    assert part.outcomes == ["applied"] * 3
    assert first
    assert {name: event["data"] for name, event in shop.events.items()} == {n: e["data"] for n, e in first.items()}
    shop.events.clear()
    (part,) = await deliver(shop, Message([*content, item(BARCODES[0], price=100)], "m3", replayOf="another letter"))
    assert part.outcomes == ["duplicate"] * 4, "the same values in another message are news to nobody"
    assert not shop.events
