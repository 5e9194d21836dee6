"""Products of a store over HTTP: what an editor can do, what is written, and what the others are told."""

from __future__ import annotations

from tests.integration.catalog.conftest import GTIN, STORE, TENANT, Catalog


async def test_a_created_product_can_be_read_and_is_published(catalog: Catalog) -> None:
    created = await catalog.create(price={"amount": 199, "currency": "EUR"}, stock={"quantity": 5000})
    assert created.status_code == 201, created.text
    read = await catalog.get(f"{catalog.products()}/{GTIN}")
    assert read.status_code == 200
    assert read.json()["data"] == created.json()["data"]
    assert read.json()["data"]["price"]["amount"] == 199
    assert read.json()["data"]["stock"]["quantity"] == 5000
    ver = read.json()["data"]["ver"]
    assert read.headers["etag"] == f'"{ver}"'
    assert catalog.events() == [("catalog.product_published", {"barcode": GTIN, "ver": ver})]
    document = await catalog.document()
    assert (document["tenantId"], document["storeId"]) == (TENANT, STORE)
    assert document["outbox"] == []
    assert document["audit"] == []
