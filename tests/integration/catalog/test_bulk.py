"""Loading many products at once: each judged alone, repeatable, never over the price stream's word."""

from __future__ import annotations

import asyncio
import csv
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.common import failpoints
from functions.common.retail.barcode import check_digit
from tests.integration.catalog.conftest import GTIN, STORE, Catalog

REAL = Path(__file__).parents[4] / "shared" / "data" / "products-openfoodfacts-20k.csv"


def gtin(number: int) -> str:
    body = f"400000{number:06d}"
    return body + check_digit(body)


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"barcode": gtin(number), "name": f"Thing {number}", **more}


async def load(catalog: Catalog, items: list[Any], **headers: str) -> httpx.Response:
    return await catalog.client.post(
        f"{catalog.products()}:bulk", json={"products": items}, headers=catalog.manager | headers
    )


def counts(reply: httpx.Response) -> tuple[int, int, int, int]:
    assert reply.status_code == 200, reply.text
    data = reply.json()["data"]
    found = Counter(each["outcome"] for each in data["items"])
    reported = tuple(data[name] for name in ("created", "updated", "unchanged", "rejected"))
    assert reported == tuple(found[name] for name in ("created", "updated", "unchanged", "rejected"))
    return reported


async def test_each_item_has_an_outcome_of_its_own(catalog: Catalog) -> None:
    assert counts(await load(catalog, [item(1), item(2)])) == (2, 0, 0, 0)
    mixed = await load(
        catalog,
        [
            item(1),
            item(2, name="Renamed"),
            item(3),
            item(4, name=""),
            item(5, ver=1),
            {"barcode": "4006381333932", "name": "wrong digit"},
            item(6, brandId="nobody"),
            item(7),
            item(7),
            "not an object",
            item(8, price={"amount": 5, "currency": "USD"}),
        ],
    )
    assert counts(mixed) == (1, 1, 1, 8)
    items = mixed.json()["data"]["items"]
    assert [each["index"] for each in items] == list(range(11))
    assert [each["reason"] for each in items] == [
        None, None, None, "VALIDATION_FAILED", "VALIDATION_FAILED", "CHECK_DIGIT", "UNKNOWN_BRAND",
        "DUPLICATE_IN_REQUEST", "DUPLICATE_IN_REQUEST", "VALIDATION_FAILED", "WRONG_CURRENCY",
    ]  # fmt: skip
    assert [each["outcome"] for each in items[:3]] == ["unchanged", "updated", "created"]
    assert await catalog.database.products.count_documents({"storeId": STORE}) == 3
    assert len(await catalog.audit()) == len(catalog.published) == 4


async def test_loading_again_changes_nothing(catalog: Catalog) -> None:
    items = [item(n, metadata={"n": n}, price={"amount": n, "currency": "EUR"}) for n in range(500)]
    assert counts(await load(catalog, items)) == (500, 0, 0, 0)
    before = [document async for document in catalog.database.products.find().sort("barcode")]
    assert all(document["audit"] == document["outbox"] == [] for document in before)
    assert counts(await load(catalog, items)) == (0, 0, 500, 0)
    assert [document async for document in catalog.database.products.find().sort("barcode")] == before
    assert len(await catalog.audit()) == len(catalog.published) == 500
    assert len({event["id"] for event in catalog.published}) == 500


async def test_only_named_fields_of_an_existing_product_change_and_never_its_price(catalog: Catalog) -> None:
    await catalog.create(description="kept", price={"amount": 199, "currency": "EUR"})
    before = await catalog.document()
    body = {"barcode": GTIN, "name": "Renamed", "price": {"amount": 1, "currency": "EUR"}}
    assert counts(await load(catalog, [body])) == (0, 1, 0, 0)
    after = await catalog.document()
    assert (after["name"], after["description"], after["price"]) == ("Renamed", "kept", before["price"])


async def test_loads_and_edits_at_once_lose_nothing(catalog: Catalog) -> None:
    """Two loads of the same new products race with edits of them: every product once, every edit audited."""
    both = [load(catalog, [item(n, metadata={who: n}) for n in range(60)]) for who in ("a", "b", "c")]
    replies = await asyncio.gather(*both)
    totals = [sum(column) for column in zip(*(counts(reply) for reply in replies), strict=True)]
    assert totals == [60, 120, 0, 0]
    async for document in catalog.database.products.find({"storeId": STORE}):
        n = document["metadata"]["a"]
        assert document["metadata"] == {"a": n, "b": n, "c": n}
    assert len(await catalog.audit()) == 180


async def test_products_withdrawn_before_come_back_by_a_load(catalog: Catalog) -> None:
    await catalog.create()
    await catalog.client.delete(f"{catalog.products()}/{GTIN}", headers=catalog.manager)
    assert counts(await load(catalog, [{"barcode": GTIN, "name": "Back"}])) == (1, 0, 0, 0)
    assert (await catalog.get(f"{catalog.products()}/{GTIN}")).json()["data"]["name"] == "Back"


async def test_a_load_that_died_halfway_reports_the_same_when_repeated(catalog: Catalog) -> None:
    await load(catalog, [item(1)])
    items = [item(1, name="Renamed"), item(2), item(3, name="")]
    failpoints.configure("catalog.after_mongo_before_cache:raise")
    try:
        assert (await load(catalog, items, **{"Idempotency-Key": "k"})).status_code == 500
    finally:
        failpoints.configure("")
    assert await catalog.database.products.count_documents({"audit.0": {"$exists": True}}) == 2
    assert counts(await load(catalog, items, **{"Idempotency-Key": "k"})) == (1, 1, 0, 1)


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the real products are not beside the project (../shared/data)")
async def test_the_real_products_load_and_what_is_refused_has_a_reason(catalog: Catalog) -> None:
    with REAL.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    started, outcomes, reasons = time.perf_counter(), Counter[str](), Counter[str]()
    for start in range(0, len(rows), 500):
        items = [real_item(row) for row in rows[start : start + 500]]
        reply = await load(catalog, items)
        assert reply.status_code == 200, reply.text
        for each in reply.json()["data"]["items"]:
            outcomes[each["outcome"]] += 1
            reasons[each["reason"]] += each["outcome"] == "rejected"
    seconds = time.perf_counter() - started
    report = ", ".join(f"{name} {n}" for name, n in sorted(outcomes.items()))
    why = ", ".join(f"{reason} {n}" for reason, n in reasons.most_common() if n)
    print(f"\n{len(rows)} real products: {report} ({why}) in {seconds:.1f} s")  # noqa: T201
    assert len(rows) == sum(outcomes.values()) == 19_972
    assert set(outcomes) == {"created", "rejected"}
    assert outcomes["created"] == await catalog.database.products.count_documents({"storeId": STORE})
    assert outcomes["created"] > 19_000
    assert None not in {reason for reason, n in reasons.items() if n}
    found = await catalog.get(catalog.products(), q="peanuts mixed")
    assert "Peanuts, Mixed Nuts" in [each["name"] for each in found.json()["data"]]
    probe = (await catalog.get(f"{catalog.products()}/{rows[0]['barcode']}")).json()["data"]
    assert probe["price"]["amount"] == real_item(rows[0])["price"]["amount"]


def real_item(row: dict[str, str]) -> dict[str, Any]:
    """A row as an item; the data has no prices, so they are made up from the barcode."""
    barcode = row["barcode"]
    amount = 49 + sum(ord(char) * (index + 7) for index, char in enumerate(barcode)) % 1951
    return {
        "barcode": barcode,
        "name": row["title"],
        "description": row["ingredients"] or None,
        "price": {"amount": amount, "currency": "EUR"},
        "stock": {"quantity": amount % 50 * 1000},
    }
