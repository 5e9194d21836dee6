"""One running suite for the clients' tests. It lives in a thread of its own: the Python client knows no event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from functions.common.retail.barcode import canonical, check_digit
from local.suite import Suite
from retailscan_client import RetailScan

ROOMS = ("catalog", "checkout", "import_publish", "notify", "price_ingest", "scan", "sessions")
TENANT, STORE = "acme", "acme-centre"


def barcode_of(number: int) -> str:
    """A valid GTIN-13 of its own."""
    body = f"4{number:011d}"
    return canonical(body + check_digit(body))


@dataclass(frozen=True, slots=True)
class Place:
    """A store with three products, and who may do what there."""

    suite: Suite
    barcodes: tuple[str, ...]

    @property
    def url(self) -> str:
        """Where clients go."""
        return self.suite.gateway_url

    def token(self, role: str) -> str:
        """Of somebody of this store, or a shopper, who belongs to none."""
        if role == "shopper":
            return self.suite.token(role, sub="ada")
        return self.suite.token(role, TENANT, STORE, sub=f"a-{role}")

    def client(self, role: str, **options: Any) -> RetailScan:
        """On behalf of such a person."""
        return RetailScan(self.url, identity=self.token(role), **options)


@pytest.fixture(scope="package")
def place() -> Iterator[Place]:
    """Opened through the client itself."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="suite")
    thread.start()
    suite = Suite(rooms=ROOMS, tenants=(TENANT,), door_env={"OTEL_TRACES_SAMPLE": "0"})
    try:
        asyncio.run_coroutine_threadsafe(suite.start(), loop).result(150)
        found = Place(suite, tuple(barcode_of(number) for number in (1, 2, 3)))
        _open(found)
        yield found
    finally:
        asyncio.run_coroutine_threadsafe(suite.stop(1.0), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _open(place: Place) -> None:
    with place.client("brand_manager") as api:
        api.catalog.put_tenant_settings(
            {"taxes": {"classes": {"standard": [{"name": "MwSt.", "percent": "19"}]}, "default": "standard"}}
        )
        api.catalog.open_store(
            {"storeId": STORE, "name": "Acme Centre", "currency": "EUR", "timeZone": "Europe/Berlin"}
        )
        for number, barcode in enumerate(place.barcodes, start=1):
            api.catalog.create_product(
                STORE,
                {
                    "barcode": barcode,
                    "name": f"Product {number}",
                    "price": {"amount": 100 * number, "currency": "EUR", "asOf": "2026-01-01T00:00:00Z"},
                    "stock": {"quantity": 50_000, "asOf": "2026-01-01T00:00:00Z"},
                },
            )
