"""Start a suite with the demo catalogue, let every story be told, and keep the pictures."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import sys
from pathlib import Path

from playwright.async_api import async_playwright

from local.suite import Suite
from tests.browser import screenshots
from tests.browser.conftest import launch
from tests.browser.screenshots.studio import Studio

FOLDER = Path(__file__).parents[3] / "docs" / "screenshots"


def stories(wanted: list[str]) -> list[str]:
    """The modules beside that tell one, or those of them that were named."""
    # The shop before the desk: what is bought in the one is seen at the other.
    names = sorted((info.name for info in pkgutil.iter_modules(screenshots.__path__)), reverse=True)
    return [name for name in names if name not in ("__main__", "studio") and (not wanted or name in wanted)]


async def main(wanted: list[str]) -> None:
    """Take them all. Raises when a page is not what its story expects."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with (
        Suite(seed_demo=True, door_env={"OTEL_TRACES_SAMPLE": "0"}) as suite,
        async_playwright() as playwright,
    ):
        browser = await launch(playwright)
        for name in stories(wanted):
            studio = Studio(suite, browser, FOLDER)
            await importlib.import_module(f"{screenshots.__name__}.{name}").tell(studio)
            sys.stdout.write(f"{name}: {', '.join(studio.taken)}\n")
        await browser.close()


asyncio.run(main(sys.argv[1:]))
