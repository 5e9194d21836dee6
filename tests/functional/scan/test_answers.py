"""Which answers the scan door keeps, for how long, and for whom; over fakes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from time import monotonic
from typing import Any

import httpx
import pytest

from functions.common.auth import Principal
from functions.common.product_cache import entry_of
from functions.common.product_reader import Held
from functions.common.retail.labels import parse_template
from functions.scan import service, wiring
from functions.scan.domain import StoreRules
from functions.scan.service import Answers, Deps
from tests.support import World

MILK, CHEESE, BOTH = "4006381333931", "2123450000005", "01234565"


def held(barcode: str, ver: int = 5, fresh: float = 100.0, tenant: str = "t1", **fields: Any) -> Held:
    doc = {"tenantId": tenant, "storeId": "s1", "barcode": barcode, "name": "n", "ver": ver}
    made = Held(ver, entry_of(doc | {"price": {"amount": ver, "currency": "EUR"}} | fields).payload)
    made.fresh_until = monotonic() + fresh
    return made


class Shelf:
    """Products by barcode, and how often they were asked for."""

    def __init__(self, **products: Held) -> None:
        self.products = products
        self.asked: list[str] = []
        self.fails: Exception | None = None

    async def get(self, tenant_id: str, store_id: str, barcode: str) -> Held | None:
        self.asked.append(barcode)
        if self.fails is not None:
            raise self.fails
        return self.products.get(f"b{barcode}")

    async def get_many(self, tenant_id: str, store_id: str, barcodes: Iterable[str]) -> Mapping[str, Held]:
        found = {barcode: await self.get(tenant_id, store_id, barcode) for barcode in barcodes}
        return {barcode: each for barcode, each in found.items() if each is not None}


class Stores:
    """Every store has a scale that prints weights."""

    async def rules(self, tenant_id: str, store_id: str) -> StoreRules | None:
        return StoreRules("EUR", "Europe/Berlin", (parse_template("ean13-weight-verified"),))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(**{f"b{MILK}": held(MILK), f"b{CHEESE}": held(CHEESE, measure="weight")})


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World, shelf: Shelf) -> AsyncIterator[httpx.AsyncClient]:
    with world.installed():
        wiring.deps.replace(Deps(shelf, Stores(), Answers(), 5000))
        async with world.door("scan", "scan") as made:
            made.headers.update(world.checked_in("t1", "s1"))
            yield made


async def price(client: httpx.AsyncClient, code: str) -> Any:
    reply = await client.get(f"/v1/scan/{code}")
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]["price"]


@pytest.mark.parametrize("code", [MILK, f"0{MILK}", "2123456005004"])
async def test_a_kept_answer_asks_nobody(client: httpx.AsyncClient, shelf: Shelf, code: str) -> None:
    first = (await client.get(f"/v1/scan/{code}")).json()["data"]
    asked = len(shelf.asked)
    assert [(await client.get(f"/v1/scan/{code}")).json()["data"] for _ in range(3)] == [first] * 3
    assert len(shelf.asked) == asked == 1


async def test_an_answer_ends_with_the_copy_it_was_made_from(client: httpx.AsyncClient, shelf: Shelf) -> None:
    assert await price(client, MILK) == 5
    old = shelf.products[f"b{MILK}"]
    shelf.products[f"b{MILK}"] = held(MILK, 6)
    assert await price(client, MILK) == 5
    old.fresh_until = 0.0
    assert await price(client, MILK) == 6


async def test_an_answer_ends_after_five_seconds_whatever_its_product_does(
    client: httpx.AsyncClient, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await price(client, MILK)
    start = monotonic()
    for later, asked in ((4.9, 1), (5.2, 2)):
        monkeypatch.setattr(service, "monotonic", lambda later=later: start + later)
        await price(client, MILK)
        assert len(shelf.asked) == asked


async def test_codes_with_dates_are_answered_anew_every_time(client: httpx.AsyncClient, shelf: Shelf) -> None:
    for asked in (1, 2):
        await client.get(f"/v1/scan/]C101{MILK.zfill(14)}17991231")
        assert len(shelf.asked) == asked


async def test_a_quantity_or_a_symbology_leaves_no_answer_behind(client: httpx.AsyncClient) -> None:
    for more in ({"quantity": 2000}, {"symbology": "ean_13"}):
        reply = await client.post("/v1/scan", json={"code": MILK, **more})
        assert reply.status_code == 200
    assert not wiring.deps().answers._kept


async def test_the_second_meaning_of_a_code_is_not_kept_because_the_first_may_appear(
    client: httpx.AsyncClient, shelf: Shelf
) -> None:
    shelf.products["b0012345000065"] = held("0012345000065")
    assert await price(client, BOTH) == 5
    shelf.products[f"b{BOTH}"] = held(BOTH, 8)
    assert await price(client, BOTH) == 8


async def test_unknown_products_are_not_kept(client: httpx.AsyncClient, shelf: Shelf) -> None:
    assert (await client.get("/v1/scan/4012345678901")).status_code == 404
    shelf.products["b4012345678901"] = held("4012345678901")
    assert await price(client, "4012345678901") == 5


async def test_without_cache_and_database_the_shopper_is_told_when_to_come_back(
    client: httpx.AsyncClient, shelf: Shelf
) -> None:
    from pymongo.errors import ServerSelectionTimeoutError

    shelf.fails = ServerSelectionTimeoutError("no primary")
    for reply in (
        await client.get(f"/v1/scan/{MILK}"),
        await client.post("/v1/scan/batch", json={"items": [{"code": MILK}]}),
    ):
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "DEPENDENCY_UNAVAILABLE")
        assert int(reply.headers["retry-after"]) >= 1


def caller(tenant: str = "t1", store: str = "s1") -> Principal:
    return Principal("sub", "shopper", tenant, frozenset({store}), 9e9)


def test_an_answer_is_for_its_tenant_and_store_alone() -> None:
    answers = Answers()
    answers.keep(caller(), MILK, b"{}", held(MILK), monotonic())
    assert answers.get(caller(), MILK) == b"{}"
    for other in (caller("t2"), caller(store="s2")):
        assert answers.get(other, MILK) is None
    assert answers.get(caller(), f"0{MILK}") is None


def test_answers_are_bounded_and_the_oldest_goes_first() -> None:
    answers = Answers(limit=3)
    for number in range(5):
        answers.keep(caller(), f"{number}", b"{}", held(MILK), monotonic())
    answers.keep(caller(), "2", b"new", held(MILK), monotonic())
    answers.keep(caller(), "5", b"{}", held(MILK), monotonic())
    assert [code for _, _, code in answers._kept] == ["4", "2", "5"]
