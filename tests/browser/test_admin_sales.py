"""What was sold, given back and is missing, as managers see it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.desk import sign_in
from tests.journeys.shopping import GOOD_CARD, STORE, Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
Axe = Callable[[Page], Awaitable[None]]
HERE = f"/admin/stores/{STORE}"


async def buy(town: Town, who: str, *barcodes: str, count: int = 1) -> Any:
    """A purchase that is paid."""
    shopper = await town.enter(who)
    for barcode in barcodes:
        await shopper.take(barcode, count)
    checkout = await shopper.check_out(await shopper.cart())
    await town.confirm(checkout["payment"], GOOD_CARD)
    await shopper.paid(checkout)
    return checkout


async def shows(town: Town, page: Page, job: str, *texts: str) -> None:
    """The page says all of it, once the job has run; facts come by Pub/Sub, on a busy machine that takes its time."""
    for _ in range(120):
        assert await town.suite.fire(job) < 300
        await page.reload()
        said = await page.locator("main").inner_text()
        if all(text in said for text in texts):
            return
        await asyncio.sleep(0.25)
    pytest.fail(f"the page never said {texts}")


async def test_a_line_is_given_back_once_and_the_page_the_list_and_the_sales_say_so(
    town: Town, visitor: Visitor, axe: Axe
) -> None:
    tea, cups = await town.shelve(9_101, 311), await town.shelve(9_102, 10_000)
    checkout = await buy(town, "refund-ann", tea, cups, count=2)
    here = f"{HERE}/purchases/{checkout['checkoutId']}"
    page = await sign_in(visitor, "store_manager", stores=STORE, back=here)
    row = page.get_by_role("row").filter(has_text="Product 9101")
    await row.get_by_role("textbox").fill("lots")
    await page.get_by_label("Reason").fill("it was stale")
    await page.get_by_role("button", name="Give back these lines").click()
    await expect(row.get_by_role("textbox")).to_have_attribute("aria-invalid", "true")
    await axe(page)
    await row.get_by_role("textbox").fill("1")
    # Twice, as impatient people do: the second finds the first one's key.
    await page.get_by_role("button", name="Give back these lines").dblclick()
    main = page.locator("main")
    await expect(main).to_contain_text("it was stale")
    await page.goto(here)
    await expect(main).to_contain_text("given back")
    await expect(main.locator("li.panel")).to_have_count(1)
    await expect(main.locator("li.panel")).to_contain_text("3.11")
    await axe(page)
    await page.goto(f"{HERE}/purchases")
    await expect(page.locator("main tbody tr").first).to_contain_text("3.11")
    await page.goto(f"{HERE}/sales")
    await shows(town, page, "admin-events-add-up-sales", "3.11")
    (day,) = await town.call("GET", f"/v1/stores/{STORE}/sales?limit=1", town.manager)
    # Other tests sell here too.
    assert day["total"] >= 20_622
    assert day["refunded"] == 311
    await page.get_by_role("link", name="7 days").click()
    await expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    await expect(page.locator("main")).to_contain_text("3.11")
    await axe(page)
    await page.goto("/admin/sales")
    await page.get_by_role("link", name="Acme Centre").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sales – Acme Centre")


async def test_staff_see_no_form_and_are_refused(town: Town, visitor: Visitor) -> None:
    barcode = await town.shelve(9_103, 500)
    checkout = await buy(town, "refund-bob", barcode)
    here = f"{HERE}/purchases/{checkout['checkoutId']}"
    page = await sign_in(visitor, "store_staff", stores=STORE, back=here)
    await expect(page.locator("main")).to_contain_text("Product 9103")
    await expect(page.get_by_role("button", name="Give back")).to_have_count(0)
    status = await page.evaluate(
        """async (there) => {
            const csrf = document.body.dataset.csrf;
            const form = new URLSearchParams({ csrf, do: "whole", reason: "for me", key: "k" });
            return (await fetch(there, { method: "POST", body: form })).status;
        }""",
        here,
    )
    assert status == 403
    found = await town.call("GET", f"/v1/stores/{STORE}/purchases/{checkout['checkoutId']}", town.manager)
    assert found["refunded"] == 0


async def test_what_is_sold_out_is_missing_until_more_comes(town: Town, visitor: Visitor, axe: Axe) -> None:
    barcode = await town.shelve(9_104, 500, stock=1_000)
    await town.shelve(9_105, 500)
    page = await sign_in(visitor, "store_manager", stores=STORE, back=f"{HERE}/availability")
    await buy(town, "last-ann", barcode)
    await shows(town, page, "admin-events-look-at-shelves", "Product 9104", "Out of stock at the end")
    await expect(page.locator("main")).not_to_contain_text("Product 9105")
    await axe(page)
    await town.publish({"barcode": barcode, "stock": 7_000})
    for _ in range(120):  # the count comes by Pub/Sub, and what it fills by Pub/Sub again
        await page.goto(f"{HERE}/availability")
        if "Product 9104" not in await page.locator("main").inner_text():
            break
        await asyncio.sleep(0.25)
    await page.get_by_role("link", name="Within three months").click()
    await page.get_by_role("link", name="Product 9104").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Product 9104")
