"""A newer version of the shop's files reaches phones that have the app, and nothing that is kept on them is lost."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from local.processes import Child
from local.suite import Suite
from tests.browser import phones
from tests.browser.conftest import Visitor
from tests.browser.test_offline import kept, lines_of, published, ready_for_offline
from tests.guards.guard import without
from tests.journeys.shopping import Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def deployed(suite: Suite, town: Town, tree: Path) -> AsyncIterator[None]:
    """The shop's door from a copy of its files in which the cart is called otherwise, at the same address."""
    shutil.copytree(ROOT / "functions/common", tree / "functions/common")
    shutil.copytree(ROOT / "functions/storefront", tree / "functions/storefront")
    shutil.copy(ROOT / "functions/__init__.py", tree / "functions")
    page = tree / "functions/storefront/static/views/cart.js"
    page.write_text(without(page.read_text(), 't("Cart")', 't("Basket")'))
    source = {"PYTHONPATH": str(tree), "FUNCTION_SOURCE": str(tree / "functions/storefront/main.py")}
    await suite.doors.stop("storefront")
    door = Child(
        "storefront-next",
        [sys.executable, "-m", "functions_framework"],
        log=tree / "door.log",
        env={**(suite.doors.doors["storefront"].child.env or {}), **source},
        cwd=tree,
        death_signal=signal.SIGTERM,
    ).start()

    async def there() -> bool:
        async with httpx.AsyncClient(base_url=suite.gateway_url) as client:
            return "Basket" in (await client.get("/shop/views/cart.js")).text

    try:
        await town.until(there, "the newer version")
        yield
    finally:
        door.stop()
        suite.doors.start("storefront")
        await suite.doors.wait_ready("storefront")


async def versions(page: Page) -> list[str]:
    """Of the app, as they are kept on the phone."""
    found: list[str] = await page.evaluate("caches.keys().then(names => names.filter(name => name !== 'vendor'))")
    return found


@pytest.mark.parametrize(("how", "number"), [("it is opened again", 801), ("it comes to the front", 802)])
async def test_a_newer_version_takes_over_and_what_waits_is_kept(
    visitor: Visitor, town: Town, suite: Suite, tmp_path: Path, how: str, number: int
) -> None:
    corn, sub = await town.shelve(number, 210), f"vera-{number}"
    await published(suite)
    page = await phones.enter(visitor, town, sub)
    await ready_for_offline(page, town)
    (before,) = await versions(page)
    # The store does not hear of the line, whatever the network says.
    await page.context.route("**/v1/cart/lines", lambda route: route.abort("connectionreset"))
    await phones.look_up(page, corn)
    await page.get_by_role("button", name="Add to the cart").click()
    await expect(page.locator("#product .done")).to_contain_text("waits for the network")

    async with deployed(suite, town, tmp_path):
        if how == "it is opened again":
            await page.reload()
        else:
            await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

        async def newer() -> bool:
            return before not in await versions(page)

        await town.until(newer, "the newer version on the phone")
        await page.get_by_role("navigation").get_by_role("link", name="Cart").click()
        await expect(page.get_by_role("heading", name="Basket", exact=True)).to_be_visible()
        assert len(await versions(page)) == 1
        found = await kept(page)
        assert (found["queue"], len(found["snapshots"])) == (1, 1)
        await expect(page.locator("#queue .name")).to_have_text([f"Product {number}"])

        # All of the newer one is there, also without a network, and so is the catalogue.
        await page.context.set_offline(True)
        await page.reload()
        await expect(page.get_by_role("heading", name="Basket", exact=True)).to_be_visible()
        await phones.look_up(page, corn)
        await expect(page.locator("#product .price")).to_have_text("€2.10")

        await page.context.set_offline(False)
        await page.context.unroute("**/v1/cart/lines")
        await phones.open_cart_link(page)
        await expect(page.locator("#lines .name")).to_have_text([f"Product {number}"])
        await expect(page.locator("#queue")).to_have_count(0)
    assert await lines_of(town, sub) == {f"Product {number}": 1000}
