"""The whole story of an import in a real browser: a bad file, put right, compared, published, and taken back."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.desk import GOODS, bring, sign_in
from tests.journeys.shopping import STORE, Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
IMPORTS, PRODUCTS = f"/admin/stores/{STORE}/imports", f"/admin/stores/{STORE}/products"
SLOW_MS = 45_000
"""For what the background does: on a busy machine it takes its time."""
Axe = Callable[[Page], Awaitable[None]]


async def test_a_bad_file_is_put_right_published_and_taken_back(town: Town, visitor: Visitor, axe: Axe) -> None:
    page = await sign_in(visitor, "brand_manager", back=IMPORTS)
    page.on("dialog", lambda dialog: dialog.accept())
    await bring(page, GOODS)
    await expect(page.get_by_role("row", name="4009999700010")).to_contain_text("1.99")
    await expect(page.locator("#preview")).to_contain_text("Write the price with the digits")
    await axe(page)

    await page.get_by_role("button", name="Import this file").click()
    await page.wait_for_url("**/admin/imports/*")
    await expect(page.locator("#status")).to_contain_text("read, to be decided", timeout=SLOW_MS)
    await expect(page.locator("#rows")).to_contain_text("Lemon <b>Soda</b><img")
    await axe(page)

    # Fixed in place: only that row changes, and the figures above follow.
    row = page.locator("#rows tr", has_text="4009999700027")
    await row.get_by_label("price", exact=True).fill("2.19")
    await row.get_by_role("button", name="Put right").click()
    await expect(page.locator("#rows tr", has_text="4009999700027")).to_contain_text("good")
    await expect(page.locator("#status")).to_contain_text("PRICE_NOT_A_NUMBER: 1")

    await page.get_by_label("Publish at full speed (the store is closed)").check()
    await page.get_by_role("button", name="Publish now").click()
    await expect(page.locator("#status")).to_contain_text("partly published", timeout=SLOW_MS)
    await expect(page.locator("#status")).to_contain_text("full speed, store closed")
    found = await (await sign_in(visitor, "brand_manager", back=PRODUCTS)).locator("#found").inner_text()
    assert "Elderflower Soda" in found
    assert "Lemon <b>Soda</b><img src=x onerror=alert(1)>" in found

    # What failed is a file that no spreadsheet takes for a formula.
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download them as CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(await (await download.value).path()).read_text("utf-8-sig"))))
    assert [row["name"] for row in rows] == ["'=1+1 Soda"]

    # One row again, put right.
    failed = page.locator("tr", has_text="4009999700034").filter(has=page.get_by_role("button", name="Try again"))
    await failed.get_by_label("price", exact=True).fill("2.49")
    await failed.get_by_role("button", name="Try again").click()
    await expect(page.locator("main")).to_contain_text("being tried again")

    await page.reload()
    await expect(page.locator("#status")).to_contain_text("published")
    await expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    await page.get_by_role("button", name="Take it back").click()
    # Exactly that: until then it is "being taken back".
    await expect(page.locator("#status .tag").first).to_have_text("taken back", timeout=SLOW_MS)
    await expect(page.locator("main")).to_contain_text("Taken back")
    gone = await sign_in(visitor, "brand_manager", back=PRODUCTS)
    await expect(gone.locator("#found")).not_to_contain_text("Elderflower Soda")


async def test_columns_of_another_name_are_mapped_and_the_mapping_is_kept(town: Town, visitor: Visitor) -> None:
    page = await sign_in(visitor, "brand_manager", back=IMPORTS)
    await bring(page, "Artikelnummer,Was,Kostet\n4009999700041,Rye Bread,3.20\n", "brot.csv")
    for column, field in (("Artikelnummer", "barcode"), ("Was", "name"), ("Kostet", "price")):
        await page.get_by_label(column, exact=True).select_option(field)
    await page.get_by_label("Keep this mapping as").fill("bakery")
    await page.get_by_role("button", name="Use this mapping").click()
    await expect(page.locator("#preview").get_by_role("row", name="4009999700041")).to_contain_text("Rye Bread")
    await page.get_by_role("button", name="Import this file").click()
    await page.wait_for_url("**/admin/imports/*")
    await expect(page.locator("#status")).to_contain_text("bakery")
    await expect(page.locator("#rows")).to_contain_text("Rye Bread")
    await page.get_by_label("Or say no, because").fill("only a try")
    await page.get_by_role("button", name="Say no").click()
    await expect(page.locator("#status")).to_contain_text("only a try")


async def test_a_file_that_is_none_says_so_and_nothing_begins(town: Town, visitor: Visitor) -> None:
    page = await sign_in(visitor, "store_manager", stores=STORE, back=IMPORTS)
    await bring(page, "\x00\x01\x02 no file of products", "picture.csv")
    await expect(page.locator("#preview").get_by_role("alert")).to_be_visible()


async def test_anothers_pages_are_not_there(town: Town, visitor: Visitor) -> None:
    mine = await sign_in(visitor, "brand_manager", back=IMPORTS)
    await bring(mine, "barcode,name,price\n4009999700058,Secret Soda,1.00\n", "secret.csv")
    await mine.get_by_role("button", name="Import this file").click()
    await mine.wait_for_url("**/admin/imports/*")
    theirs = await sign_in(visitor, "brand_manager", tenant="rival")
    for path in (mine.url, f"{mine.url}/rows", f"{mine.url}/failures.csv", IMPORTS, PRODUCTS):
        reply = await theirs.goto(path)
        assert reply is not None
        assert reply.status == 404, path
        assert "Secret" not in await theirs.content()


async def test_the_pages_load_little_script(visitor: Visitor) -> None:
    page = await visitor.page("/admin/sign-in")
    scripts = await page.evaluate("[...document.scripts].map(script => script.src)")
    assert scripts
    packed = 0
    for address in scripts:
        reply = await page.request.get(address)
        packed += len(gzip.compress(await reply.body(), 6))
    assert packed < 150_000
