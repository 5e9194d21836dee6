"""The scan door as an app calls it, over a real MongoDB and a real Redis."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pymongo.asynchronous.database import AsyncDatabase

from functions.common import clock
from functions.common.product_cache import ProductCache
from functions.scan import wiring
from functions.scan.schemas import ScanBatchReply, ScanReply
from tests.integration.scan.conftest import (
    CHEESE,
    DELETED,
    GUM,
    HAM,
    INACTIVE,
    MILK,
    MILK_CASE,
    SIX_PACK,
    UNKNOWN,
    UNPRICED,
    WINE,
)
from tests.support import World

Database = AsyncDatabase[dict[str, Any]]
GS = "\x1d"


async def scan(client: httpx.AsyncClient, code: str, **more: Any) -> dict[str, Any]:
    reply = await client.post("/v1/scan", json={"code": code, **more})
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()["data"]
    ScanReply.model_validate(data)
    return data


async def refused(client: httpx.AsyncClient, code: str, **more: Any) -> tuple[int, str, Any]:
    reply = await client.post("/v1/scan", json={"code": code, **more})
    error = reply.json()["error"]
    return reply.status_code, error["code"], error.get("details")


async def answers(client: httpx.AsyncClient, code: str, status: int) -> None:
    """Soon, which is before copies in the process are two seconds old and forgotten anyway."""
    async with asyncio.timeout(1.5):
        while (await client.get(f"/v1/scan/{code}")).status_code != status:
            await asyncio.sleep(0.02)


async def test_a_scan_says_everything_about_a_product(client: httpx.AsyncClient, shop: Database) -> None:
    reply = await client.get(f"/v1/scan/{MILK}")
    assert reply.status_code == 200
    stored = await shop.products.find_one({"barcode": MILK, "storeId": "s1"})
    assert stored is not None
    assert reply.json()["data"] == {
        "product": {
            "id": str(stored["_id"]),
            "barcode": MILK,
            "name": "Oat milk",
            "brandId": "b1",
            "categoryId": "c1",
            "imageUrl": "https://img.test/milk.png",
            "measure": "each",
            "taxClass": "reduced",
            "ageRestriction": None,
        },
        "scanned": {"kind": "gtin", "barcode": MILK, "symbology": None, "unit": None},
        "quantity": 1000,
        "measure": "each",
        "askQuantity": False,
        "unitPrice": 159,
        "price": 159,
        "currency": "EUR",
        "priceSource": "list",
        "stock": {"available": 12_000, "level": "in_stock", "asOf": "2026-11-20T09:30:00.000Z"},
        "label": None,
        "blocked": None,
        "warnings": [],
        "freshness": {
            "priceAsOf": "2026-11-20T09:30:00.000Z",
            "updatedAt": "2026-11-01T08:00:00.000Z",
            "ver": stored["ver"],
        },
    }


@pytest.mark.parametrize(
    ("code", "more"),
    [
        (MILK, {}),
        (f"0{MILK}", {}),
        (f" {MILK}\r\n", {}),
        (f"]E0{MILK}", {}),
        (MILK, {"symbology": "ean_13"}),
        (f"]C101{MILK.zfill(14)}", {}),
        (f"https://shop.example/01/{MILK.zfill(14)}?17=991231", {}),
    ],
)
async def test_one_product_has_many_codes(client: httpx.AsyncClient, code: str, more: dict[str, str]) -> None:
    data = await scan(client, code, **more)
    assert (data["product"]["barcode"], data["price"]) == (MILK, 159)
    assert data["scanned"]["symbology"] == more.get("symbology")


async def test_the_answer_from_memory_is_the_answer_from_the_database(client: httpx.AsyncClient) -> None:
    answers = []
    for _ in range(4):
        answers.append((await client.get(f"/v1/scan/{MILK}")).json()["data"])
        await asyncio.sleep(0.1)
    assert answers == [answers[0]] * 4
    assert wiring.deps().answers._kept, "the door kept a finished answer"


async def test_a_pack_costs_what_the_pack_costs(client: httpx.AsyncClient) -> None:
    data = await scan(client, MILK_CASE)
    assert data["scanned"]["unit"] == {"name": "case of 6", "barcode": MILK_CASE, "quantity": 6000}
    assert (data["quantity"], data["unitPrice"], data["price"], data["priceSource"]) == (6000, 159, 899, "pack")
    assert data["product"]["barcode"] == MILK


async def test_a_pack_without_its_own_price_costs_its_pieces(client: httpx.AsyncClient) -> None:
    data = await scan(client, SIX_PACK)
    assert (data["quantity"], data["price"], data["priceSource"]) == (2000, 318, "list")


async def test_a_quantity_multiplies_the_price(client: httpx.AsyncClient) -> None:
    data = await scan(client, MILK, quantity=3000)
    assert (data["quantity"], data["price"]) == (3000, 477)


async def test_a_scale_label_says_the_weight(client: httpx.AsyncClient) -> None:
    data = await scan(client, "2123456005004")
    assert data["scanned"]["kind"] == "variable_measure"
    assert data["scanned"]["barcode"] == CHEESE
    assert (data["quantity"], data["measure"], data["unitPrice"], data["price"]) == (500, "weight", 1590, 795)
    assert data["label"]["source"] == "ean13-weight-verified"
    assert (data["label"]["measure"], data["label"]["quantity"]) == ("weight", 500)


async def test_a_weighed_product_without_a_weight_asks_for_it(client: httpx.AsyncClient) -> None:
    data = await scan(client, CHEESE)
    assert (data["askQuantity"], data["quantity"], data["price"], data["unitPrice"]) == (True, None, None, 1590)
    assert data["warnings"] == []
    weighed = await scan(client, CHEESE, quantity=250)
    assert (weighed["askQuantity"], weighed["price"]) == (False, 398)


async def test_a_misread_scale_label_is_refused(client: httpx.AsyncClient) -> None:
    assert await refused(client, "2123455005005") == (
        400,
        "INVALID_CODE",
        [
            {
                "field": "code",
                "code": "VERIFIER_DIGIT",
                "message": "The verifier digit of 2123455005005 is wrong for the label ean13-weight-verified: "
                "a misread digit?",
            }
        ],
    )


HAM_LABEL = f"]d201{HAM}3103001234"


async def test_gs1_data_say_weight_price_lot_and_dates(client: httpx.AsyncClient) -> None:
    data = await scan(client, f"{HAM_LABEL}1749123110LOT7{GS}39221299")
    assert (data["quantity"], data["price"], data["priceSource"]) == (1234, 1299, "label")
    label = data["label"]
    assert (label["source"], label["lot"], label["useBy"], label["price"]) == ("gs1", "LOT7", "2049-12-31", 1299)
    assert {"ai": "3103", "data": "001234"} in label["elements"]
    assert (data["blocked"], data["warnings"]) == (None, [])


async def test_the_use_by_date_is_the_stores_own_day(client: httpx.AsyncClient) -> None:
    # Half past ten in the evening in UTC is the next day already in Berlin.
    clock.freeze(lambda: datetime(2026, 11, 20, 22, 30, tzinfo=UTC).timestamp())
    try:
        good = await scan(client, f"{HAM_LABEL}17261119")
        late = await scan(client, f"{HAM_LABEL}17261120")
        next_day = await scan(client, f"{HAM_LABEL}17261121")
    finally:
        clock.freeze(None)
    assert good["blocked"]["reason"] == "EXPIRED"
    # 23:30 in Berlin: still the twentieth there.
    assert (late["blocked"], next_day["blocked"]) == (None, None)
    clock.freeze(lambda: datetime(2026, 11, 20, 23, 30, tzinfo=UTC).timestamp())
    try:
        assert (await scan(client, f"{HAM_LABEL}17261120"))["blocked"]["reason"] == "EXPIRED"
    finally:
        clock.freeze(None)


async def test_an_expired_item_is_blocked_and_says_why(client: httpx.AsyncClient) -> None:
    data = await scan(client, f"{HAM_LABEL}17200101")
    assert data["blocked"] == {
        "reason": "EXPIRED",
        "message": "The use-by date has passed: this must not be sold.",
    }
    assert data["price"] is not None


async def test_a_passed_best_before_date_is_a_warning(client: httpx.AsyncClient) -> None:
    data = await scan(client, f"{HAM_LABEL}1520010110LOT7")
    assert data["blocked"] is None
    assert [w["code"] for w in data["warnings"]] == ["BEST_BEFORE_PASSED"]


async def test_a_recalled_lot_is_blocked_even_when_it_has_expired_too(client: httpx.AsyncClient) -> None:
    data = await scan(client, f"{HAM_LABEL}1720010110BAD1")
    assert data["blocked"]["reason"] == "RECALLED_LOT"
    assert [w["code"] for w in data["warnings"]] == ["EXPIRED"]


async def test_a_recall_warns_when_the_code_does_not_say_the_lot(client: httpx.AsyncClient) -> None:
    assert [w["code"] for w in (await scan(client, HAM))["warnings"]] == ["LOT_NOT_ON_LABEL"]


async def test_age_stock_and_missing_prices_are_said(client: httpx.AsyncClient) -> None:
    wine, gum, new = await scan(client, WINE), await scan(client, GUM), await scan(client, UNPRICED)
    assert wine["product"]["ageRestriction"] == 18
    assert [w["code"] for w in wine["warnings"]] == ["AGE_RESTRICTED"]
    assert wine["stock"] == {"available": None, "level": "unknown", "asOf": None}
    assert gum["stock"]["level"] == "out_of_stock"
    assert (new["price"], new["priceSource"], new["currency"]) == (None, "none", "EUR")
    assert [w["code"] for w in new["warnings"]] == ["NOT_PRICED"]
    assert new["freshness"]["priceAsOf"] is None


async def test_little_stock_is_low(client: httpx.AsyncClient) -> None:
    assert (await scan(client, CHEESE, quantity=100))["stock"]["level"] == "low"


@pytest.mark.parametrize("code", [UNKNOWN, DELETED])
async def test_an_unknown_or_deleted_product_is_not_found(client: httpx.AsyncClient, code: str) -> None:
    for _ in range(2):
        status, error, details = await refused(client, code)
        assert (status, error) == (404, "PRODUCT_NOT_FOUND")
        assert details == {"barcodes": [code], "kind": "gtin"}


async def test_a_product_that_is_not_sold_now_says_so(client: httpx.AsyncClient) -> None:
    assert await refused(client, INACTIVE) == (
        409,
        "PRODUCT_NOT_FOR_SALE",
        {"barcode": INACTIVE, "name": "Seasonal"},
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "EMPTY"),
        ("4006381333932", "CHECK_DIGIT"),
        ("123", "BAD_LENGTH"),
        ("hello", "UNSUPPORTED_SYMBOL"),
        ("9" * 600, "TOO_LONG"),
        (f"]C110LOT7{GS}17261231", "NO_PRODUCT"),
    ],
)
async def test_a_code_that_cannot_be_read_says_what_is_wrong(client: httpx.AsyncClient, code: str, reason: str) -> None:
    status, error, details = await refused(client, code)
    assert (status, error) == (400, "INVALID_CODE")
    assert (details[0]["field"], details[0]["code"]) == ("code", reason)


async def test_a_coupon_is_not_a_product(client: httpx.AsyncClient) -> None:
    assert (await refused(client, "]C18112001234567890123456"))[:2] == (400, "CODE_IS_COUPON")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": 4006381333931},
        {"code": MILK, "storeId": "s2"},
        {"code": MILK, "quantity": 0},
        {"code": MILK, "quantity": 1.5},
        {"code": MILK, "symbology": "pdf_417"},
        {"code": "1" * 3000},
    ],
)
async def test_a_body_outside_its_schema_is_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    reply = await client.post("/v1/scan", json=body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "VALIDATION_FAILED")


async def test_a_gs1_code_survives_in_a_path_when_it_is_escaped(client: httpx.AsyncClient) -> None:
    reply = await client.get("/v1/scan/" + quote(f"{HAM_LABEL}10LOT7{GS}39221299", safe=""))
    assert reply.json()["data"]["label"]["lot"] == "LOT7"
    link = quote(f"https://id.gs1.org/01/{HAM}/10/LOT8?3103=000100", safe="")
    assert (await client.get(f"/v1/scan/{link}")).json()["data"]["label"]["lot"] == "LOT8"


async def test_each_store_sees_its_own_product_and_no_other(client: httpx.AsyncClient, world: World) -> None:
    ours = (await client.get(f"/v1/scan/{MILK}")).json()["data"]
    theirs = (await client.get(f"/v1/scan/{MILK}", headers=world.checked_in("t2", "s2"))).json()["data"]
    assert (ours["product"]["name"], theirs["product"]["name"]) == ("Oat milk", "Their milk")
    for tenant, store in (("t2", "s1"), ("t1", "s2"), ("t1", "nowhere")):
        reply = await client.get(f"/v1/scan/{MILK}", headers=world.checked_in(tenant, store))
        assert (reply.status_code, reply.json()["error"]["code"]) == (409, "STORE_CLOSED"), (tenant, store)
        assert "milk" not in reply.text
    assert (await client.get(f"/v1/scan/{MILK}")).json()["data"] == ours


async def test_a_closed_store_sells_nothing(client: httpx.AsyncClient, world: World) -> None:
    reply = await client.get(f"/v1/scan/{MILK}", headers=world.checked_in("t1", "s3"))
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "STORE_CLOSED")


async def test_a_scan_needs_a_session_token(client: httpx.AsyncClient, world: World) -> None:
    foreign = [
        {"Authorization": ""},
        world.shopper(),
        world.staff("brand_manager", "t1"),
        world.checked_in("t1", "s1", lives_s=-1),
    ]
    for headers in foreign:
        for reply in (
            await client.get(f"/v1/scan/{MILK}", headers=headers),
            await client.post("/v1/scan", json={"code": MILK}, headers=headers),
            await client.post("/v1/scan/batch", json={"items": [{"code": MILK}]}, headers=headers),
        ):
            assert reply.status_code == 401, reply.text


async def test_a_batch_answers_each_item_in_its_place(client: httpx.AsyncClient) -> None:
    items = [
        {"code": MILK},
        {"code": UNKNOWN},
        {"code": "nonsense"},
        {"code": INACTIVE},
        {"code": MILK_CASE, "quantity": 12_000},
        {"code": f"{HAM_LABEL}17200101"},
        {"code": MILK},
        {"code": "]C18112001234567890123456"},
        {"code": DELETED},
    ]
    reply = await client.post("/v1/scan/batch", json={"items": items})
    assert reply.status_code == 200, reply.text
    data = reply.json()["data"]
    ScanBatchReply.model_validate(data)
    assert (data["found"], data["failed"]) == (4, 5)
    assert [item["index"] for item in data["items"]] == list(range(9))
    codes = [item["error"]["code"] if item["error"] else item["data"]["price"] for item in data["items"]]
    assert codes == [
        159,
        "PRODUCT_NOT_FOUND",
        "INVALID_CODE",
        "PRODUCT_NOT_FOR_SALE",
        1798,
        3073,
        159,
        "CODE_IS_COUPON",
        "PRODUCT_NOT_FOUND",
    ]
    assert data["items"][5]["data"]["blocked"]["reason"] == "EXPIRED"
    single = await scan(client, MILK)
    assert data["items"][0]["data"] == single


async def test_a_batch_has_one_to_fifty_items(client: httpx.AsyncClient) -> None:
    for count, status in ((0, 400), (50, 200), (51, 400)):
        reply = await client.post("/v1/scan/batch", json={"items": [{"code": MILK}] * count})
        assert reply.status_code == status, reply.text


async def test_a_batch_of_unreadable_codes_asks_nobody(client: httpx.AsyncClient) -> None:
    reply = await client.post("/v1/scan/batch", json={"items": [{"code": "x"}]})
    assert (reply.json()["data"]["found"], reply.json()["data"]["failed"]) == (0, 1)


async def test_a_new_price_is_seen_by_the_next_scan(
    client: httpx.AsyncClient, shop: Database, writer: ProductCache
) -> None:
    for amount in range(160, 170):
        doc = await shop.products.find_one_and_update(
            {"storeId": "s1", "barcode": MILK},
            {"$set": {"price.amount": amount}, "$inc": {"ver": 1}},
            return_document=True,
        )
        assert doc is not None
        await writer.write_documents([doc])
        # The invalidation travels while the writer already knows: a moment, not the two seconds of the copy.
        async with asyncio.timeout(1.0):
            while (await client.get(f"/v1/scan/{MILK}")).json()["data"]["price"] != amount:
                await asyncio.sleep(0.001)
        case = await scan(client, SIX_PACK)
        assert case["price"] == 2 * amount


async def test_a_product_that_appears_is_found_though_it_was_unknown(
    client: httpx.AsyncClient, shop: Database, writer: ProductCache
) -> None:
    assert (await refused(client, UNKNOWN))[0] == 404
    from tests.integration.scan.conftest import product

    doc = dict(product(UNKNOWN, "Brand new", 321))
    await shop.products.insert_one(doc)
    await writer.write_documents([doc])
    assert (await scan(client, UNKNOWN))["price"] == 321


async def test_a_pack_that_appears_is_found_though_it_was_unknown(
    client: httpx.AsyncClient, shop: Database, writer: ProductCache
) -> None:
    assert (await refused(client, UNKNOWN))[0] == 404
    unit = {"name": "tray", "barcode": UNKNOWN, "quantity": 24_000}
    doc = await shop.products.find_one_and_update(
        {"storeId": "s1", "barcode": GUM}, {"$push": {"units": unit}, "$inc": {"ver": 1}}, return_document=True
    )
    assert doc is not None
    await writer.write_documents([doc], units=True)
    assert (await scan(client, UNKNOWN))["price"] == 24 * 99


async def test_a_pack_that_is_taken_away_is_unknown_again(
    client: httpx.AsyncClient, shop: Database, writer: ProductCache
) -> None:
    await scan(client, MILK_CASE)
    doc = await shop.products.find_one_and_update(
        {"storeId": "s1", "barcode": MILK}, {"$set": {"units": []}, "$inc": {"ver": 1}}, return_document=True
    )
    assert doc is not None
    await writer.write_documents([doc], units=True)
    await answers(client, MILK_CASE, 404)


async def test_a_deleted_product_is_unknown_at_once(
    client: httpx.AsyncClient, shop: Database, writer: ProductCache
) -> None:
    await scan(client, MILK)
    doc = await shop.products.find_one_and_update(
        {"storeId": "s1", "barcode": MILK}, {"$set": {"status": "deleted"}, "$inc": {"ver": 1}}, return_document=True
    )
    assert doc is not None
    await writer.write_documents([doc])
    await answers(client, MILK, 404)


async def test_a_store_that_is_changed_is_followed_at_once(
    client: httpx.AsyncClient, shop: Database, writer: ProductCache
) -> None:
    assert (await scan(client, "2123456005004"))["quantity"] == 500
    await shop.stores.update_one({"_id": "s1"}, {"$set": {"labelTemplates": []}, "$inc": {"ver": 1}})
    await writer.clear_store("s1")
    await answers(client, "2123456005004", 404)
    assert (await refused(client, "2123456005004"))[:2] == (404, "PRODUCT_NOT_FOUND")
    await shop.stores.update_one({"_id": "s1"}, {"$set": {"status": "inactive"}, "$inc": {"ver": 1}})
    await writer.clear_store("s1")
    await answers(client, "2123456005004", 409)
    for path in (f"/v1/scan/{MILK}", f"/v1/scan/{MILK}"):
        assert (await client.get(path)).json()["error"]["code"] == "STORE_CLOSED"


async def test_a_stores_rules_come_from_redis_when_they_are_there(
    client: httpx.AsyncClient, shop: Database, world: World
) -> None:
    await scan(client, MILK)
    await shop.stores.delete_many({})
    wiring._stores().forget(None)
    assert (await scan(client, MILK))["price"] == 159
    assert (await refused(client, UNKNOWN))[1] == "PRODUCT_NOT_FOUND"


async def test_the_door_is_ready_with_a_database_and_without_redis(client: httpx.AsyncClient) -> None:
    assert (await client.get("/ready")).json() == {"status": "ok", "checks": {"mongodb": "ok"}}
