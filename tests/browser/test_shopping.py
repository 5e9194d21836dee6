"""A purchase in the web app, from the entrance to the gate, and what must not happen on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser import phones
from tests.browser.conftest import Visitor
from tests.journeys.shopping import STORE, Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
Axe = Callable[[Page], Any]


async def test_whoever_types_a_code_has_it_in_the_cart(visitor: Visitor, town: Town, axe: Axe) -> None:
    milk = await town.shelve(101, 149)
    page = await visitor.page("/shop/")
    await expect(page.get_by_label("Your name")).to_be_visible()
    await axe(page)
    await phones.enter(visitor, town, "ada", page)
    await axe(page)
    await phones.look_up(page, milk)
    await expect(page.get_by_role("heading", name="Product 101")).to_be_visible()
    await axe(page)
    await phones.take(page, milk, 3)
    await phones.open_cart(page)
    await expect(page.locator("#lines")).to_contain_text("Product 101")
    await expect(page.locator("#totals .total")).to_contain_text("€4.47")
    await axe(page)
    await page.get_by_role("button", name="One less of Product 101").click()
    await expect(page.locator("#totals .total")).to_contain_text("€2.98")
    await page.get_by_role("button", name="Remove Product 101").click()
    await expect(page.get_by_text("There is nothing in it yet.")).to_be_visible()


async def test_paying_brings_the_receipt_and_the_gate_opens_once(visitor: Visitor, town: Town, axe: Axe) -> None:
    soap = await town.shelve(102, 250)
    page = await phones.enter(visitor, town, "grace")
    await phones.take(page, soap, 2)
    await phones.open_cart(page)
    await page.get_by_role("button", name="Pay €5.00").click()
    await expect(page.get_by_role("button", name="Pay now")).to_be_visible()
    await axe(page)
    await page.get_by_label("Pay with").select_option("pm_card_chargeDeclined")
    await page.get_by_role("button", name="Pay now").click()
    await expect(page.get_by_role("alert").first).to_be_visible()
    await page.get_by_label("Pay with").select_option("pm_card_visa")
    await page.get_by_role("button", name="Pay now").click()
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    code = page.get_by_role("img", name="Your exit code")
    await expect(code).to_have_attribute("data-text", re.compile("."))
    await axe(page)
    shown = await code.get_attribute("data-text")
    order = page.url.rpartition("/")[2]
    await page.goto("/shop/#/cart")
    await expect(code).to_be_visible()
    await page.get_by_role("link", name="Your receipt").click()
    await expect(page.get_by_text("Acme Centre").last).to_be_visible()
    await expect(page.locator(".totals .total")).to_contain_text("€5.00")
    await axe(page)
    await page.go_back()
    await town.call("POST", f"/v1/stores/{STORE}/exits", town.staff, json={"pass": shown})
    await expect(page.get_by_text("The gate is open. Goodbye!")).to_be_visible()
    await page.get_by_role("button", name="Done").click()
    await expect(page.get_by_role("heading", name="Check in")).to_be_visible()
    charged = [each["amount"] for each in await town.ledger() if each.get("order") == order]
    assert charged == [500]


async def test_a_new_price_appears_in_an_open_cart_by_itself(visitor: Visitor, town: Town) -> None:
    bread = await town.shelve(103, 300)
    page = await phones.enter(visitor, town, "edsger")
    await phones.take(page, bread)
    await phones.open_cart(page)
    await expect(page.locator("#totals .total")).to_contain_text("€3.00")
    await town.publish({"barcode": bread, "price": 275, "currency": "EUR"})
    await expect(page.locator("#totals .total")).to_contain_text("€2.75")
    await expect(page.locator("#lines")).to_contain_text("was €3.00")
    await expect(page.locator("#toast")).to_contain_text("Product 103 now costs €2.75, before €3.00.")


async def test_what_is_sold_by_weight_asks_how_much(visitor: Visitor, town: Town) -> None:
    apples = await town.shelve(105, 240, measure="weight")
    page = await phones.enter(visitor, town, "rosalind")
    await phones.look_up(page, apples)
    await page.get_by_label("How much (kg)").fill("0.25")
    await page.get_by_role("button", name="Add to the cart").click()
    await phones.open_cart(page)
    await expect(page.locator("#lines .each")).to_contain_text("0.25 kg")
    await expect(page.locator("#totals .total")).to_contain_text("€0.60")


async def test_the_name_of_a_product_is_text_and_never_markup(visitor: Visitor, town: Town) -> None:
    evil = await town.shelve(104, 100)
    name = '<img src=x onerror="document.title=1"><script>alert(1)</script>${7*7}'
    await town.db["products"].update_one({"barcode": evil}, {"$set": {"name": name}})
    page = await phones.enter(visitor, town, "mallory")
    await phones.look_up(page, evil)
    await expect(page.get_by_role("heading", name=name)).to_be_visible()
    await page.get_by_role("button", name="Add to the cart").click()
    await expect(page.locator("#product .done")).to_contain_text(name)
    await phones.open_cart(page)
    await expect(page.locator("#lines .name")).to_have_text(name)
    assert await page.locator("main img, main script").count() == 0
    assert await page.title() == "Cart – RetailScan"


async def test_whoever_tries_to_run_something_is_stopped_by_the_policy(visitor: Visitor, town: Town) -> None:
    page = await visitor.page("/shop/")
    await expect(page.get_by_label("Your name")).to_be_visible()
    ran = await page.evaluate(
        """async () => {
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.head.append(script);
          const button = document.createElement("button");
          button.setAttribute("onclick", "window.ran = true");
          document.body.append(button);
          button.click();
          const away = await fetch("https://elsewhere.invalid/").then(() => true, () => false);
          return [window.ran ?? false, away];
        }"""
    )
    assert ran == [False, False]
    refused, visitor.watch.seen = visitor.watch.seen, []
    assert len(refused) >= 3, "the console says what the policy stopped"
    assert not [each for each in refused if "Content Security Policy" not in each and "foreign" not in each]
