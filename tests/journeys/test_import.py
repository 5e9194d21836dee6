"""A file on its way into a store, through public doors alone: looked at, put right, live, and taken back."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.faults.imports import HEADER, WORKER, Caller
from tests.faults.shop import RIVAL, STORE, TENANT, Shop, barcode_of

pytestmark = [pytest.mark.suite, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

OLD, NEW, BROKEN, TWICE, WRONG = (barcode_of(number) for number in (0, 100, 101, 102, 103))
FILE = f"""{HEADER}
{OLD},"Product, renamed",1.99,12
{NEW},Elderflower Juice,2.49,6
{BROKEN},Rye Bread,two euros,3
{TWICE},Oat Milk,1.09,1
{TWICE},Oat Milk again,1.19,1
{WRONG[:-1] + str((int(WRONG[-1]) + 1) % 10)},Chestnut Cream,3.29,9
"""


def zipped(name: str, content: bytes) -> bytes:
    """A ZIP archive with one file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


async def shown(shop: Shop, barcode: str) -> Any:
    """What a scan shows; None when the store does not sell it."""
    answer = await shop.scan(barcode)
    return answer.json()["data"] if answer.status_code == 200 else None


async def test_from_a_file_with_faults_to_live_products_and_back(shop: Shop) -> None:
    manager, rival = Caller(shop, "brand_manager"), Caller(shop, "brand_manager", RIVAL)
    # Given a file with one wrong price, one product twice, and one wrong barcode
    import_id = await manager.bring(FILE)
    own = f"/v1/imports/{import_id}"
    # When it is staged, it says so, row by row, and nothing is live
    staged = await manager.until(import_id, "staged", "failed")
    assert staged["state"] == "staged", staged
    assert {name: staged["counts"][name] for name in ("rows", "errors", "create", "update")} == {
        "rows": 6,
        "errors": 4,
        "create": 1,
        "update": 1,
    }
    assert staged["codes"]["DUPLICATE_IN_FILE"] == 2
    (row,) = await manager("GET", f"{own}/rows", params={"code": "PRICE_NOT_A_NUMBER"})
    assert (row["line"], row["faults"][0]["column"], row["faults"][0]["value"]) == (4, "price", "two euros")
    assert await shown(shop, NEW) is None
    # When one row is put right in place and one of the doubles is left out, both are good
    fixed = await manager("PATCH", f"{own}/rows/4", json={"values": {"price": "2.19"}})
    assert (fixed["status"], fixed["action"]) == ("valid", "create")
    await manager("PATCH", f"{own}/rows/6", json={"excluded": True})
    counts = (await manager("GET", own))["counts"]
    assert (counts["errors"], counts["excluded"], counts["create"]) == (1, 1, 3)
    # Another tenant sees nothing of it
    for method, path in (
        ("GET", own),
        ("GET", f"{own}/rows"),
        ("GET", f"{own}/failures.csv"),
        ("POST", f"{own}/approve"),
        ("POST", f"{own}/rollback"),
        ("PATCH", f"{own}/rows/4"),
        ("PUT", f"/v1/retries/{import_id}"),
    ):
        body: Any = {"excluded": True} if method == "PATCH" else {}
        refused = await rival.ask(method, path, **({} if method == "GET" else {"json": body}))
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "IMPORT_NOT_FOUND"), path
    assert await rival("GET", "/v1/imports") == []
    assert await rival("GET", "/v1/import-failures") == []
    # When it is approved, what is good goes live, and scans show it
    await manager("POST", f"{own}/approve", json={})
    done = await manager.until(import_id, "published", "partly_published", "failed")
    result = {name: count for name, count in done["result"].items() if count}
    assert result == {"rows": 6, "created": 3, "updated": 1, "rejected": 1, "excluded": 1}
    new, old = await shown(shop, NEW), await shown(shop, OLD)
    assert (new["product"]["name"], new["unitPrice"]) == ("Elderflower Juice", 249)
    assert (old["product"]["name"], old["unitPrice"]) == ("Product, renamed", 199)
    assert (await shown(shop, BROKEN))["unitPrice"] == 219
    # What failed is downloaded, corrected and brought again, and counts as resolved
    answer = await manager.ask("GET", f"{own}/failures.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    (failed,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (failed["retailscan_line"], failed["name"]) == ("7", "Chestnut Cream")
    assert failed["retailscan_codes"] == "BARCODE_CHECK_DIGIT"
    corrected = io.StringIO()
    writer = csv.DictWriter(corrected, failed)
    writer.writeheader()
    writer.writerow({**failed, "barcode": WRONG})
    second = await manager.bring(corrected.getvalue(), "corrected.csv", corrects=import_id)
    await manager.until(second, "staged")
    await manager("POST", f"/v1/imports/{second}/approve", json={})
    await manager.until(second, "published")
    (failures,) = await manager("GET", "/v1/import-failures", params={"batchId": import_id})
    assert (failures["status"], failures["counts"]["resolved"]) == ("resolved", 1)
    assert (await shown(shop, WRONG))["product"]["name"] == "Chestnut Cream"
    # When the first import is rolled back, the store is as it was, but for what came since
    await manager("POST", f"{own}/rollback")
    await manager.until(import_id, "rolled_back")
    assert await shown(shop, NEW) is None
    assert await shown(shop, BROKEN) is None
    assert (await shown(shop, OLD))["product"]["name"] == f"Product {OLD}"
    assert await shown(shop, WRONG) is not None
    assert await shop.audit() == []


async def test_the_command_line_brings_a_file_and_says_what_became_of_it(shop: Shop, tmp_path: Path) -> None:
    file, out = tmp_path / "goods.csv", tmp_path / "failures.csv"
    rows = [f"{barcode_of(number)},Imported {number},1.{number % 100:02d},1" for number in range(200, 800)]
    file.write_text("\n".join([HEADER, *rows, f"{barcode_of(999)},Without a price,free,1", ""]))
    env = {
        **os.environ,
        "RETAILSCAN_URL": shop.suite.gateway_url,
        "RETAILSCAN_TOKEN": shop.suite.token("brand_manager", tenant=TENANT),
    }
    words = ("import", file, "--store", STORE, "--approve", "--watch", "--failures", out)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "retailscan", *map(str, words)),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        said, complained = (each.decode() for each in await process.communicate())
    assert process.returncode == 1, said + complained
    assert "601 rows: 600 new, 1 with errors" in said
    assert "PRICE_NOT_A_NUMBER: 1 row\n    line 602: price 'free'" in said
    assert "partly published: 600 new, 1 rejected" in said
    assert complained == "", "no bars are drawn where nobody watches"
    assert "Without a price" in out.read_text(encoding="utf-8-sig")
    assert (await shown(shop, barcode_of(799)))["unitPrice"] == 199


GOOD = f"{HEADER}\n{barcode_of(900)},Plain,1.00,1\n".encode()
HARMLESS = "nothing is wrong with its rows"
HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "nothing but a header": ("a.csv", HEADER.encode(), "FILE_EMPTY"),
    "half a gzip": ("a.csv.gz", gzip.compress(GOOD * 500)[:-40], "TRUNCATED"),
    "a bomb": ("a.zip", zipped("a.csv", GOOD + b"0" * (48 << 20)), "RATIO_TOO_HIGH"),
    "a file outside its folder": ("a.zip", zipped("../../etc/cron.d/x.csv", GOOD), HARMLESS),
    "a zero byte": ("a.csv", GOOD + b"1,a\0b,1.00,1\n", "NUL_BYTE"),
    "a line of eight megabytes": ("a.csv", GOOD + b"x" * (8 << 20), "LINE_TOO_LONG"),
    "a quote that never ends": ("a.csv", GOOD + b'1,"open,1.00,1\n' * 3, "UNCLOSED_QUOTE"),
    "ten thousand columns": ("a.csv", b",".join(b"c%d" % n for n in range(10_000)) + b"\n1\n", "TOO_MANY_COLUMNS"),
    "one column twice": ("a.csv", b"barcode,name,name\n1,a,b\n", "DUPLICATE_HEADER"),
    "no text at all": ("a.csv", bytes(range(128, 256)) * 40, "BAD_ENCODING"),
    "a program": ("a.exe", b"MZ" + bytes(5_000), "NUL_BYTE"),
}


async def test_hostile_files_are_answered_and_leave_the_service_well(shop: Shop) -> None:
    """F22 on the real doors: each gets its answer, none takes the worker with it, and the next good file goes live."""
    manager = Caller(shop, "brand_manager")
    worker = shop.suite.doors.doors[WORKER].child.pid
    before = {child.pid for child in psutil.Process(worker).children()}

    async def outcome(name: str, content: bytes) -> tuple[str, set[str]]:
        media = "application/octet-stream"
        query = {"storeId": STORE, "name": name}
        answer = await manager.ask(
            "POST", "/v1/imports", params=query, content=content, headers={"content-type": media}
        )
        if answer.status_code >= 400:
            return "refused", {answer.json()["error"]["code"]}
        found = await manager.until(answer.json()["data"]["imports"][0]["importId"], "staged", "failed")
        return found["state"], {found["error"]["code"]} if found["error"] else set(found["codes"])

    ends = await asyncio.gather(*(outcome(name, content) for name, content, _ in HOSTILE.values()))
    for what, (state, codes), (_, _, expected) in zip(HOSTILE, ends, HOSTILE.values(), strict=True):
        assert expected in (codes or {HARMLESS}), f"{what}: {state} {codes}"
    # Nobody was killed for taking too much, and nothing of it is on sale.
    children = psutil.Process(worker).children()
    assert {child.pid for child in children} == before
    assert sum(child.memory_info().rss for child in children) < 256 << 20
    import_id = await manager.bring(GOOD.replace(b"Plain", b"After all that"))
    await manager.until(import_id, "staged")
    await manager("POST", f"/v1/imports/{import_id}/approve", json={})
    await manager.until(import_id, "published")
    assert (await shown(shop, barcode_of(900)))["product"]["name"] == "After all that"
