"""A day at the dashboard: the brand manager's desk, and staff with a phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Page, expect
from pymongo import MongoClient

from local import catalogue
from local.welcome import STORE, TENANT
from tests.browser.desk import GOODS, bring
from tests.browser.screenshots.studio import Studio

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
    await page.goto("/admin/promotions/new")
    await page.get_by_label("Identifier").fill("milk-for-less")
    await page.get_by_label("Name").fill("Milk for less")
    await page.get_by_label("Percent off").fill("10")
    await page.get_by_label("Barcodes, one a line").fill(f"{catalogue.gtin(TENANT, 0)} 2")
    await page.get_by_role("button", name="Try it").click()
    await expect(page.locator("#tried")).to_contain_text("To pay")
    await studio.shoot(page, "desk-promotion")
    await page.goto(f"{HERE}/sales")
    await expect(page.locator(".chart canvas")).to_be_visible()
    await studio.shoot(page, "desk-sales")
    await page.goto(f"{HERE}/availability")
    await expect(page.locator(".chart canvas")).to_be_visible()
    await studio.shoot(page, "desk-availability")
    staff = await signed_in(studio, "store_manager")
    await staff.goto(f"{HERE}/interventions")
    await studio.shoot(staff, "desk-staff")
    await staff.goto(f"{HERE}/exits")
    await studio.shoot(staff, "desk-exit")
    operator = await signed_in(studio, "operator")
    await operator.goto("/admin/operations")
    await studio.shoot(operator, "desk-operations")


async def signed_in(studio: Studio, role: str, picture: str = "") -> Page:
    """Somebody who has just signed in."""
    page = await studio.page("/admin/sign-in")
    if picture:
        await studio.shoot(page, picture)
    await page.get_by_label("Role").select_option(role)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/admin")
    return page


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
        client[studio.suite.mongo_database]["sales_days"].insert_many(days)
        sold = [{"_id": each["_id"], **own, "day": each["day"], "products": best} for each in days]
        client[studio.suite.mongo_database]["sales_products"].insert_many(sold)


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
