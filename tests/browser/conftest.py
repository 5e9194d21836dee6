"""Both faces in a real browser: one suite and one Chromium for all tests here, and an eye on what pages must not do.

A test asks for `town` (a store with staff, see tests/journeys/shopping.py) and `visitor`, whose pages are watched: an
error in the console, an exception, or a request to another origin fails the test that caused it.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, async_playwright, expect

from local.suite import Suite
from tests.browser.axe import source
from tests.journeys.shopping import TENANT, Town

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)
ROOMS = (
    *("storefront", "catalog", "sessions", "scan", "notify", "discount", "checkout", "exit_gate", "price_ingest"),
    *("admin", "import_publish"),
)
"""Those that the faces need."""
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: drives Chromium; skipped by name where there is none")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def suite() -> AsyncIterator[Suite]:
    """The rooms behind the gateway, for two tenants."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (make test-browser installs it)")
    async with Suite(rooms=ROOMS, tenants=(TENANT, "rival"), door_env={"OTEL_TRACES_SAMPLE": "0"}) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def town(suite: Suite) -> AsyncIterator[Town]:
    """A store that is open, with a brand, taxes and staff."""
    made = Town(suite)
    try:
        await made.open()
        yield made
    finally:
        await made.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as made:
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    """The browser that tests share; each has a context of its own in it."""
    browser = await launch(playwright)
    yield browser
    await browser.close()


async def launch(playwright: Playwright, *arguments: str) -> Browser:
    """Debian's Chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (make test-browser installs it)")
    # Containers have a small /dev/shm, and tests run as root there.
    usual = ("--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb")
    return await playwright.chromium.launch(executable_path=CHROMIUM, args=[*usual, *arguments])


class Watch:
    """Collects what the pages of one context must not do."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.also: list[str] = []
        """Origins that a page may ask beside its own, because its policy says so."""
        self.seen: list[str] = []

    def over(self, context: BrowserContext) -> None:
        """From now on."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"exception: {error.error}"))
        context.on("request", lambda request: self._request(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        # The browser itself notes what the API refuses, and outages; what the page makes of them is the tests' matter.
        address = message.location.get("url", "")
        path = urlsplit(address).path
        api = path.startswith(("/v1/", "/dev/", "/admin/")) and not path.startswith("/admin/static/")
        api = api or address.startswith(tuple(f"{origin}/" for origin in self.also))
        api = api or message.text.endswith("net::ERR_INTERNET_DISCONNECTED")
        if message.type == "error" and not (api and message.text.startswith("Failed to load resource")):
            self.seen.append(f"console: {message.text}")

    def _request(self, url: str) -> None:
        known = tuple(f"{origin}/" for origin in (self.origin, *self.also))
        if not url.startswith((*known, "data:", "blob:")):
            self.seen.append(f"foreign origin: {url}")


class Visitor:
    """Opens pages, each in a context of its own unless it is told otherwise, and looks after them."""

    def __init__(self, browser: Browser, origin: str, stack: AsyncExitStack) -> None:
        self._browser, self.origin, self._stack = browser, origin, stack
        self.watch = Watch(origin)

    async def context(self, *, browser: Browser | None = None, **options: Any) -> BrowserContext:
        """Another person's browser: nothing is shared with others."""
        options = {"viewport": PHONE, "locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
        context = await (browser or self._browser).new_context(base_url=self.origin, **options)
        context.set_default_timeout(PATIENCE_MS)
        self._stack.push_async_callback(context.close)
        self.watch.over(context)
        return context

    async def page(self, path: str, **options: Any) -> Page:
        """A page of a person of its own, opened at `path`."""
        page = await (await self.context(**options)).new_page()
        await page.goto(path)
        return page


@asynccontextmanager
async def visiting(browser: Browser, origin: str) -> AsyncIterator[Visitor]:
    """A visitor whose pages are judged at the end."""
    async with AsyncExitStack() as stack:
        visitor = Visitor(browser, origin, stack)
        yield visitor
        assert visitor.watch.seen == []


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(chromium: Browser, suite: Suite) -> AsyncIterator[Visitor]:
    """Somebody with a browser, watched."""
    async with visiting(chromium, suite.gateway_url) as made:
        yield made


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], Any]:
    """`await axe(page)`: nothing serious is wrong with the page for people who cannot see or cannot point."""
    script = source()

    async def check(page: Page) -> None:
        await page.evaluate(script)
        found = await page.evaluate(
            "async () => (await axe.run()).violations.map(v => ({impact: v.impact, id: v.id, "
            "where: v.nodes.map(n => n.target.join(' ') + ' ' + (n.failureSummary ?? '')).slice(0, 3)}))"
        )
        assert [each for each in found if each["impact"] in ("serious", "critical")] == []

    return check


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what fake cameras see."""
    return tmp_path_factory.mktemp("pictures")
