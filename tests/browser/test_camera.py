"""From the camera to the gate: the code at the entrance and the bars of a product, seen by a fake camera."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, Playwright, expect

from tests.browser import cameras
from tests.browser.conftest import Visitor, launch
from tests.journeys.shopping import STORE, Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def looking_at(playwright: Playwright, picture: Image.Image, file: Path) -> Browser:
    """A browser whose camera sees nothing else."""
    return await launch(
        playwright,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={cameras.film(picture, file)}",
    )


async def test_a_purchase_from_the_camera_to_the_exit_code(
    visitor: Visitor, town: Town, playwright: Playwright, pictures: Path
) -> None:
    barcode = await town.shelve(201, 199)
    poster = await town.call("GET", f"/v1/stores/{STORE}/check-in-code", town.brand_manager)
    entrance = await looking_at(playwright, cameras.of_qr(poster["code"]), pictures / "entrance.mjpeg")
    shelf = await looking_at(playwright, cameras.of_ean13(barcode), pictures / "shelf.mjpeg")
    try:
        page = await visitor.page("/shop/", browser=entrance, permissions=["camera"])
        await page.get_by_label("Your name").fill("barbara")
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="Scan the code at the entrance").click()
        await expect(page.get_by_role("heading", name="Scan", exact=True)).to_be_visible()

        # The phone is carried to the shelf: the same storage, another sight.
        kept = await page.context.storage_state()
        page = await visitor.page("/shop/", browser=shelf, permissions=["camera"], storage_state=kept)
        await page.get_by_role("button", name="Scan with the camera").click()
        await expect(page.get_by_role("heading", name="Product 201")).to_be_visible()
        await page.get_by_role("button", name="Add to the cart").click()
        await page.get_by_role("link", name="See the cart").click()
        await page.get_by_role("button", name="Pay €1.99").click()
        await page.get_by_role("button", name="Pay now").click()
        code = page.get_by_role("img", name="Your exit code")
        await expect(code).to_have_attribute("data-text", re.compile("."))
        shown = await code.get_attribute("data-text")
        await town.call("POST", f"/v1/stores/{STORE}/exits", town.staff, json={"pass": shown})
    finally:
        await entrance.close()
        await shelf.close()


async def test_without_a_camera_the_page_says_so_and_the_field_is_there(visitor: Visitor, town: Town) -> None:
    page = await visitor.page("/shop/")
    await page.get_by_label("Your name").fill("niklaus")
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Scan the code at the entrance").click()
    await expect(page.get_by_role("alert")).to_have_text(re.compile("camera"))
    await expect(page.get_by_label("Or paste the text of the code")).to_be_visible()


async def test_the_browsers_own_detector_is_used_where_there_is_one(
    visitor: Visitor, town: Town, playwright: Playwright, pictures: Path
) -> None:
    poster = await town.call("GET", f"/v1/stores/{STORE}/check-in-code", town.brand_manager)
    nothing = Image.new("RGB", (cameras.WIDTH, cameras.HEIGHT), "white")
    browser = await looking_at(playwright, nothing, pictures / "nothing.mjpeg")
    try:
        context = await visitor.context(browser=browser, permissions=["camera"])
        await context.add_init_script(
            "window.BarcodeDetector = class { static getSupportedFormats() { return ['qr_code', 'ean_13']; }"
            f" detect() {{ return [{{ rawValue: '{poster['code']}' }}]; }} }};"
        )
        page = await context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto("/shop/")
        await page.get_by_label("Your name").fill("adele")
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="Scan the code at the entrance").click()
        await expect(page.get_by_role("heading", name="Scan", exact=True)).to_be_visible()
        assert not [url for url in asked if url.endswith(".wasm")]
    finally:
        await browser.close()
