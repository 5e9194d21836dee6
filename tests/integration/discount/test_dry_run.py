"""A dry run with the store's own products and the tenant's saved promotions."""

from __future__ import annotations

from typing import Any

import pytest

from functions.common import mongo, redis
from tests.integration.discount.conftest import (
    BERLIN,
    MILK,
    MILK_CASE,
    PARIS,
    RIVAL,
    TEN,
    UNPRICED,
    Discount,
)


def reasons(data: dict[str, Any]) -> dict[str, str | None]:
    return {each["promotionId"]: each["reason"] for each in data["promotions"]}


async def test_prices_categories_and_classes_come_from_the_store(discount: Discount) -> None:
    await discount.create(status="active")
    lines = [
        {"lineId": "milk", "barcode": MILK.zfill(14), "quantity": 2000},
        {"lineId": "case", "barcode": MILK_CASE},
        {"lineId": "tea", "barcode": MILK, "categoryId": "tea"},
        {"lineId": "other", "barcode": "4012345678901", "unitPrice": 100},
    ]
    taxes = {"classes": [{"taxClass": "reduced", "rates": [{"rate": "7"}]}], "defaultClass": "reduced"}
    reply = await discount.try_out(lines=lines, taxes=taxes)
    assert reply.status_code == 200, reply.text
    data = reply.json()["data"]
    assert [(each["lineId"], each["amount"], each["discount"]) for each in data["lines"]] == [
        ("milk", 318, 32),
        ("case", 899, 90),
        ("tea", 159, 0),
        ("other", 100, 0),
    ]
    assert data["lines"][1]["quantity"] == 6000
    assert (data["total"], [share["rate"] for share in data["taxShares"]]) == (1354, ["7"])


async def test_the_promotions_of_the_store_take_part_as_asked(discount: Discount) -> None:
    await discount.create("here", status="active", storeIds=[BERLIN])
    await discount.create("everywhere", status="active", stacking="exclusive", priority=-1)
    await discount.create("elsewhere", status="active", storeIds=[PARIS])
    await discount.create("planned")
    await discount.create("gone", status="active")
    await discount.delete("gone")
    await discount.create("over", status="active")
    await discount.put("over", status="ended")
    await discount.create("rival", discount.manager(tenant=RIVAL), status="active")
    assert reasons((await discount.try_out()).json()["data"]) == {"here": None, "everywhere": "UNITS_TAKEN"}
    drafts = (await discount.try_out(saved="all")).json()["data"]
    assert set(reasons(drafts)) == {"here", "everywhere", "planned"}
    assert (await discount.try_out(saved="none")).json()["data"]["promotions"] == []


async def test_an_edit_can_be_tried_before_it_is_saved(discount: Discount) -> None:
    await discount.create(status="active")
    edit = {"promotionId": "milk-week", "name": "Milk week", "benefit": {**TEN, "basisPoints": 5000}}
    data = (await discount.try_out(promotions=[edit])).json()["data"]
    assert [(each["promotionId"], each["ver"], each["discount"]) for each in data["promotions"]] == [
        ("milk-week", 0, 80)
    ]
    saved = (await discount.try_out()).json()["data"]["promotions"]
    assert [(each["ver"], each["discount"]) for each in saved] == [(1, 16)]


async def test_nothing_is_kept_of_a_dry_run(discount: Discount) -> None:
    await discount.create(status="active")
    before = await discount.document()
    published = list(discount.published)
    assert (await discount.try_out(saved="all")).status_code == 200
    assert await discount.document() == before
    assert discount.published == published
    assert await mongo.database().idempotency.count_documents({}) == 0


@pytest.mark.parametrize(("barcode", "code"), [("4012345678901", "UNKNOWN_PRODUCT"), (UNPRICED, "PRODUCT_NOT_PRICED")])
async def test_a_product_without_a_price_here_is_refused_with_its_place(
    barcode: str, code: str, discount: Discount
) -> None:
    reply = await discount.try_out(lines=[{"lineId": "1", "barcode": MILK}, {"lineId": "2", "barcode": barcode}])
    assert reply.status_code == 400
    (detail,) = reply.json()["error"]["details"]
    assert (detail["field"], detail["code"]) == ("lines.1.barcode", code)


async def test_the_products_of_another_store_are_not_asked(discount: Discount) -> None:
    reply = await discount.try_out(storeId=PARIS)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "UNKNOWN_PRODUCT")
    only_paris = discount.manager(PARIS)
    assert (await discount.try_out(only_paris)).status_code == 403


async def test_without_redis_prices_come_from_the_database(discount: Discount) -> None:
    discount.world.change(redis_url="redis://127.0.0.1:9/0")
    await redis.cache().close()
    redis.replace(None)
    for _ in range(5):
        assert (await discount.try_out()).json()["data"]["total"] == 159
    assert redis.cache().is_down, "the dangerous state was reached"
