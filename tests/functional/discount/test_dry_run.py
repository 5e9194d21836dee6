"""A dry run with prices and promotions in its body: worked out without any server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from functions.discount.schemas import DryRunView
from tests.functional.discount.conftest import FOREIGN_STORE, STORE, TENANT
from tests.support import World

WINE, SAUCE, PASTA = "4006381333931", "5000112637922", "96385074"
BODY: dict[str, Any] = {
    "storeId": STORE,
    "saved": "none",
    "at": "2026-11-20T17:30:00+01:00",
    "groups": ["member"],
    "codes": ["pasta", "nonsense"],
    "lines": [
        {"lineId": "w", "barcode": WINE, "unitPrice": 1000, "categoryId": "wine", "taxClass": "standard"},
        {"lineId": "p", "barcode": PASTA, "unitPrice": 150, "quantity": 2000, "categoryId": "pasta"},
        {"lineId": "s", "barcode": SAUCE, "amount": 300, "categoryId": "sauce"},
    ],
    "promotions": [
        {
            "promotionId": "pasta-night",
            "name": "Pasta night",
            "codes": ["Pasta"],
            "window": {"weekdays": [5], "hours": [{"opens": "17:00", "closes": "00:00"}]},
            "benefit": {
                "type": "mix_and_match",
                "triggers": [{"match": {"categories": ["pasta"]}, "quantity": 2}],
                "targets": [{"match": {"categories": ["sauce"]}, "quantity": 1}],
                "off": {"kind": "percent", "value": 5000},
            },
        },
        {
            "promotionId": "wine-week",
            "name": "Wine week",
            "limits": {"perUser": 1},
            "benefit": {"type": "percentage", "match": {"barcodes": [WINE.zfill(14)]}, "basisPoints": 1000},
        },
        {
            "promotionId": "big-cart",
            "name": "Big cart",
            "benefit": {"type": "cart_threshold", "threshold": 5000, "off": {"kind": "amount", "value": 500}},
        },
    ],
    "taxes": {
        "classes": [
            {"taxClass": "standard", "rates": [{"rate": "19", "name": "VAT"}]},
            {"taxClass": "reduced", "rates": [{"rate": "7"}]},
        ],
        "defaultClass": "reduced",
    },
}


async def tried(client: httpx.AsyncClient, world: World, **more: Any) -> httpx.Response:
    return await client.post("/v1/promotions:dry-run", json=BODY | more, headers=world.staff("brand_manager", TENANT))


async def test_it_says_what_the_basket_costs_and_why(client: httpx.AsyncClient, world: World) -> None:
    reply = await tried(client, world)
    assert reply.status_code == 200, reply.text
    data = reply.json()["data"]
    assert (data["subtotal"], data["discount"], data["total"], data["currency"]) == (1600, 250, 1350, "EUR")
    assert [(line["lineId"], line["gross"]) for line in data["lines"]] == [("w", 900), ("p", 300), ("s", 150)]
    assert [(share["rate"], share["gross"], share["tax"]) for share in data["taxShares"]] == [
        ("19", 900, 144),
        ("7", 450, 30),
    ]
    by_id = {each["promotionId"]: each for each in data["promotions"]}
    assert by_id["pasta-night"]["code"] == "PASTA"
    assert by_id["pasta-night"]["touches"] == [
        {"lineId": "p", "unit": 0, "role": "trigger", "amount": 0},
        {"lineId": "p", "unit": 1, "role": "trigger", "amount": 0},
        {"lineId": "s", "unit": 0, "role": "discounted", "amount": 150},
    ]
    assert (by_id["wine-week"]["discount"], by_id["wine-week"]["ver"]) == (100, 0)
    big = by_id["big-cart"]
    assert (big["reason"], big["missing"], big["discount"]) == ("BELOW_THRESHOLD", 3650, 0)
    assert data["codes"] == [
        {"code": "NONSENSE", "promotionId": None, "reason": "UNKNOWN_CODE", "message": "No promotion knows this code."},
        {"code": "PASTA", "promotionId": "pasta-night", "reason": None, "message": None},
    ]


async def test_its_answer_is_what_the_contract_promises(client: httpx.AsyncClient, world: World) -> None:
    data = (await tried(client, world)).json()["data"]
    assert DryRunView.model_validate(data).model_dump(by_alias=True, mode="json") == data


async def test_it_asks_the_clock_of_the_store(client: httpx.AsyncClient, world: World) -> None:
    data = (await tried(client, world, at="2026-11-20T15:59:59Z")).json()["data"]
    assert {each["promotionId"]: each["reason"] for each in data["promotions"]}["pasta-night"] == "OTHER_HOURS"


async def test_what_was_given_before_is_stated(client: httpx.AsyncClient, world: World) -> None:
    usage = [{"promotionId": "wine-week", "byUser": 1}, {"promotionId": "pasta-night", "byCode": []}]
    data = (await tried(client, world, usage=usage)).json()["data"]
    assert {each["promotionId"]: each["reason"] for each in data["promotions"]}["wine-week"] == "USER_LIMIT"


async def test_prices_may_be_without_tax_and_the_tax_rounded_by_unit(client: httpx.AsyncClient, world: World) -> None:
    lines = [{"lineId": "x", "barcode": WINE, "unitPrice": 108, "quantity": 3000, "taxClass": "standard"}]
    for level, total in (("line", 386), ("unit", 387)):
        taxes = BODY["taxes"] | {"inclusive": False, "level": level}
        data = (await tried(client, world, lines=lines, promotions=[], taxes=taxes)).json()["data"]
        assert data["total"] == total


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"lines": []}, "lines", "TOO_SHORT"),
        ({"lines": [{"lineId": "1", "barcode": "x", "amount": 1}]}, "lines.0.barcode", "UNSUPPORTED_SYMBOL"),
        ({"lines": [{"lineId": "1", "barcode": WINE, "amount": 1, "unitPrice": 1}]}, "lines.0", "TWO_PRICES"),
        ({"lines": [{"lineId": "1", "barcode": WINE, "amount": 1}] * 2}, "lines", "INVALID_BASKET"),
        (
            {"lines": [{"lineId": "1", "barcode": WINE, "amount": 1, "quantity": 2_001_000}]},
            "lines",
            "INVALID_BASKET",
        ),
        ({"lines": [{"lineId": "1", "barcode": WINE, "amount": 1, "taxClass": "tea"}]}, "taxes.classes",
         "UNKNOWN_TAX_CLASS"),
        ({"at": 1700000000}, "at", "RFC_3339"),
        ({"at": "2026-11-20T17:30:00"}, "at", "TIMEZONE_AWARE"),
        ({"at": "0001-01-01T00:00:00Z"}, "at", "FAR_AWAY"),
        ({"taxes": {"classes": [{"taxClass": "a", "rates": [{"rate": "19%"}]}]}}, "taxes.classes.0.rates.0.rate",
         "TAX_RATE"),
        ({"taxes": {"classes": [{"taxClass": "a", "rates": [{"rate": "1001"}]}]}}, "taxes.classes.0.rates.0.rate",
         "TAX_RATE"),
        ({"promotions": [BODY["promotions"][1]] * 2}, "promotions.1.promotionId", "DUPLICATE_ID"),
        ({"usage": [{"promotionId": "a"}] * 2}, "usage.1.promotionId", "DUPLICATE_ID"),
        (
            {"promotions": [BODY["promotions"][1] | {"limits": {"perCode": 1}}]},
            "promotions.0.limits.perCode",
            "INVALID_PROMOTION",
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_tried_is_refused_with_its_place(
    change: dict[str, Any], field: str, code: str, client: httpx.AsyncClient, world: World
) -> None:
    reply = await tried(client, world, **change)
    assert reply.status_code == 400, reply.text
    details = reply.json()["error"]["details"]
    assert (field, code) in [(each["field"], each["code"]) for each in details]


@pytest.mark.parametrize("store", [FOREIGN_STORE, "nowhere"])
async def test_a_store_that_is_not_the_callers_is_refused(store: str, client: httpx.AsyncClient, world: World) -> None:
    reply = await tried(client, world, storeId=store)
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "STORE_NOT_IN_SCOPE")
