"""The page of operations while it is open: what waits, which door is down, and errors come to it by themselves."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from local.suite import Suite
from tests.browser.conftest import PHONE, Visitor
from tests.browser.desk import sign_in
from tests.journeys.shopping import TENANT, Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
Axe = Callable[[Page], Awaitable[None]]
HERE = "/admin/operations"
DOOR = "price-ingest-apply"
PRICES = f"{DOOR}-price-updates-{TENANT}"
# The page looks every five seconds, and the API every four.
LIVE_MS = 30_000
TRACE = "ab" * 16


async def test_a_door_that_hangs_and_what_then_waits_come_to_the_open_page(
    town: Town, visitor: Visitor, axe: Axe
) -> None:
    barcode = await town.shelve(9_400, 250)
    page = await sign_in(visitor, "operator", back=HERE)
    await page.evaluate("window.opened = 'once'")
    door, waiting = page.locator(f'[data-door="{DOOR}"]'), page.locator(f'[data-subscription="{PRICES}"]')
    await expect(door.get_by_text("up", exact=True)).to_be_visible()
    await expect(waiting).to_have_count(0)
    town.suite.freeze_door(DOOR)
    try:
        await town.publish({"barcode": barcode, "price": 199, "currency": "EUR"})
        await expect(door.get_by_text("down", exact=True)).to_be_visible(timeout=LIVE_MS)
        await expect(waiting.locator("td").nth(1)).to_have_text("1", timeout=LIVE_MS)
        await axe(page)
    finally:
        town.suite.thaw_door(DOOR)
    await expect(door.get_by_text("up", exact=True)).to_be_visible(timeout=LIVE_MS)
    await expect(waiting).to_have_count(0, timeout=LIVE_MS)
    assert await page.evaluate("window.opened") == "once", "nobody loaded the page again"


async def test_an_error_comes_to_a_phone_in_german_and_leads_to_its_trace(
    town: Town, visitor: Visitor, axe: Axe, suite: Suite
) -> None:
    page = await sign_in(visitor, "operator", back=HERE, viewport=PHONE)
    await page.get_by_label("Language").select_option("de")
    await page.get_by_role("button", name="Apply").click()
    await page.goto(HERE)
    line = {"severity": "ERROR", "time": datetime.now(UTC).isoformat(), "event": "made.up", "code": "FOR_A_TEST",
            "logging.googleapis.com/trace": f"projects/p/traces/{TRACE}"}  # fmt: skip
    with (suite.data_dir / "logs" / "scan.log").open("ab") as log:
        log.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
    row = page.get_by_role("region", name="Letzte Fehler").locator("tr", has_text="made.up")
    await expect(row).to_contain_text("FOR_A_TEST", timeout=LIVE_MS)
    await expect(row.get_by_role("link")).to_have_attribute("href", f"{suite.gateway_url}/dev/traces/{TRACE}")
    await axe(page)
    too_wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not too_wide
    lines = await (await page.request.get(f"/dev/traces/{TRACE}")).json()
    assert [each["event"] for each in lines] == ["made.up"]
