"""What stories take pictures with."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, Page

from local.suite import Suite
from tests.browser.conftest import DESKTOP, PATIENCE_MS, PHONE

SIZES = {"phone": PHONE, "desktop": DESKTOP}
COLOURS = 128
"""A page has few; a repository is cloned often."""


class Studio:
    """Pages of a suite with the demo catalogue, and their pictures at every width."""

    def __init__(self, suite: Suite, browser: Browser, folder: Path) -> None:
        self.suite, self._browser, self._folder = suite, browser, folder
        self.taken: list[str] = []

    async def page(self, path: str, **options: Any) -> Page:
        """Somebody's own browser, opened at `path`."""
        options = {"viewport": PHONE, "locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
        context = await self._browser.new_context(base_url=self.suite.gateway_url, **options)
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        await page.goto(path)
        return page

    async def shoot(self, page: Page, name: str, sizes: tuple[str, ...] = ("phone", "desktop")) -> None:
        """Keep `name-phone.png` and `name-desktop.png` of what the page shows now."""
        before = page.viewport_size
        for size in sizes:
            await page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
            content = await page.screenshot(animations="disabled", caret="hide")
            picture = Image.open(io.BytesIO(content)).convert("RGB").quantize(COLOURS)
            picture.save(self._folder / f"{name}-{size}.png", optimize=True)
        if before is not None:
            await page.set_viewport_size(before)
        self.taken.append(name)
