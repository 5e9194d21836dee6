"""Somebody at the dashboard: signs in, and finds the way as people do."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.browser.conftest import DESKTOP, Visitor

GOODS = """barcode,name,price,stock
4009999700010,Elderflower Soda,1.99,24
4009999700027,Lemon <b>Soda</b><img src=x onerror=alert(1)>,two euros,12
4009999700034,=1+1 Soda,also two,5
"""
"""A file with one good row and two that are not; what they are called would be markup and a formula."""


async def sign_in(
    visitor: Visitor, role: str, tenant: str = "acme", stores: str = "", back: str = "/admin", **options: Any
) -> Page:
    """A page of somebody who has just signed in, at `back`."""
    page = await visitor.page(back, **{"viewport": DESKTOP, **options})
    await page.get_by_label("Role").select_option(role)
    await page.get_by_label("Tenant").fill(tenant)
    await page.get_by_label("Stores").fill(stores)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"**{back}")
    return page


async def bring(page: Page, text: str, name: str = "goods.csv") -> None:
    """Drop a file on the page of imports, as from a folder of the desktop."""
    await page.evaluate(
        """([text, name]) => {
            const data = new DataTransfer();
            data.items.add(new File([text], name, { type: "text/csv" }));
            document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
        }""",
        [text, name],
    )
    await page.locator("#use-profile").wait_for(state="attached")
