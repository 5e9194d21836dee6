"""What shoppers do with the web app, each by what can be seen on its pages."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.conftest import Visitor
from tests.journeys.shopping import STORE, Town


async def enter(visitor: Visitor, town: Town, name: str, page: Page | None = None) -> Page:
    """Sign in and check in with the pasted code of the entrance; the page that scans."""
    page = page or await visitor.page("/shop/")
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Sign in").click()
    await check_in(page, town)
    return page


async def check_in(page: Page, town: Town) -> None:
    """Paste the code of the entrance."""
    poster = await town.call("GET", f"/v1/stores/{STORE}/check-in-code", town.brand_manager)
    await page.get_by_label("Or paste the text of the code").fill(poster["code"])
    await page.get_by_role("button", name="Check in", exact=True).click()
    await expect(page.get_by_role("heading", name="Scan", exact=True)).to_be_visible()


async def look_up(page: Page, code: str) -> None:
    """Type a code and see what it is."""
    await page.goto("/shop/#/scan")
    await page.get_by_label("Or type the number below the bars").fill(code)
    await page.get_by_role("button", name="Look it up").click()


async def take(page: Page, code: str, count: int = 1) -> None:
    """Type a code and put it into the cart."""
    await look_up(page, code)
    await page.get_by_label("How many").fill(str(count))
    await page.get_by_role("button", name="Add to the cart").click()
    await expect(page.locator("#product .done")).to_be_visible()


async def open_cart(page: Page) -> None:
    """Look into the cart."""
    await open_cart_link(page)
    await expect(page.get_by_role("heading", name="Cart", exact=True)).to_be_visible()


async def open_cart_link(page: Page) -> None:
    """Tap on the way to the cart, whatever comes of it."""
    await page.get_by_role("navigation").get_by_role("link", name="Cart").click()
