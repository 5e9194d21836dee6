"""In the whole suite, in processes of its own: large files by URL, ERPs with a secret, and a bucket that was away."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from local.erp.web import TOKEN, Erp
from local.suite import Suite

pytestmark = pytest.mark.suite

STORE = "acme-berlin"
CSV = b"barcode,name,price\n4006381333931,Milk,1.10\n3012345678902,Wine,9.99\n"


class Shop:
    def __init__(self, suite: Suite, client: httpx.AsyncClient) -> None:
        self.suite, self.client = suite, client

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        reply = await self.client.request(method, path, json=body)
        assert reply.is_success, reply.text
        return reply.json()["data"]

    async def until(self, import_id: str, *states: str, seconds: float = 20.0) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while True:
            view: dict[str, Any] = await self.ask("GET", f"/v1/imports/{import_id}")
            if view["state"] in states:
                return view
            assert time.monotonic() < deadline, view
            await asyncio.sleep(0.1)

    async def upload(self, content: bytes) -> str:
        order = {"storeIds": [STORE], "name": "prices.csv", "media": "text/csv"}
        accepted = await self.ask("POST", "/v1/imports:upload-url", order)
        upload = accepted["upload"]
        async with httpx.AsyncClient() as plain:
            put = await plain.put(upload["url"], content=content, headers=upload["headers"])
        assert put.status_code == 200, put.text
        await self.ask("POST", upload["uploadedUrl"])
        import_id: str = accepted["imports"][0]["importId"]
        return import_id


@pytest.fixture
async def erp() -> AsyncIterator[Erp]:
    async with Erp() as running:
        yield running


@pytest.fixture
async def shop(tmp_path: Path, erp: Erp) -> AsyncIterator[Shop]:
    env = {"IMPORT_ALLOWED_HOSTS": f"127.0.0.1:{erp.port}", "LOG_LEVEL": "INFO"}
    rooms = ("catalog", "import_publish")
    async with Suite(data_dir=tmp_path, tenants=("acme",), rooms=rooms, scheduler=False, door_env=env) as suite:
        headers = suite.authorization("brand_manager", tenant="acme", stores="*")
        async with httpx.AsyncClient(base_url=suite.gateway_url, headers=headers, timeout=20) as client:
            shop = Shop(suite, client)
            store = {"storeId": STORE, "name": "Berlin", "currency": "EUR", "timeZone": "Europe/Berlin"}
            await shop.ask("POST", "/v1/stores", store)
            yield shop


async def test_files_come_by_url_and_from_an_erp_and_no_secret_is_left_anywhere(
    shop: Shop, erp: Erp, tmp_path: Path
) -> None:
    view = await shop.until(await shop.upload(CSV), "staged", "failed")
    assert (view["state"], view["counts"]["rows"]) == ("staged", 2)

    settings = {
        "kind": "rest",
        "url": f"{erp.url}/rest/products",
        "auth": {"kind": "bearer"},
        "items": "data.items",
        "paging": {"parameter": "cursor", "next": "meta.next"},
    }
    await shop.ask("PUT", "/v1/import-connections/erp", {"settings": settings})
    await shop.ask("PUT", "/v1/import-connections/erp/secret", {"secret": {"token": TOKEN}})
    schedule = {"connection": "erp", "storeIds": [STORE], "cron": "0 0 1 1 *", "timeZone": "Europe/Berlin"}
    await shop.ask("PUT", "/v1/import-schedules/yearly", schedule)
    run = await shop.ask("POST", "/v1/import-schedules/yearly/run")
    view = await shop.until(run["importIds"][0], "staged", "failed")
    assert (view["state"], view["counts"]["rows"]) == ("staged", 120)
    assert erp.seen[0].headers["authorization"] == f"Bearer {TOKEN}"

    logs = "".join(path.read_text() for path in (tmp_path / "logs").iterdir())
    assert "import.fetched" in logs
    assert TOKEN not in logs
    assert await shop.suite.fire("import-publish-work-run-import-schedules") == 204


async def test_a_bucket_that_was_away_is_waited_for_and_keeps_what_it_had(shop: Shop) -> None:
    shop.suite.storage.kill()
    reply = await shop.client.post(
        "/v1/imports", params={"storeId": STORE}, content=CSV, headers={"content-type": "text/csv"}
    )
    assert reply.status_code in (503, 504), reply.text
    await shop.suite.restart_storage()
    import_id = await shop.upload(CSV)
    shop.suite.storage.kill()
    await shop.suite.restart_storage()
    view = await shop.until(import_id, "staged", "failed")
    assert (view["state"], view["counts"]["rows"]) == ("staged", 2)


async def test_the_bucket_ends_with_the_suite(tmp_path: Path) -> None:
    async with Suite(data_dir=tmp_path, tenants=("acme",), rooms=("import_publish",), scheduler=False) as suite:
        pid = suite.storage.pid
        assert pid in suite.pids()
        assert (await suite.collect())["doors"]
    assert not psutil.pid_exists(pid)
