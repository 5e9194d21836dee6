"""A file that is larger than what passes through the dashboard goes straight into the bucket of imports."""

from __future__ import annotations

import asyncio
import gzip
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from functions.admin.uploads import MOST_BYTES
from local.suite import Suite
from tests.browser.conftest import Visitor
from tests.browser.desk import sign_in
from tests.journeys.shopping import STORE, Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
IMPORTS = f"/admin/stores/{STORE}/imports"
SLOW_MS = 60_000
"""For 31 MiB and what the background does: on a busy machine they take their time."""
Axe = Callable[[Page], Awaitable[None]]


def large(file: Path, rows: str) -> Path:
    """Few rows in a file just over the limit: gzip members without content but with long extra fields (RFC 1952)."""
    extra = b"\x1f\x8b\x08\x04" + bytes(6) + struct.pack("<H", 65_000) + bytes(65_000) + b"\x03\x00" + bytes(8)
    content = gzip.compress(rows.encode())
    file.write_bytes(content + extra * (1 + (MOST_BYTES - len(content)) // len(extra)))
    assert MOST_BYTES < file.stat().st_size < MOST_BYTES + (1 << 20)
    return file


@pytest.fixture
def elsewhere(suite: Suite, visitor: Visitor) -> str:
    """The bucket's origin, which the pages of these tests may ask."""
    visitor.watch.also.append(suite.storage_url)
    return suite.storage_url


async def chosen(visitor: Visitor, file: Path) -> Page:
    """The page of imports with the file chosen."""
    page = await sign_in(visitor, "brand_manager", back=IMPORTS)
    await page.get_by_label("Or choose one").set_input_files(file)
    await expect(page.get_by_role("button", name="Import this file")).to_be_enabled()
    return page


async def state_of(town: Town, name: str) -> str:
    """Of the last import of a file with this name."""
    found = await town.call("GET", "/v1/imports?limit=50", town.brand_manager)
    return next(str(each["state"]) for each in found if each["name"] == name)


async def test_a_large_file_is_put_into_the_bucket_and_imported(
    town: Town, visitor: Visitor, axe: Axe, tmp_path: Path, elsewhere: str
) -> None:
    file = large(tmp_path / "all-goods.csv.gz", "barcode,name,price\n4009999710019,Large Soda,1.49\n")
    page = await chosen(visitor, file)
    sent: list[str] = []
    page.on("request", lambda each: sent.append(f"{each.method} {each.url}") if "/v1/" not in each.url else None)
    bars: list[float] = []
    await page.expose_function("seen", lambda value: bars.append(value))
    await page.evaluate(
        "new MutationObserver(() => seen(document.getElementById('sending').value))"
        ".observe(document.getElementById('sending'), { attributes: true })"
    )
    await page.get_by_role("button", name="Import this file").click()
    await page.wait_for_url("**/admin/imports/*", timeout=SLOW_MS)
    assert [each.split("?")[0] for each in sent if each.startswith(f"PUT {elsewhere}/")]
    assert not [each for each in sent if each.startswith("POST") and "/imports/file" in each]
    assert any(value > 0 for value in bars), "the bar goes along"
    await expect(page.locator("#status")).to_contain_text("read, to be decided", timeout=SLOW_MS)
    await expect(page.locator("#rows")).to_contain_text("Large Soda")


async def test_sending_can_be_stopped_and_nothing_is_left_waiting(
    town: Town, visitor: Visitor, axe: Axe, tmp_path: Path, elsewhere: str
) -> None:
    page = await chosen(visitor, large(tmp_path / "stopped.csv.gz", "barcode,name\n4009999710026,Stopped Soda\n"))
    held, go = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        held.set()
        await go.wait()
        await route.abort()

    await page.route(f"{elsewhere}/**", hold)
    await page.get_by_role("button", name="Import this file").click()
    await asyncio.wait_for(held.wait(), SLOW_MS / 1000)
    await expect(page.get_by_role("progressbar", name="Upload")).to_be_visible()
    await axe(page)
    await page.get_by_role("button", name="Stop sending").click()
    await expect(page.get_by_role("alert")).to_have_text("Stopped. Nothing was imported.")
    await expect(page.get_by_role("button", name="Import this file")).to_be_enabled()
    go.set()

    async def cancelled() -> bool:
        return await state_of(town, "stopped.csv.gz") == "cancelled"

    await town.until(cancelled, "the import to be cancelled")


@pytest.mark.parametrize("how", ["lost", "refused"])
async def test_a_file_that_does_not_arrive_says_so_and_can_be_sent_again(
    town: Town, visitor: Visitor, tmp_path: Path, elsewhere: str, how: str
) -> None:
    name = f"{how}.csv.gz"
    page = await chosen(visitor, large(tmp_path / name, f"barcode,name,price\n4009999710033,Soda {how},1.00\n"))

    async def fail(route: Route) -> None:
        if how == "lost":
            await route.abort("connectionreset")
        else:
            own = {"access-control-allow-origin": visitor.origin}
            await route.fulfill(status=403, body="<Error/>", headers=own)

    await page.route(f"{elsewhere}/**", fail)
    await page.get_by_role("button", name="Import this file").click()
    said = {"lost": "The connection was lost", "refused": "The file was refused where it is kept"}[how]
    await expect(page.get_by_role("alert")).to_contain_text(said, timeout=SLOW_MS)

    async def cancelled() -> bool:
        return await state_of(town, name) == "cancelled"

    await town.until(cancelled, "the import to be cancelled")
    await page.unroute(f"{elsewhere}/**")
    await page.get_by_role("button", name="Import this file").click()
    await page.wait_for_url("**/admin/imports/*", timeout=SLOW_MS)
    await expect(page.locator("#rows")).to_contain_text(f"Soda {how}", timeout=SLOW_MS)


async def test_what_is_too_large_for_the_bucket_is_not_sent_at_all(
    town: Town, visitor: Visitor, tmp_path: Path
) -> None:
    page = await sign_in(visitor, "brand_manager", back=IMPORTS)
    file = tmp_path / "huge.csv"
    with file.open("wb") as sparse:
        sparse.truncate((100 << 20) + 1)
    await page.get_by_label("Or choose one").set_input_files(file)
    await expect(page.get_by_role("alert")).to_contain_text("more than 100 MB")
    await expect(page.get_by_role("button", name="Import this file")).to_be_disabled()
