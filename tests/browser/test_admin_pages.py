"""Every page of the dashboard as its people see it: in nobody's way, by keyboard, on a phone, in light and dark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, Visitor
from tests.browser.desk import sign_in
from tests.journeys.shopping import STORE, Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
Axe = Callable[[Page], Awaitable[None]]
HERE = f"/admin/stores/{STORE}"
BRAND = (f"{HERE}/products", f"{HERE}/imports", f"{HERE}/sales", f"{HERE}/availability", "/admin/imports",
         "/admin/sales", "/admin/promotions", "/admin/promotions/new", "/admin/connections",
         "/admin/operations")  # fmt: skip
STAFF = (f"{HERE}/interventions", f"{HERE}/exits", f"{HERE}/products", f"{HERE}/purchases")


async def walk(page: Page, paths: tuple[str, ...], axe: Axe) -> None:
    """Open them all; each answers, has one heading of the first rank, and is good for everybody."""
    for path in paths:
        reply = await page.goto(path)
        assert reply is not None
        assert reply.status == 200, path
        assert await page.locator("h1").count() == 1, path
        await axe(page)


async def test_a_brand_managers_pages_in_the_light(town: Town, visitor: Visitor, axe: Axe) -> None:
    await walk(await sign_in(visitor, "brand_manager"), ("/admin", *BRAND), axe)


async def test_staffs_pages_on_a_phone_in_the_dark(town: Town, visitor: Visitor, axe: Axe) -> None:
    page = await sign_in(visitor, "store_manager", stores=STORE, viewport=PHONE, color_scheme="dark")
    await walk(page, STAFF, axe)
    too_wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not too_wide


async def test_an_operators_pages(town: Town, visitor: Visitor, axe: Axe) -> None:
    await walk(await sign_in(visitor, "operator"), ("/admin", "/admin/imports", "/admin/operations"), axe)


async def test_products_are_found_while_typing_and_put_right_in_the_row(town: Town, visitor: Visitor, axe: Axe) -> None:
    barcode = await town.shelve(9_001, 149)
    page = await sign_in(visitor, "brand_manager", back=f"{HERE}/products")
    await page.get_by_label("Name or barcode").fill(barcode)
    await page.wait_for_url(f"**q={barcode}**")
    row = page.locator("#found tbody tr")
    await expect(row).to_have_count(1)
    await row.get_by_role("button", name="Edit").click()
    name = row.get_by_label("Name")
    await name.fill("<b>Oat drink</b>")
    await row.get_by_role("button", name="Save").click()
    await expect(row.get_by_role("link")).to_have_text("<b>Oat drink</b>")
    await row.get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("<b>Oat drink</b>")
    await expect(page.locator("main")).to_contain_text("Acme Centre")
    await page.get_by_label("Tax class").fill("No Such Class")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Tax class")).to_have_attribute("aria-invalid", "true")
    await axe(page)


async def test_a_price_is_changed_in_the_row_until_an_erp_states_a_newer_one(
    town: Town, visitor: Visitor, axe: Axe
) -> None:
    barcode = await town.shelve(9_012, 149)
    page = await sign_in(visitor, "store_manager", stores=STORE, back=f"{HERE}/products?q={barcode}")
    row = page.locator("#found tbody tr")
    await row.get_by_role("button", name="Edit").click()
    # The row takes the focus to its first field; what is typed before that would end there.
    await expect(row.get_by_label("Name")).to_be_focused()
    price = row.get_by_label("Price (EUR)")
    await expect(price).to_have_value("1.49")
    await price.fill("two")
    await row.get_by_role("button", name="Save").click()
    await expect(price).to_have_attribute("aria-invalid", "true")
    await expect(row.get_by_role("alert")).to_have_text("must be an amount such as 1.49")
    await axe(page)
    await price.fill("2.49")
    await row.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("2.49")
    found = await town.db["products"].find_one({"storeId": STORE, "barcode": barcode})
    assert found is not None
    assert found["price"]["amount"] == 249
    await page.goto(f"{HERE}/products/{barcode}")

    async def told() -> bool:
        await page.reload()
        return any("2.49" in text for text in await page.locator("main details li").all_text_contents())

    await town.until(told, "the change in the prices over time")
    await town.publish({"barcode": barcode, "price": 199, "currency": "EUR"})

    async def newer() -> bool:
        await page.goto(f"{HERE}/products?q={barcode}")
        return "1.99" in await row.inner_text()

    await town.until(newer, "the ERP's price")


async def test_a_promotion_is_tried_on_a_basket_before_it_is_active(town: Town, visitor: Visitor, axe: Axe) -> None:
    barcode = await town.shelve(9_002, 200)
    page = await sign_in(visitor, "brand_manager", back="/admin/promotions/new")
    await page.get_by_label("Identifier").fill("three-for-five")
    await page.get_by_label("Name").fill("Three for five")
    await page.get_by_label("Kind").select_option("n_for_price")
    await expect(page.get_by_label("Percent off")).to_be_hidden()
    await page.locator("#f-quantity").fill("3")
    await page.locator("#f-price").fill("5.00")
    await page.get_by_label("Barcodes", exact=True).first.fill(barcode)
    await page.get_by_label("Barcodes, one a line").fill(f"{barcode} 2")
    await page.get_by_role("button", name="Try it").click()
    await expect(page.locator("#tried")).to_contain_text("TOO_FEW_UNITS")
    await page.get_by_label("Barcodes, one a line").fill(f"{barcode} 3")
    await page.get_by_role("button", name="Try it").click()
    await expect(page.locator("#tried")).to_contain_text("5.00")
    await axe(page)
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**/by-id/three-for-five")
    await expect(page.locator("main")).to_contain_text("Versions")


async def test_by_keyboard_one_skips_the_menu(town: Town, visitor: Visitor) -> None:
    page = await sign_in(visitor, "brand_manager", back=f"{HERE}/products")
    await page.reload()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"


async def test_in_german_all_of_it_is_german(town: Town, visitor: Visitor) -> None:
    page = await visitor.page("/admin/sign-in", locale="de-DE")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
    await page.get_by_label("Sprache").select_option("en")
    await page.get_by_role("button", name="Übernehmen").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
