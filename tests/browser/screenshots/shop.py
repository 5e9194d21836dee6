"""A shopper's visit, from the entrance to the gate."""

from __future__ import annotations

import re
from typing import Any

import httpx
from playwright.async_api import expect
from pymongo import MongoClient

from local import catalogue
from local.welcome import STORE, TENANT
from tests.browser import phones
from tests.browser.screenshots.studio import Studio


async def tell(studio: Studio) -> None:
    """Every page of the web app, with goods in the cart, and a price that changes meanwhile."""
    page = await studio.page("/shop/")
    await expect(page.get_by_label("Your name")).to_be_visible()
    await studio.shoot(page, "shop-sign-in")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Check in")).to_be_visible()
    await studio.shoot(page, "shop-check-in")
    await page.get_by_text("Development: enter a store").click()
    await page.get_by_role("button", name="Enter this store").click()
    await expect(page.get_by_role("heading", name="Scan", exact=True)).to_be_visible()
    codes = [catalogue.gtin(TENANT, number) for number in (0, 1, 2)]
    await phones.look_up(page, codes[0])
    await expect(page.get_by_role("button", name="Add to the cart")).to_be_visible()
    await studio.shoot(page, "shop-product")
    for code in codes:
        await phones.take(page, code, 2)
    await phones.open_cart(page)
    await new_price(studio, codes[1])
    await expect(page.locator(".changed")).to_be_visible()
    await studio.shoot(page, "shop-cart")
    await page.locator("#toast").click()
    await page.context.set_offline(True)
    await phones.take(page, codes[0])
    await studio.shoot(page, "shop-offline")
    await page.context.set_offline(False)
    await phones.open_cart(page)
    await expect(page.locator("#queue")).to_have_count(0)
    await page.get_by_role("button", name="Pay").click()
    await expect(page.get_by_role("button", name="Pay now")).to_be_visible()
    await studio.shoot(page, "shop-pay")
    await page.get_by_role("button", name="Pay now").click()
    await expect(page.get_by_role("img", name="Your exit code")).to_have_attribute("data-text", re.compile("."))
    await page.locator("#toast").click()
    await studio.shoot(page, "shop-exit")
    await page.get_by_role("link", name="Your receipt").click()
    await expect(page.get_by_role("button", name="Download as PDF")).to_be_visible()
    await studio.shoot(page, "shop-receipt")
    await _waits_for_staff(studio)


async def _waits_for_staff(studio: Studio) -> None:
    """Another shopper takes a beer, and somebody has to look how old he is."""
    page = await studio.page("/shop/")
    await page.get_by_label("Your name").fill("Ben")
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_text("Development: enter a store").click()
    await page.get_by_role("button", name="Enter this store").click()
    await expect(page.get_by_role("heading", name="Scan", exact=True)).to_be_visible()
    with MongoClient[dict[str, Any]](studio.suite.mongo_uri) as client:
        products = client[studio.suite.mongo_database]["products"]
        beer = products.find_one({"storeId": STORE, "ageRestriction": {"$gt": 0}, "stock.avail": {"$gt": 10_000}})
    assert beer is not None
    await phones.take(page, beer["barcode"])
    await phones.open_cart(page)
    await page.get_by_role("button", name="Pay").click()
    await expect(page.get_by_role("button", name="Pay now")).to_be_visible()


async def new_price(studio: Studio, barcode: str) -> None:
    """The ERP makes something cheaper."""
    update = {"storeId": STORE, "barcode": barcode, "price": 99, "currency": TENANT.currency}
    headers = {**studio.suite.authorization("erp", tenant=TENANT.id), "idempotency-key": f"screenshot-{barcode}"}
    async with httpx.AsyncClient(base_url=studio.suite.gateway_url) as client:
        reply = await client.post("/v1/price-updates", json={"updates": [update]}, headers=headers)
        reply.raise_for_status()
