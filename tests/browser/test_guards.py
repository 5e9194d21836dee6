"""Each guard of the web app is taken out of its script: a line is twice or never in the cart, or a forgery is used."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Route, expect

from functions.storefront.pages import STATIC
from tests.browser import phones
from tests.browser.conftest import PATIENCE_MS, Visitor
from tests.browser.test_offline import kept
from tests.guards.guard import OUT, Guard, both_ways, red_without, without
from tests.journeys.shopping import STORE, Town, barcode_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def shop(visitor: Visitor, guard: Guard, script: str, part: str, instead: str = "") -> BrowserContext:
    """A browser that gets the app, without the part of a script when the guard is out."""
    context = await visitor.context(service_workers="block")
    if guard == OUT:
        text = without((STATIC / script).read_text(), part, instead)
        await context.route(f"**/shop/{script}", lambda route: route.fulfill(body=text, content_type="text/javascript"))
    return context


async def pieces_of(town: Town, sub: str) -> list[int]:
    """The quantities in the cart of a shopper, as MongoDB has them."""
    found = await town.db["sessions"].find_one({"storeId": STORE, "userId": sub}, sort=[("createdAt", -1)])
    assert found is not None
    return [line["quantity"] for line in found["cart"]["lines"]]


async def buys_with_a_lost_answer(town: Town, visitor: Visitor, context: BrowserContext, sub: str, code: str) -> None:
    """The first answer about a line is lost on its way; the phone is opened again."""
    times = 0

    async def lose(route: Route) -> None:
        nonlocal times
        times += 1
        if times == 1:
            await route.fetch()
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await context.route("**/v1/cart/lines", lose)
    page = await context.new_page()
    await page.goto("/shop/")
    await phones.enter(visitor, town, sub, page)
    await phones.take(page, code)
    await page.reload()
    await phones.open_cart(page)
    await expect(page.locator("#lines .name")).to_have_count(1)
    await expect(page.locator("#queue")).to_have_count(0)


@both_ways
async def test_without_its_key_a_line_is_there_twice(visitor: Visitor, town: Town, guard: Guard) -> None:
    code = await town.shelve(601 + (guard == OUT), 100)
    context = await shop(visitor, guard, "lib/cart.js", "{ body, key: line.key }", "{ body, key: newKey() }")
    await buys_with_a_lost_answer(town, visitor, context, f"key-{guard[:2]}", code)
    with red_without(guard):
        assert await pieces_of(town, f"key-{guard[:2]}") == [1000]


@both_ways
async def test_a_line_that_leaves_the_queue_too_early_is_lost(visitor: Visitor, town: Town, guard: Guard) -> None:
    code = await town.shelve(603 + (guard == OUT), 100)
    late = 'const reply = await call("POST", "/v1/cart/lines", { body, key: line.key });'
    context = await shop(visitor, guard, "lib/cart.js", late, f"await queue.drop(line.order); {late}")
    await context.set_offline(False)
    page = await context.new_page()
    await page.goto("/shop/")
    await phones.enter(visitor, town, f"early-{guard[:2]}", page)
    await context.set_offline(True)
    await phones.take(page, code)
    await context.set_offline(False)
    with red_without(guard):
        await phones.open_cart(page)
        await expect(page.locator("#lines .name")).to_have_count(1, timeout=8_000 if guard == OUT else PATIENCE_MS)


@both_ways
async def test_a_forged_catalogue_is_used_by_who_does_not_look(visitor: Visitor, town: Town, guard: Guard) -> None:
    code = await town.shelve(605, 900) if guard != OUT else barcode_of(605)
    check = 'if (hex !== claims.sha256) throw new Error("not the lines that were signed");'
    context = await shop(visitor, guard, "lib/snapshot.js", check)

    async def forge(route: Route) -> None:
        *lines, signature = (await (await route.fetch()).text()).splitlines(keepends=True)
        # The last line about a product counts, so the store's own one does not matter.
        forged = f'["{code}","Product 605",1,"each",null,[]]\n'
        await route.fulfill(status=200, body="".join([*lines, forged, signature]), headers={"etag": '"x"'})

    await context.route("**/snapshot", forge)
    page = await context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "no catalogue" in message.text else None)
    await page.goto("/shop/")
    await phones.enter(visitor, town, f"forged-{guard[:2]}", page)

    async def judged() -> bool:
        return bool(refused or (await kept(page))["snapshots"])

    await town.until(judged, "the catalogue to be kept or refused")
    await context.set_offline(True)
    await phones.look_up(page, code)
    await expect(page.locator("#product .price")).to_be_visible()
    with red_without(guard):
        assert "€0.01" not in await page.locator("#product .price").inner_text()
