"""A day at the dashboard: the brand manager's desk, and staff with a phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from playwright.async_api import Page, expect
from pymongo import MongoClient

from local import catalogue
from local.issuer import PUSH_SERVICE_ACCOUNT
from local.welcome import STORE, TENANT
from tests.browser.desk import GOODS, bring
from tests.browser.screenshots.studio import Studio
from tests.support import bearer, push_body

HERE = f"/admin/stores/{STORE}"


async def tell(studio: Studio) -> None:
    """Every page that a brand manager works with, and those of staff and operators."""
    _sold(studio)
    _missing(studio)
    page = await signed_in(studio, "brand_manager", "desk-sign-in")
    await studio.shoot(page, "desk-start")
    await page.goto(f"{HERE}/products?q=milk")
    await studio.shoot(page, "desk-products")
    await page.goto(f"{HERE}/products/{catalogue.gtin(TENANT, 0)}")
    await expect(page.locator("main")).to_contain_text("Fresko")
    await studio.shoot(page, "desk-product")
    await page.goto(f"{HERE}/imports")
    await bring(page, GOODS)
    await studio.shoot(page, "desk-mapping")
    await page.get_by_role("button", name="Import this file").click()
    await expect(page.locator("#status")).to_contain_text("read, to be decided")
    await expect(page.locator("#rows")).to_contain_text("Put right")
    await studio.shoot(page, "desk-import")
    await page.goto("/admin/imports")
    await studio.shoot(page, "desk-imports")
    await page.goto("/admin/connections")
    await studio.shoot(page, "desk-connections")
    await page.goto("/admin/promotions/new")
    await page.get_by_label("Identifier").fill("milk-for-less")
    await page.get_by_label("Name").fill("Milk for less")
    await page.get_by_label("Percent off").fill("10")
    await page.get_by_label("Barcodes, one a line").fill(f"{catalogue.gtin(TENANT, 0)} 2")
    await page.get_by_role("button", name="Try it").click()
    await expect(page.locator("#tried")).to_contain_text("To pay")
    await studio.shoot(page, "desk-promotion")
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**/by-id/milk-for-less")
    await page.goto("/admin/promotions")
    await studio.shoot(page, "desk-promotions")
    await page.goto(f"{HERE}/sales")
    await expect(page.locator(".chart canvas")).to_be_visible()
    await studio.shoot(page, "desk-sales")
    await page.goto("/admin/sales")
    await studio.shoot(page, "desk-all-sales")
    await page.goto(f"{HERE}/availability")
    await expect(page.locator(".chart canvas")).to_be_visible()
    await studio.shoot(page, "desk-availability")
    staff = await signed_in(studio, "store_manager")
    await staff.goto(f"{HERE}/interventions")
    await studio.shoot(staff, "desk-staff")
    await staff.get_by_role("link", name="Look at it").first.click()
    await expect(staff.get_by_role("heading", level=1)).to_be_visible()
    await studio.shoot(staff, "desk-basket")
    await staff.goto(f"{HERE}/exits")
    await studio.shoot(staff, "desk-exit")
    await staff.goto(f"{HERE}/purchases")
    await studio.shoot(staff, "desk-purchases")
    await staff.locator("main tbody tr", has_text="paid, may leave").get_by_role("link").first.click()
    await expect(staff.get_by_role("heading", level=1)).to_be_visible()
    await studio.shoot(staff, "desk-purchase")
    await _not_understood(studio)
    operator = await signed_in(studio, "operator")
    await operator.goto("/admin/operations")
    await expect(operator.locator("main")).to_contain_text("price-ingest-apply")
    await expect(operator.locator("main")).not_to_contain_text("a rate needs two looks")
    await studio.shoot(operator, "desk-operations")
    await operator.locator("#now tbody a").first.click()
    await expect(operator.get_by_role("heading", name="What it says")).to_be_visible()
    await studio.shoot(operator, "desk-letter")


async def signed_in(studio: Studio, role: str, picture: str = "") -> Page:
    """Somebody who has just signed in."""
    page = await studio.page("/admin/sign-in")
    if picture:
        await studio.shoot(page, picture)
    await page.get_by_label("Role").select_option(role)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/admin")
    return page


async def _not_understood(studio: Studio) -> None:
    """An ERP's message that is no JSON: it is put aside, with its reason."""
    url = f"{studio.suite.door_url('price-ingest-apply')}/push/price-updates/{TENANT.id}"
    token, _ = studio.suite.issuer.oidc_token(url, PUSH_SERVICE_ACCOUNT)
    async with httpx.AsyncClient() as client:
        reply = await client.post(url, json=push_body(b"price;1.49"), headers=bearer(token))
        reply.raise_for_status()


def _sold(studio: Studio) -> None:
    """A month of sales, as facts would have added up."""
    own = {"tenantId": TENANT.id, "storeId": STORE, "currency": TENANT.currency, "rev": 1, "hours": [0] * 24}
    now = datetime.now(UTC)
    best = [
        {
            "barcode": catalogue.gtin(TENANT, 0),
            "name": "Almhof Light Whole Milk 1 l",
            "quantity": 184_000,
            "amount": 29_808,
        }
    ]
    days: list[dict[str, Any]] = []
    for number in range(30):
        day = (now - timedelta(days=number)).date().isoformat()
        receipts = 140 + (number * 37) % 60
        sums = {"receipts": receipts, "total": receipts * 1_874, "items": receipts * 7, "discount": receipts * 60}
        back = {"refunds": number % 3, "refunded": (number % 3) * 749, "cards": receipts // 3, "products": best}
        back |= {"interventions": receipts // 9, "rejected": number % 2}
        days.append({"_id": f"{TENANT.id}:{STORE}:{day}", **own, "day": day, "summedAt": now, **sums, **back})
    with MongoClient[dict[str, Any]](studio.suite.mongo_uri) as client:
        database = client[studio.suite.mongo_database]
        sold = [{"_id": each["_id"], **own, "day": each["day"], "products": best} for each in days]
        for name, documents in (("sales_days", days), ("sales_products", sold)):
            # What the shop's story has bought today may have been added up by now.
            database[name].delete_many({"storeId": STORE})
            database[name].insert_many(documents)


def _missing(studio: Studio) -> None:
    """What looks at the shelves would have found in a month, and three products that are out of stock now."""
    own, now = {"tenantId": TENANT.id, "storeId": STORE}, datetime.now(UTC)
    days = []
    for number in range(30):
        day, out = (now - timedelta(days=number)).date().isoformat(), 3 + (number * 7) % 11
        sums = {"slot": 1, "looks": 288, "listed": 240, "out": out, "sumListed": 240 * 288, "sumOut": out * 250}
        days.append({"_id": f"{TENANT.id}:{STORE}:{day}", **own, "day": day, "lookedAt": now, **sums})
    outs = []
    for number, hours in enumerate((2, 29, 75)):
        barcode, since = catalogue.gtin(TENANT, number + 1), now - timedelta(hours=hours)
        known = {"rev": 1, "since": since, "until": None, "times": number + 1, "seconds": number * 5_400}
        seen = [{"v": 1, "at": since, "out": True}]
        outs.append({"_id": f"{TENANT.id}:{STORE}:{barcode}", **own, "barcode": barcode, "seen": seen, **known})
    with MongoClient[dict[str, Any]](studio.suite.mongo_uri) as client:
        database = client[studio.suite.mongo_database]
        for each in outs:
            each["name"] = database["products"].find_one({"storeId": STORE, "barcode": each["barcode"]})["name"]  # type: ignore[index]
        database["availability_days"].insert_many(days)
        database["stock_outs"].insert_many(outs)
