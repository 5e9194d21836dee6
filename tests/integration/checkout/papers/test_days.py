"""A day closing adds up, says the same however often it is asked for, and notices what does not fit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from functions.checkout import settings as checkout_settings
from functions.checkout.closing_days import DAY_CLOSINGS
from functions.common import migrations, mongo
from tests.integration.checkout.papers.conftest import paid
from tests.support import World
from tests.unit.checkout.papers.goods import STORE, TENANT, line, purchase

DAY = date(2026, 11, 19)
NOON = datetime(2026, 11, 19, 11, 0, tzinfo=UTC)
PATH = f"/v1/stores/{STORE}/day-closings"


@pytest.fixture
async def door(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_papers")
    checkout_settings.payment.replace(None)
    await migrations.apply(mongo.database(), [DAY_CLOSINGS])
    for tenant, store in ((TENANT, STORE), (TENANT, "acme-north"), ("bolt", "bolt-centre")):
        await mongo.collection("stores").insert_one(
            {
                "_id": store, "tenantId": tenant, "name": store, "currency": "EUR", "timeZone": "Europe/Berlin",
                "status": "active",
            }
        )  # fmt: skip
    async with world.door("checkout", "checkout") as client:
        yield client
    checkout_settings.payment.replace(None)


async def sold(number: int, at: datetime = NOON, *, lines: Any = None, **more: Any) -> dict[str, Any]:
    """A purchase with this receipt number."""
    made = purchase(lines or [line("Wine", 999), line("Bread", 350, tax_class="reduced")])
    receipt = {"number": number, "at": at, "store": {"name": "Acme", "address": None}, "footer": "", "links": []}
    own = {name: made[name] for name in ("lines", "totals", "payment")}
    (bought,) = await paid(**own | {"state": "closed", "receipt": receipt, "paidAt": at} | more)
    return bought


def refund(amount: int, at: datetime = NOON, state: str = "succeeded") -> dict[str, Any]:
    shares = [{"rate": "7", "net": amount - amount // 15, "tax": amount // 15, "gross": amount}]
    return {"id": f"r{amount}", "amount": amount, "state": state, "at": at, "reason": "broken", "shares": shares}


async def close(door: httpx.AsyncClient, world: World, day: Any = DAY, **who: Any) -> httpx.Response:
    caller = {"role": "store_manager", "tenant": TENANT, "stores_": [STORE]} | who
    return await door.post(PATH, json={"date": str(day)}, headers=world.staff(**caller))


async def closed(door: httpx.AsyncClient, world: World, day: Any = DAY) -> dict[str, Any]:
    reply = await close(door, world, day)
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()["data"]
    return data


async def test_a_day_adds_up(door: httpx.AsyncClient, world: World) -> None:
    await sold(1)
    await sold(2, lines=[line("Wine", 999)])
    cash = {"provider": "stripe", "captured": 1349, "method": {"type": "paypal", "brand": None, "last4": None}}
    await sold(3, payment=cash)
    await sold(4, lines=[line("Free", 0)], payment=None)
    await sold(5, refunds=[refund(350), refund(20, state="failed")], refunded=350)
    data = await closed(door, world)
    assert data["receipts"] == {"count": 5, "first": 1, "last": 5}
    assert data["total"] == 3 * 1349 + 999
    assert {rate["rate"]: rate["gross"] for rate in data["byRate"]} == {"19": 4 * 999, "7": 3 * 350}
    assert sum(rate["gross"] for rate in data["byRate"]) == data["total"]
    assert all(rate["net"] + rate["tax"] == rate["gross"] for rate in data["byRate"])
    assert [(m["type"], m["brand"], m["count"], m["amount"]) for m in data["byMethod"]] == [
        ("card", "visa", 3, 2 * 1349 + 999), ("paypal", None, 1, 1349),
    ]  # fmt: skip
    assert sum(method["amount"] for method in data["byMethod"]) == data["total"]
    assert (data["refunds"]["count"], data["refunds"]["amount"], data["takings"]) == (1, 350, data["total"] - 350)
    assert (data["differences"], data["complete"], data["revision"], data["currency"]) == ([], True, 1, "EUR")


async def test_a_day_without_sales_is_closed_with_nothing(door: httpx.AsyncClient, world: World) -> None:
    data = await closed(door, world)
    assert (data["receipts"], data["total"], data["byRate"]) == ({"count": 0, "first": None, "last": None}, 0, [])


async def test_closing_again_changes_nothing_until_something_has_changed(door: httpx.AsyncClient, world: World) -> None:
    bought = await sold(1)
    first = await closed(door, world)
    assert await closed(door, world) == first
    back = {"$set": {"refunds": [refund(350)], "refunded": 350}}
    await mongo.collection("purchases").update_one({"_id": bought["_id"], "storeId": STORE}, back)
    second = await closed(door, world)
    assert (second["revision"], second["takings"]) == (2, first["takings"] - 350)
    assert await closed(door, world) == second
    kept = await mongo.collection("day_closings").find_one({"storeId": STORE})
    assert kept is not None
    assert [(entry["revision"], entry["takings"]) for entry in kept["revisions"]] == [
        (1, first["takings"]), (2, second["takings"]),
    ]  # fmt: skip


async def test_twenty_who_close_at_once_write_one_closing(door: httpx.AsyncClient, world: World) -> None:
    await sold(1)
    said = await asyncio.gather(*(closed(door, world) for _ in range(20)))
    assert len({str(each) for each in said}) == 1
    assert said[0]["revision"] == 1
    assert await mongo.collection("day_closings").count_documents({"storeId": STORE}) == 1


async def test_a_day_is_the_store_s_and_may_have_another_length(door: httpx.AsyncClient, world: World) -> None:
    # The clocks went back at three in the morning of 2026-10-25: it began at 22:00 UTC and ended at 23:00 UTC.
    begin, end = datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)
    for number, at in enumerate([begin - timedelta(milliseconds=1), begin, end - timedelta(milliseconds=1), end], 1):
        await sold(number, at)
    counts = {day: (await closed(door, world, f"2026-10-{day}"))["receipts"]["count"] for day in (24, 25, 26)}
    assert counts == {24: 1, 25: 2, 26: 1}


async def test_a_refund_counts_on_its_own_day(door: httpx.AsyncClient, world: World) -> None:
    await sold(1, NOON - timedelta(days=1), refunds=[refund(350)], refunded=350)
    before, after = await closed(door, world, "2026-11-18"), await closed(door, world)
    assert (before["total"], before["takings"]) == (1349, 1349)
    assert (after["total"], after["refunds"]["amount"], after["takings"]) == (0, 350, -350)


async def test_what_does_not_fit_is_a_difference(door: httpx.AsyncClient, world: World) -> None:
    short = await sold(1, payment={"provider": "stripe", "captured": 1300, "method": None})
    await sold(2, NOON - timedelta(days=1))
    await sold(4)
    await sold(5, store="acme-north")
    (waiting,) = await paid(state="paid", paidAt=NOON)
    finding = {
        "kind": "amount_differs", "checkoutId": short["_id"], "storeId": STORE,
        "ours": {"captured": 1300, "refunded": 0}, "theirs": {"captured": 1349, "refunded": 0},
    }  # fmt: skip
    await mongo.collection("reconciliations").insert_one(
        {
            "tenantId": TENANT, "day": "2026-11-19", "from": NOON, "to": NOON + timedelta(hours=1),
            "findings": [finding, finding | {"storeId": "acme-north"}],
        }
    )  # fmt: skip
    data = await closed(door, world)
    assert [(each["code"], each["checkoutId"], each["ours"], each["theirs"]) for each in data["differences"]] == [
        ("NO_RECEIPT_YET", waiting["_id"], waiting["totals"]["total"], None),
        ("PAYMENT_DIFFERS", short["_id"], 1349, 1300),
        ("PROVIDER_AMOUNT_DIFFERS", short["_id"], 1300, 1349),
        ("RECEIPT_NUMBER_MISSING", None, 3, None),
    ]


async def test_today_is_not_complete_and_tomorrow_has_not_begun(door: httpx.AsyncClient, world: World) -> None:
    today = datetime.now(ZoneInfo("Europe/Berlin")).date()
    assert (await closed(door, world, today))["complete"] is False
    reply = await close(door, world, today + timedelta(days=3))
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "DAY_NOT_BEGUN")


@pytest.mark.parametrize(
    "day", ["2026-02-30", "2026-1-1", "20261119", 1795000000, "", None, "9999-12-31", "0001-01-01"]
)
async def test_a_day_is_a_day(door: httpx.AsyncClient, world: World, day: Any) -> None:
    headers = world.staff("store_manager", TENANT, [STORE])
    reply = await door.post(PATH, json={"date": day}, headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"]) in {(400, "VALIDATION_FAILED"), (400, "DAY_NOT_BEGUN")}


async def test_closings_are_listed_and_read_by_managers_of_the_store(door: httpx.AsyncClient, world: World) -> None:
    for day in ("2026-11-17", "2026-11-19", "2026-11-18"):
        await closed(door, world, day)
    headers = world.staff("brand_manager", TENANT)
    listed = (await door.get(PATH, params={"limit": 2}, headers=headers)).json()
    assert [each["date"] for each in listed["data"]] == ["2026-11-19", "2026-11-18"]
    assert listed["pagination"]["total"] == 3
    assert (await door.get(f"{PATH}/2026-11-18", headers=headers)).json()["data"]["date"] == "2026-11-18"
    for missing in ("2026-11-16", "x", "{}"):
        reply = await door.get(f"{PATH}/{missing}", headers=headers)
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "DAY_NOT_CLOSED")
    for caller in (world.staff("store_manager", "bolt"), world.staff("store_manager", TENANT, ["acme-north"])):
        assert (await door.get(f"{PATH}/2026-11-18", headers=caller)).status_code == 404
        assert (await door.post(PATH, json={"date": "2026-11-18"}, headers=caller)).status_code == 404
    for role in ("store_staff", "gate", "operator", "erp", "brand_manager"):
        assert (await close(door, world, role=role)).status_code == 403
