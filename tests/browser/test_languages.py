"""The shop speaks the browser's language: every text, label and picture's name of every page comes from its words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from functions.storefront.pages import STATIC
from tests.browser import phones
from tests.browser.conftest import Visitor
from tests.journeys.shopping import STORE, Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
Axe = Callable[[Page], Any]
SEEN = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!node.parentElement.closest(`noscript, script, .development, .note, option, #toast`))
      found.push(node.data.trim());
  }
  for (const each of document.querySelectorAll("[aria-label], [alt], [placeholder], [title]")) {
    for (const name of ["aria-label", "alt", "placeholder", "title"]) found.push(each.getAttribute(name) ?? "");
  }
  return [...found, document.title];
}"""
# Left out: what is there for developers alone, and notices, which the store itself words in the browser's language.
DATA = re.compile(r"RetailScan|Acme Centre|Product \d+|kg|EUR|MwSt\.|\d+ [AP]M|[A-Z]\w+ \d+, \d{4}, .*")
"""What is no word of the app: names, units, currencies, and moments as the browser writes them."""


async def strange(visitor: Visitor) -> Page:
    """A page in a language in which every sentence stands in guillemets, so that what came from nowhere shows."""
    context = await visitor.context(locale="de-DE", service_workers="block")
    words = {text: f"«{text}»" for text in json.loads((STATIC / "words/de.json").read_text("utf-8"))}

    async def answer(route: Route) -> None:
        await route.fulfill(json=words)

    await context.route("**/shop/words/de.json", answer)
    page = await context.new_page()
    await page.goto("/shop/")
    return page


async def only_words(page: Page) -> None:
    """Nothing on the page has letters outside the guillemets but data."""
    texts = [re.sub(r"«[^»]*»", "", text) for text in await page.evaluate(SEEN)]
    left = [text for text in (DATA.sub("", text) for text in texts) if re.search(r"[A-Za-z]{2}", text)]
    assert left == []


async def test_no_page_says_anything_that_is_not_in_its_words(visitor: Visitor, town: Town) -> None:
    page = await strange(visitor)
    name = page.locator("input[name=name]")
    await expect(name).to_be_visible()
    await only_words(page)
    await name.fill("77")
    await page.locator("main form button").click()
    code = page.locator("textarea[name=code]")
    await expect(code).to_be_visible()
    await only_words(page)
    await code.fill("eyJhbGciOiJFZERTQSJ9.eyJ4IjoxfQ.AAAA")
    await page.locator("main .scanner form button").click()
    await expect(page.get_by_role("alert")).to_contain_text("«STORE_CODE_INVALID»")
    poster = await town.call("GET", f"/v1/stores/{STORE}/check-in-code", town.brand_manager)
    await code.fill(poster["code"])
    await page.locator("main .scanner form button").click()

    typed, look = page.locator("main .scanner input[name=code]"), page.locator("main .scanner form button")
    await typed.fill("4006381333930")
    await look.click()
    await expect(page.get_by_role("alert")).to_contain_text("«INVALID_CODE»")
    await only_words(page)
    for number, more in ((901, {"age_restriction": 18}), (902, {"measure": "weight"}), (903, {})):
        await typed.fill(await town.shelve(number, 250, **more))
        await look.click()
        await expect(page.get_by_role("heading", name=f"Product {number}")).to_be_visible()
        await only_words(page)
        if number == 903:
            await page.locator("#product form button").click()
            await expect(page.locator("#product .done")).to_be_visible()
            await only_words(page)

    await page.goto("/shop/#/cart")
    await expect(page.locator("#lines .name")).to_have_text(["Product 903"])
    await page.locator("summary").click()
    await page.locator("input[name=coupon]").fill("77")
    await page.locator("input[name=coupon]").press("Enter")
    await expect(page.locator("details li")).to_contain_text("«UNKNOWN_CODE»")
    await only_words(page)
    await town.publish({"barcode": await barcode_in(page, town), "price": 240, "currency": "EUR"})
    await expect(page.locator("#lines .changed")).to_be_visible()
    await only_words(page)
    await page.locator("button.wide", has_text="«Pay ").click()
    await expect(page.locator("select[name=method]")).to_be_visible()
    await only_words(page)
    await page.locator("main form button").click()
    await expect(page.locator("img.pass")).to_have_attribute("data-text", re.compile("."))
    await only_words(page)
    await page.locator("main a", has_text="«Your receipt»").click()
    await expect(page.locator(".totals .total")).to_be_visible()
    await only_words(page)


async def barcode_in(page: Page, town: Town) -> str:
    """Of the only line in the cart."""
    found = await town.db["products"].find_one(
        {"storeId": STORE, "name": await page.locator("#lines .name").inner_text()}
    )
    assert found is not None
    return str(found["barcode"])


async def test_in_german_the_shop_is_german_also_without_a_network(visitor: Visitor, town: Town, axe: Axe) -> None:
    page = await visitor.page("/shop/", locale="de-AT")
    await expect(page.get_by_role("heading", name="Willkommen")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "de"
    await axe(page)
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await page.context.set_offline(True)
    await page.reload()
    await expect(page.get_by_role("heading", name="Willkommen")).to_be_visible()


@pytest.mark.parametrize("locale", ["fr-FR", "en-US"])
async def test_in_any_other_language_it_is_english(visitor: Visitor, town: Town, locale: str) -> None:
    page = await visitor.page("/shop/", locale=locale)
    await expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "en"


async def test_without_its_words_the_shop_is_english(visitor: Visitor, town: Town) -> None:
    context = await visitor.context(locale="de-DE", service_workers="block")
    await context.route("**/shop/words/de.json", lambda route: route.fulfill(status=503, body="<html>"))
    page = await context.new_page()
    await page.goto("/shop/")
    await expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    visitor.watch.seen = [each for each in visitor.watch.seen if "503" not in each]


async def test_who_types_names_with_braces_reads_them_as_they_are(visitor: Visitor, town: Town) -> None:
    odd = await town.shelve(904, 100)
    await town.db["products"].update_one({"barcode": odd}, {"$set": {"name": "A {name} of $& {count}"}})
    page = await phones.enter(visitor, town, "odd")
    await phones.take(page, odd)
    await expect(page.locator("#product .done")).to_contain_text("A {name} of $& {count} is in your cart.")
