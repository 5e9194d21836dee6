"""Lists and search: filters, order, pages, and texts that try to be more than texts."""

from __future__ import annotations

from typing import Any

import pytest

from functions.common.retail.barcode import check_digit
from tests.integration.catalog.conftest import Catalog

NAMES = ["apple Juice", "Äpfel rot", "Banana", "Crème Brûlée", "Milk, fresh 3.5%", "Milk UHT", "fresh Bread (dark)"]


def gtin(number: int) -> str:
    body = f"400000{number:06d}"
    return body + check_digit(body)


@pytest.fixture
async def stocked(catalog: Catalog) -> Catalog:
    for brand in ("alfa", "beta"):
        await catalog.client.post("/v1/brands", json={"brandId": brand, "name": brand}, headers=catalog.manager)
    items = [
        {
            "barcode": gtin(index),
            "name": name,
            "brandId": "alfa" if index % 2 else "beta",
            "categoryId": "dairy" if "Milk" in name else None,
            "showInQuickProducts": index == 2,
            "status": "inactive" if name == "Banana" else "active",
        }
        for index, name in enumerate(NAMES)
    ]
    reply = await catalog.client.post(f"{catalog.products()}:bulk", json={"products": items}, headers=catalog.manager)
    assert reply.json()["data"]["created"] == len(NAMES), reply.text
    return catalog


async def names(catalog: Catalog, **query: Any) -> list[str]:
    reply = await catalog.get(catalog.products(), **query)
    assert reply.status_code == 200, reply.text
    return [product["name"] for product in reply.json()["data"]]


async def test_names_are_in_the_order_people_expect(stocked: Catalog) -> None:
    ordered = [
        "Äpfel rot", "apple Juice", "Banana", "Crème Brûlée", "fresh Bread (dark)", "Milk UHT", "Milk, fresh 3.5%",
    ]  # fmt: skip
    assert await names(stocked) == ordered
    assert await names(stocked, order="desc") == ordered[::-1]


@pytest.mark.parametrize("sort", ["name", "createdAt", "barcode"])
async def test_pages_show_every_product_once(sort: str, stocked: Catalog) -> None:
    seen = []
    for page in range(1, 5):
        reply = (await stocked.get(stocked.products(), sort=sort, page=page, limit=2)).json()
        assert reply["pagination"] == {"page": page, "limit": 2, "total": 7, "totalPages": 4}
        seen += [product["name"] for product in reply["data"]]
    assert sorted(seen) == sorted(NAMES)
    assert await names(stocked, sort=sort, page=5, limit=2) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "milk"}, {"Milk UHT", "Milk, fresh 3.5%"}),
        ({"q": "FRESH mil"}, {"Milk, fresh 3.5%"}),
        ({"q": "fr"}, {"Milk, fresh 3.5%", "fresh Bread (dark)"}),
        ({"q": "creme brulee"}, {"Crème Brûlée"}),
        ({"q": "resh"}, set()),
        ({"q": gtin(3)}, {NAMES[3]}),
        ({"q": "400000"}, set(NAMES)),
        ({"q": "dark", "brandId": "alfa"}, set()),
        ({"q": "dark", "brandId": "beta"}, {"fresh Bread (dark)"}),
        ({"status": "inactive"}, {"Banana"}),
        ({"status": "deleted"}, set()),
        ({"categoryId": "dairy"}, {"Milk UHT", "Milk, fresh 3.5%"}),
        ({"quick": "true"}, {"Banana"}),
        ({"quick": "false", "brandId": "alfa"}, {"Äpfel rot", "Crème Brûlée", "Milk UHT"}),
    ],
)
async def test_filters_and_search(query: dict[str, str], found: set[str], stocked: Catalog) -> None:
    for sort in ("name", "createdAt"):
        assert set(await names(stocked, **query, sort=sort)) == found


@pytest.mark.parametrize("text", [".*", "^", "(", "$where", "{}", "\\", "a|b", "[a-z]+", '{"$gt":""}', "(a+)+$", "%"])
async def test_a_search_text_is_never_a_pattern(text: str, stocked: Catalog) -> None:
    assert len(await names(stocked, q=text)) < len(NAMES)


async def test_a_store_s_list_shows_nothing_of_another_store(stocked: Catalog) -> None:
    reply = await stocked.get(stocked.products("acme-paris"))
    assert (reply.json()["data"], reply.json()["pagination"]["total"]) == ([], 0)


async def test_lists_are_read_along_an_index(stocked: Catalog) -> None:
    """The order of the default list and the search come from indexes, not from sorting a whole store."""
    plan = (
        await stocked.database.products.find({"storeId": "acme-berlin"})
        .sort([("nameKey", 1), ("barcode", 1)])
        .explain()
    )
    assert "SORT" not in str(plan["queryPlanner"]["winningPlan"]).replace("FETCH", "").replace("'SORT_MERGE'", "")
