"""Facts become figures of sales in a real MongoDB: once each, in any order, quick to read however many there are."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from functions.admin import sales_wiring, summing
from functions.common import mongo
from functions.common.contracts import catalog, checkout, discount
from functions.common.contracts.envelope import Event
from functions.common.errors import Rejected
from tests.support import World

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SCOPE = {"tenantId": "acme", "storeId": "berlin"}


def event(
    kind: tuple[str, int], number: int = 0, *, at: datetime = NOW, store: str = "berlin", **changes: Any
) -> Event:
    samples = {**checkout.SAMPLES, **discount.SAMPLES}
    data = {**samples[kind], **changes}
    if "checkoutId" in data:
        data["checkoutId"] = f"berlin.{number:032x}"
    return Event(f"{kind[0]}-{number}", kind[0], kind[1], "acme", store, at, data)


def purchase(number: int, total: int = 1299, at: datetime = NOW) -> list[Event]:
    """All that is told of one purchase."""
    stamp = at.isoformat()
    return [
        event(checkout.PAID, number, at=at, total=total, paidAt=stamp, items=3),
        event(checkout.CLOSED, number, at=at, total=total, paidAt=stamp),
        event(checkout.REFUNDED, number, at=at, total=total),
        event(discount.CARD_ACCEPTED, number, at=at),
    ]


async def told(events: list[Event]) -> None:
    for each in events:
        await summing.take(sales_wiring.deps(), each, NOW)


async def days(door: httpx.AsyncClient, **query: str) -> list[dict[str, Any]]:
    reply = await door.get("/v1/stores/berlin/sales", params=query)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["data"]
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_facts_in_any_order_told_twice_and_at_once_are_counted_once(door: httpx.AsyncClient, seed: int) -> None:
    events = [each for number in range(10) for each in purchase(number)]
    random.Random(seed).shuffle(events)
    half = len(events) // 2
    await told(events[:half])
    await summing.add_up(sales_wiring.deps(), NOW)
    await asyncio.gather(*(told([each]) for each in [*events, *events[half:]]))
    assert await summing.add_up(sales_wiring.deps(), NOW) == 1
    (day,) = await days(door)
    assert (day["date"], day["receipts"], day["total"], day["items"]) == ("2026-11-20", 10, 12990, 30)
    assert (day["refunds"], day["refunded"], day["cards"], day["currency"]) == (10, 4330, 10, "EUR")
    assert day["hours"][13] == 12990
    assert day["products"] == [{"barcode": "4006381333931", "name": "Pen", "quantity": 30000, "amount": 12990}]
    assert await summing.add_up(sales_wiring.deps(), NOW) == 0, "nothing has happened since"


async def test_what_happens_while_a_day_is_added_up_is_not_lost(
    door: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told(purchase(1))
    repository = sales_wiring.deps().sales
    real, late = repository.sums, iter([purchase(2), purchase(3), purchase(4)])

    async def sums(scope: Any, day: str) -> Any:
        found = await real(scope, day)
        await told(next(late, []))
        return found

    monkeypatch.setattr(repository, "sums", sums)
    await summing.add_up(sales_wiring.deps(), NOW)
    assert await days(door) == [], "three times somebody was faster"
    await summing.add_up(sales_wiring.deps(), NOW)
    assert [day["receipts"] for day in await days(door)] == [4]


async def test_a_fact_about_a_store_that_is_not_the_tenants_is_kept_aside(door: httpx.AsyncClient) -> None:
    with pytest.raises(Rejected):
        await told([event(checkout.PAID, 1, store="rome")])
    with pytest.raises(Rejected):
        await told([event(checkout.PAID, 1, paidAt="soon")])
    assert await mongo.collection("sales_receipts").count_documents({}) == 0


async def test_days_are_listed_the_latest_first_between_two_dates(door: httpx.AsyncClient) -> None:
    for number in range(5):
        await told(purchase(number, at=NOW - timedelta(days=number)))
    await summing.add_up(sales_wiring.deps(), NOW)
    assert [day["date"] for day in await days(door)] == [f"2026-11-{n}" for n in (20, 19, 18, 17, 16)]
    some = await days(door, **{"from": "2026-11-17", "to": "2026-11-18"})
    assert [day["date"] for day in some] == ["2026-11-18", "2026-11-17"]
    assert (await door.get("/v1/stores/berlin/sales?from=yesterday")).status_code == 400
    assert (await door.get("/v1/stores/berlin/sales?from=2026-02-30")).status_code == 400
    assert (await door.get("/v1/stores/rome/sales")).status_code == 404


async def test_baskets_that_staff_looked_at_are_counted_on_their_day(door: httpx.AsyncClient) -> None:
    events = [
        event(checkout.INTERVENTION_ENDED, 1, at=NOW + timedelta(days=1), interventionId="i1", status="rejected"),
        event(checkout.INTERVENTION_OPENED, 1, interventionId="i1"),
        event(checkout.INTERVENTION_OPENED, 2, interventionId="i2"),
        event(checkout.INTERVENTION_ENDED, 2, interventionId="i2", status="approved"),
    ]
    await told(events + events[::-1])
    await summing.add_up(sales_wiring.deps(), NOW)
    (day,) = await days(door)
    assert (day["date"], day["interventions"], day["rejected"], day["receipts"]) == ("2026-11-20", 2, 1, 0)


def closed(number: int, day: datetime, *lines: tuple[str, int, int]) -> Event:
    line = checkout.SAMPLES[checkout.CLOSED]["lines"][0]
    sold = [{**line, "barcode": code, "name": f"Product {code}", "quantity": q, "gross": a} for code, q, a in lines]
    total = sum(amount for *_, amount in lines)
    return event(checkout.CLOSED, number, at=day, paidAt=day.isoformat(), total=total, lines=sold)


PEN, TEA = "4006381333931", "4009999700010"


async def test_what_sold_in_a_period_is_added_up_by_product_and_by_day(door: httpx.AsyncClient) -> None:
    before = NOW - timedelta(days=40)
    await told(
        [closed(1, NOW, (PEN, 1000, 100), (TEA, 2000, 500)), closed(2, NOW - timedelta(days=1), (PEN, 3000, 300))]
    )
    await told([closed(3, before, (PEN, 9000, 900))])
    await summing.add_up(sales_wiring.deps(), NOW)
    period = {"from": "2026-11-01", "to": "2026-11-20"}
    reply = (await door.get("/v1/stores/berlin/sales/products", params=period)).json()
    assert [(each["barcode"], each["quantity"], each["amount"]) for each in reply["data"]] == [
        (TEA, 2000, 500), (PEN, 4000, 400),
    ]  # fmt: skip
    assert reply["pagination"]["total"] == 2
    second = await door.get("/v1/stores/berlin/sales/products", params={**period, "page": "2", "limit": "1"})
    assert [each["barcode"] for each in second.json()["data"]] == [PEN]
    over_time = (await door.get(f"/v1/stores/berlin/products/{PEN}/sales")).json()["data"]
    assert [(each["date"], each["quantity"]) for each in over_time] == [
        ("2026-11-20", 1000), ("2026-11-19", 3000), ("2026-10-11", 9000),
    ]  # fmt: skip
    assert [len(each["products"]) for each in await days(door, products="1")] == [1, 1, 1]
    assert [each["products"] for each in await days(door, products="0")] == [[], [], []]
    for wrong in ({"from": "2026-11-20", "to": "2026-11-19"}, {"from": "2025-01-01", "to": "2026-11-19"}, {}):
        assert (await door.get("/v1/stores/berlin/sales/products", params=wrong)).status_code == 400
    assert (await door.get("/v1/stores/rome/sales/products", params=period)).status_code == 404
    assert (await door.get(f"/v1/stores/rome/products/{PEN}/sales")).status_code == 404


async def test_stores_stand_side_by_side_and_nobody_sees_those_of_others(door: httpx.AsyncClient, world: World) -> None:
    rival = Event("r", *checkout.PAID, "rival", "rome", NOW, event(checkout.PAID, 9).data)
    hamburg = {"currency": "EUR", "timeZone": "Europe/Berlin", "status": "active", "codeVersion": 1, "ver": 1}
    await mongo.collection("stores").insert_one({"_id": "hamburg", "tenantId": "acme", "name": "Hamburg", **hamburg})
    await told([*purchase(1), *purchase(2, 900, NOW - timedelta(days=1)), rival])
    await told([event(checkout.PAID, 3, store="hamburg", total=50, paidAt=NOW.isoformat())])
    await summing.add_up(sales_wiring.deps(), NOW)
    reply = await door.get("/v1/sales", params={"from": "2026-11-19", "to": "2026-11-20"})
    assert [(each["storeId"], each["days"], each["total"], each["cards"]) for each in reply.json()["data"]] == [
        ("berlin", 2, 2199, 2), ("hamburg", 1, 50, 0),
    ]  # fmt: skip
    one_day = await door.get("/v1/sales", params={"from": "2026-11-20", "to": "2026-11-20", "limit": "1"})
    assert [each["total"] for each in one_day.json()["data"]] == [1299]
    assert one_day.json()["pagination"]["total"] == 2
    own = world.staff("store_manager", "acme", ("hamburg",))
    mine = await door.get("/v1/sales", params={"from": "2026-11-19", "to": "2026-11-20"}, headers=own)
    assert [each["storeId"] for each in mine.json()["data"]] == ["hamburg"]


async def test_an_older_sum_never_overwrites_a_newer_one(door: httpx.AsyncClient) -> None:
    day = {"_id": "acme:berlin:2026-11-20", "day": "2026-11-20", "rev": 7}
    best = [{"barcode": PEN, "name": "Pen", "quantity": 1000, "amount": 5}]
    sales = sales_wiring.deps().sales
    await sales.write_products(SCOPE, day, best)
    await sales.write_products(SCOPE, {**day, "rev": 6}, [])
    assert (await mongo.collection("sales_products").find_one())["products"] == best  # type: ignore[index]


async def test_a_change_of_a_price_is_kept_once_and_listed_for_its_store_alone(door: httpx.AsyncClient) -> None:
    first = catalog.SAMPLES[catalog.PRICE_CHANGED]["changes"][0]
    later = {**first, "old": 149, "new": 139, "sourceTime": "2026-11-20T10:30:00Z"}
    other = {**first, "field": "stock", "new": 5000, "currency": None}
    told = Event("e1", *catalog.PRICE_CHANGED, "acme", "berlin", NOW, {"changes": [later, first, other]})
    for _ in range(2):
        await sales_wiring.timeline().keep(told)
    where = "/v1/stores/berlin/products/4006381333931/timeline"
    points = (await door.get(where)).json()["data"]
    assert [(point["value"], point["before"]) for point in points] == [(139, 149), (149, 199)]
    assert [point["value"] for point in (await door.get(where, params={"field": "stock"})).json()["data"]] == [5000]
    assert (await door.get("/v1/stores/rome/products/4006381333931/timeline")).status_code == 404
    with pytest.raises(Rejected):
        await sales_wiring.timeline().keep(
            Event("e2", *catalog.PRICE_CHANGED, "acme", "berlin", NOW, {"changes": [{}]})
        )
