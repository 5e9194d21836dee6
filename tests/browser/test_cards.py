"""A brand card, typed or seen by the camera: it makes the cart cheaper, and what is paid, and the receipt says why."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Playwright, expect

from tests.browser import cameras, phones
from tests.browser.conftest import Visitor
from tests.browser.test_camera import looking_at
from tests.journeys.shopping import Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
Axe = Callable[[Page], Any]


async def club_price(town: Town, number: int, price: int, members: int) -> str:
    """A product that costs members of the brand's club less; its barcode."""
    barcode = await town.shelve(number, price, brand_id="acme-own")
    benefit = {"type": "member_price", "price": members, "match": {"barcodes": [barcode]}}
    await town.promote(f"Club price {number}", benefit, groups=["member"])
    return barcode


async def show_card(page: Page, code: str) -> None:
    """Type the code of a card."""
    await page.get_by_text("Coupon or brand card").click()
    await page.get_by_label("Brand card").fill(code)
    await page.get_by_role("button", name="Use the card").click()


async def to_pay(page: Page, total: str) -> None:
    """The cart's total. Carts may be priced by rules five seconds old; whoever opens one again asks anew."""
    shown = page.locator("#totals .total")
    for _ in range(4):
        with contextlib.suppress(AssertionError):
            return await expect(shown).to_contain_text(total, timeout=2_000)
        await page.reload()
        await page.get_by_text("Coupon or brand card").click()
    await expect(shown).to_contain_text(total)


async def charged(town: Town, amount: int) -> int:
    """How often Stripe has charged it."""
    return len([each for each in await town.ledger() if each.get("amount") == amount])


async def test_a_typed_card_makes_the_cart_and_the_receipt_cheaper(visitor: Visitor, town: Town, axe: Axe) -> None:
    tea = await club_price(town, 701, 411, 307)
    page = await phones.enter(visitor, town, "ida")
    await phones.take(page, tea, 2)
    await phones.open_cart(page)
    await expect(page.locator("#totals .total")).to_contain_text("€8.22")
    await show_card(page, "acme-own:9780123456784")
    await expect(page.get_by_text("****6784 of acme-own counts.")).to_be_visible()
    await expect(page.get_by_label("Brand card")).to_be_hidden()
    await to_pay(page, "€6.14")
    await expect(page.locator("#totals")).to_contain_text("Club price 701")
    await expect(page.locator("#totals")).to_contain_text("-€2.08")
    await axe(page)

    # Taken off and shown again: the total goes with it.
    await page.get_by_role("button", name="Take it off").click()
    await expect(page.locator("#totals .total")).to_contain_text("€8.22")
    await page.get_by_label("Brand card").fill("acme-own:9780123456784")
    await page.get_by_role("button", name="Use the card").click()
    await page.get_by_role("button", name="Pay €6.14").click()
    await page.get_by_role("button", name="Pay now").click()
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert await charged(town, 614) == 1

    await page.get_by_role("link", name="Your receipt").click()
    receipt = page.locator(".totals")
    await expect(receipt).to_contain_text("Club price 701")
    await expect(receipt).to_contain_text("-€2.08")
    await expect(receipt.locator(".total")).to_contain_text("€6.14")


async def test_the_camera_sees_a_card_too(visitor: Visitor, town: Town, playwright: Playwright, pictures: Path) -> None:
    rice = await club_price(town, 702, 350, 299)
    sees = await looking_at(playwright, cameras.of_qr("acme-own:9780123456777"), pictures / "card.mjpeg")
    try:
        page = await visitor.page("/shop/", browser=sees, permissions=["camera"])
        await phones.enter(visitor, town, "alva", page)
        await phones.take(page, rice)
        await phones.open_cart(page)
        await page.get_by_text("Coupon or brand card").click()
        await page.get_by_role("button", name="Scan the card").click()
        await expect(page.get_by_text("****6777 of acme-own counts.")).to_be_visible()
        await to_pay(page, "€2.99")
        await expect(page.locator("video")).to_be_hidden()
        await page.get_by_role("button", name="Pay €2.99").click()
        await page.get_by_role("button", name="Pay now").click()
        await page.get_by_role("link", name="Your receipt").click()
        await expect(page.locator(".totals")).to_contain_text("Club price 702")
    finally:
        await sees.close()


@pytest.mark.parametrize(
    ("ending", "said"), [("00", "knows this card as yours"), ("01", "blocked"), ("02", "knows this card as yours")]
)
async def test_a_card_that_does_not_count_says_why_and_the_price_stays(
    visitor: Visitor, town: Town, ending: str, said: str
) -> None:
    milk = await club_price(town, 710 + int(ending), 120, 99)
    page = await phones.enter(visitor, town, f"mae-{ending}")
    await phones.take(page, milk)
    await phones.open_cart(page)
    await show_card(page, f"acme-own:97801234567{ending}")
    await expect(page.get_by_role("alert")).to_have_text(re.compile(said))
    await expect(page.locator("#totals .total")).to_contain_text("€1.20")
