"""The network drops in the middle of the store: scanning goes on, and every line is in the cart once afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from local.suite import Suite
from tests.browser import phones
from tests.browser.conftest import Visitor
from tests.journeys.shopping import STORE, Town, barcode_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

KEPT = """async () => {
  const db = await new Promise((done) => {
    const r = indexedDB.open("retailscan", 1); r.onsuccess = () => done(r.result); });
  const read = (name) => new Promise((done) => {
    const r = db.transaction(name).objectStore(name).getAll(); r.onsuccess = () => done(r.result); });
  const [snapshots, queue] = [await read("snapshots"), await read("queue")];
  db.close();
  return { snapshots: snapshots.map((each) => each.text.split("\\n").length - 2), queue: queue.length };
}"""


async def kept(page: Page) -> dict[str, Any]:
    """What is on the phone: products a snapshot, and how many lines wait."""
    found: dict[str, Any] = await page.evaluate(KEPT)
    return found


async def ready_for_offline(page: Page, town: Town) -> None:
    """The catalogue is on the phone, and so is the app."""

    async def there() -> bool:
        return bool((await kept(page))["snapshots"])

    await town.until(there, "a snapshot on the phone")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")


async def published(suite: Suite) -> None:
    """The store's next snapshot is made now: a process keeps one for a minute."""
    await suite.restart_door("catalog")


async def lines_of(town: Town, sub: str) -> dict[str, int]:
    """Name to quantity in the cart of a shopper, as MongoDB has it."""
    found = await town.db["sessions"].find_one({"storeId": STORE, "userId": sub}, sort=[("createdAt", -1)])
    assert found is not None
    return {line["name"]: line["quantity"] for line in found["cart"]["lines"]}


async def test_scanning_goes_on_without_a_network_and_everything_arrives_once(
    visitor: Visitor, town: Town, suite: Suite
) -> None:
    juice, rice = await town.shelve(301, 119), await town.shelve(302, 349)
    await published(suite)
    page = await phones.enter(visitor, town, "hedy")
    await ready_for_offline(page, town)
    await page.context.set_offline(True)
    await phones.look_up(page, juice)
    await expect(page.get_by_role("heading", name="Product 301")).to_be_visible()
    await expect(page.locator("#product .price")).to_have_text("€1.19")
    await page.get_by_label("How many").fill("2")
    await page.get_by_role("button", name="Add to the cart").click()
    await expect(page.locator("#product .done")).to_contain_text("waits for the network")
    await phones.take(page, rice)
    await expect(page.locator("#offline")).to_be_visible()

    # The app itself opens without a network too, and nothing is forgotten.
    await page.reload()
    await phones.open_cart(page)
    await expect(page.locator("#queue .name")).to_have_text(["Product 301", "Product 302"])
    assert (await kept(page))["queue"] == 2

    await page.context.set_offline(False)
    await expect(page.locator("#lines .name")).to_have_text(["Product 301", "Product 302"])
    await expect(page.locator("#totals .total")).to_contain_text("€5.87")
    await expect(page.locator("#queue")).to_have_count(0)
    assert await lines_of(town, "hedy") == {"Product 301": 2000, "Product 302": 1000}
    assert (await kept(page))["queue"] == 0


async def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_doubled(visitor: Visitor, town: Town) -> None:
    tea = await town.shelve(303, 229)
    page = await phones.enter(visitor, town, "joan")
    keys: list[str | None] = []

    async def lose_the_answer(route: Route) -> None:
        # The server hears it and does it; the phone never learns of it, twice.
        keys.append(route.request.headers.get("idempotency-key"))
        if len(keys) <= 2:
            await route.fetch()
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.context.route("**/v1/cart/lines", lose_the_answer)
    await phones.look_up(page, tea)
    await page.get_by_role("button", name="Add to the cart").click()
    await expect(page.locator("#product .done")).to_contain_text("waits for the network")
    await page.reload()
    await phones.open_cart(page)
    await expect(page.locator("#lines .name")).to_have_text(["Product 303"])
    await expect(page.locator("#queue")).to_have_count(0)
    assert await lines_of(town, "joan") == {"Product 303": 1000}
    assert len(keys) >= 3
    assert len(set(keys)) == 1


async def test_what_the_store_refuses_later_is_told_and_does_not_hold_up_the_rest(visitor: Visitor, town: Town) -> None:
    gone, fine = await town.shelve(304, 100), await town.shelve(305, 100)
    page = await phones.enter(visitor, town, "katherine")
    await ready_for_offline(page, town)
    await page.context.set_offline(True)
    await phones.take(page, gone)
    await phones.take(page, fine)
    await town.call("DELETE", f"/v1/stores/{STORE}/products/{gone}", town.brand_manager)
    await phones.open_cart(page)
    await page.context.set_offline(False)
    await expect(page.locator("#lines .name")).to_have_text(["Product 305"])
    await expect(page.locator("#queue .problem")).to_be_visible()
    await expect(page.get_by_role("button", name="Pay")).to_be_disabled()
    await page.get_by_role("button", name="All right").click()
    await expect(page.locator("#queue")).to_have_count(0)
    await expect(page.get_by_role("button", name="Pay")).to_be_enabled()


async def test_a_code_that_the_phone_does_not_know_is_looked_up_later(visitor: Visitor, town: Town) -> None:
    page = await phones.enter(visitor, town, "annie")
    await ready_for_offline(page, town)
    new = await town.shelve(307, 450)
    await page.context.set_offline(True)
    await phones.look_up(page, new)
    await expect(page.get_by_text("The store will say what it costs.")).to_be_visible()
    await page.get_by_role("button", name="Add to the cart").click()
    await page.context.set_offline(False)
    await phones.open_cart(page)
    await expect(page.locator("#lines .name")).to_have_text(["Product 307"])
    await expect(page.locator("#totals .total")).to_contain_text("€4.50")


async def test_a_pack_costs_offline_what_it_costs_online(visitor: Visitor, town: Town, suite: Suite) -> None:
    box = barcode_of(3080)
    await town.shelve(308, 100, units=[{"name": "Box", "barcode": box, "quantity": 6000, "price": 550}])
    await published(suite)
    page = await phones.enter(visitor, town, "mary")
    await ready_for_offline(page, town)
    await phones.look_up(page, box)
    price = await page.locator("#product .price").inner_text()
    await page.context.set_offline(True)
    await phones.look_up(page, box)
    await expect(page.get_by_text("Offline: the price is that of")).to_be_visible()
    assert (await page.locator("#product .price").inner_text(), price) == ("€5.50", "€5.50")
    await page.get_by_role("button", name="Add to the cart").click()
    await page.context.set_offline(False)
    await phones.open_cart(page)
    await expect(page.locator("#totals .total")).to_contain_text("€5.50")
    assert await lines_of(town, "mary") == {"Product 308": 6000}


async def test_two_open_tabs_send_a_waiting_line_once(visitor: Visitor, town: Town) -> None:
    salt = await town.shelve(309, 89)
    page = await phones.enter(visitor, town, "sophie")
    await ready_for_offline(page, town)
    other = await page.context.new_page()
    await other.goto("/shop/#/cart")
    await page.context.set_offline(True)
    await phones.take(page, salt, 4)
    sent: list[str] = []
    page.context.on("request", lambda each: sent.append(each.url) if each.url.endswith("/cart/lines") else None)
    await page.context.set_offline(False)
    await phones.open_cart(page)
    await expect(page.locator("#lines .name")).to_have_text(["Product 309"])
    await expect(page.locator("#queue")).to_have_count(0)
    await expect(other.locator("#lines .name")).to_have_text(["Product 309"])
    assert await lines_of(town, "sophie") == {"Product 309": 4000}
    assert len(sent) == 1


@pytest.mark.parametrize("what", ["a price", "the store", "the signature"])
async def test_a_catalogue_that_was_tampered_with_is_not_used(visitor: Visitor, town: Town, what: str) -> None:
    async def tamper(route: Route) -> None:
        answer = await route.fetch()
        lines = (await answer.text()).splitlines(keepends=True)
        if what == "a price":
            product = json.loads(lines[0])
            lines[0] = json.dumps([*product[:2], 1, *product[3:]]) + "\n"
        else:
            header, payload, mark = json.loads(lines[-1])["signature"].split(".")
            if what == "the store":
                payload = payload[:-4] + "AAAA"
            else:
                mark = mark[:10] + ("A" if mark[10] != "A" else "B") + mark[11:]
            lines[-1] = json.dumps({"signature": f"{header}.{payload}.{mark}"}) + "\n"
        await route.fulfill(status=200, body="".join(lines), headers={"etag": '"x"'})

    context = await visitor.context()
    await context.route("**/snapshot", tamper)
    page = await context.new_page()
    async with page.expect_console_message(lambda message: "no catalogue for offline" in message.text) as told:
        await page.goto("/shop/")
        await phones.enter(visitor, town, f"grete-{what[-5:]}", page)
    assert "signature is wrong" in (await told.value).text or "lines that were signed" in (await told.value).text
    assert (await kept(page))["snapshots"] == []
