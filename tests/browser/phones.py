"""What shoppers do with the web app, each by what can be seen on its pages."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.conftest import Visitor
from tests.journeys.shopping import STORE, Town


async def enter(visitor: Visitor, town: Town, name: str, page: Page | None = None) -> Page:
    """Sign in and check in with the pasted code of the entrance; the page that scans."""
    poster = await town.call("GET", f"/v1/stores/{STORE}/check-in-code", town.brand_manager)
    page = page or await visitor.page("/shop/")
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("Or paste the text of the code").fill(poster["code"])
    await page.get_by_role("button", name="Check in", exact=True).click()
    await expect(page.get_by_role("heading", name="Scan", exact=True)).to_be_visible()
    return page


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
    await page.get_by_role("link", name="Cart").first.click()
    await expect(page.get_by_role("heading", name="Cart", exact=True)).to_be_visible()
