"""The file that phones scan from without a network: whose it is, what is in it, and that nobody else gets it."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import jwt
import pytest

from functions.catalog import snapshots, wiring
from functions.common import clock
from tests.integration.catalog.conftest import (
    FOREIGN_STORE,
    GTIN,
    GTIN_2,
    GTIN_3,
    SECOND_STORE,
    STORE,
    TENANT,
    Catalog,
)

PATH = f"/v1/stores/{STORE}/snapshot"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Call it with seconds, and so much time has gone by."""
    gone = 0.0
    real = clock.seconds

    def pass_by(seconds: float) -> None:
        nonlocal gone
        gone += seconds

    monkeypatch.setattr(clock, "seconds", lambda: real() + gone)
    return pass_by


async def priced(catalog: Catalog, barcode: str, amount: int, **fields: Any) -> None:
    change = {
        "price": {"amount": amount, "currency": "EUR", "w": {"t": 1, "q": 0, "s": "erp", "e": "e"}, "old": None},
        **fields,
    }
    await catalog.database.products.update_one({"storeId": STORE, "barcode": barcode}, {"$set": change})


def read(content: bytes) -> tuple[list[Any], bytes, str]:
    """The products, the bytes that are signed, and the signature."""
    lines = content.splitlines(keepends=True)
    signature = json.loads(lines[-1])["signature"]
    return [json.loads(line) for line in lines[:-1]], b"".join(lines[:-1]), signature


async def test_it_holds_what_is_on_sale_and_is_signed_by_the_published_key(catalog: Catalog) -> None:
    await catalog.create(ageRestriction=18)
    await catalog.create(barcode=GTIN_2, name="Sack", units=[{"name": "Box", "barcode": GTIN_3, "quantity": 6000}])
    await priced(catalog, GTIN, 250)
    shopper = catalog.world.checked_in(TENANT, STORE)
    reply = await catalog.client.get(PATH, headers=shopper)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/x-ndjson")
    assert reply.headers["content-encoding"] == "gzip"
    products, signed, signature = read(reply.content)
    assert sorted(products) == [
        [GTIN, "Fine Pencil", 250, "each", 18, []],
        [GTIN_2, "Sack", None, "each", None, [[GTIN_3, 6000, None]]],
    ]
    document = (await catalog.client.get("/v1/catalog-keys.json")).json()
    assert set(document["keys"][0]) == {"kty", "crv", "x", "kid", "alg", "use"}, "nothing secret"
    header = jwt.get_unverified_header(signature)
    assert (header["typ"], header["kid"]) == ("snapshot+jwt", document["keys"][0]["kid"])
    claims = jwt.decode(signature, jwt.PyJWK(document["keys"][0]).key, algorithms=["EdDSA"])
    assert (claims["tenantId"], claims["storeId"], claims["count"], claims["complete"]) == (TENANT, STORE, 2, True)
    assert claims["sha256"] == hashlib.sha256(signed).hexdigest()


async def test_a_code_at_the_entrance_is_no_snapshot_and_a_snapshot_opens_no_visit(catalog: Catalog) -> None:
    poster = (await catalog.get(f"/v1/stores/{STORE}/check-in-code")).json()["data"]["code"]
    reply = await catalog.client.get(PATH, headers=catalog.world.checked_in(TENANT, STORE))
    _, _, signature = read(reply.content)
    assert jwt.get_unverified_header(poster)["typ"] != jwt.get_unverified_header(signature)["typ"]


async def test_who_does_not_take_gzip_gets_the_same_lines(catalog: Catalog) -> None:
    await catalog.create()
    shopper = catalog.world.checked_in(TENANT, STORE)
    plain = await catalog.client.get(PATH, headers={**shopper, "accept-encoding": "identity"})
    packed = await catalog.client.get(PATH, headers=shopper)
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content


async def test_an_unchanged_catalogue_costs_an_empty_answer_and_a_new_price_is_in_it_after_a_minute(
    catalog: Catalog, later: Any
) -> None:
    await catalog.create()
    await priced(catalog, GTIN, 100)
    shopper = catalog.world.checked_in(TENANT, STORE, lives_s=7200)
    first = await catalog.client.get(PATH, headers=shopper)
    known = {**shopper, "if-none-match": first.headers["etag"]}
    same = await catalog.client.get(PATH, headers=known)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    await priced(catalog, GTIN, 120)
    assert (await catalog.client.get(PATH, headers=known)).status_code == 304
    later(snapshots.FRESH_SECONDS + 1)
    fresh = await catalog.client.get(PATH, headers=known)
    assert [product[2] for product in read(fresh.content)[0]] == [120]


@pytest.mark.parametrize("change", [{"status": "inactive"}, {"status": "deleted"}])
async def test_what_is_not_sold_is_not_in_it(catalog: Catalog, change: dict[str, Any]) -> None:
    await catalog.create()
    await priced(catalog, GTIN, 100, **change)
    reply = await catalog.client.get(PATH, headers=catalog.world.checked_in(TENANT, STORE))
    assert read(reply.content)[0] == []


async def test_a_price_in_another_currency_than_the_stores_is_none() -> None:
    document = {"barcode": "1", "name": "x", "price": {"amount": 5, "currency": "USD"}}
    assert json.loads(snapshots.line(document, "EUR"))[2] is None


@pytest.mark.parametrize("store", [SECOND_STORE, FOREIGN_STORE, "nowhere"])
async def test_other_stores_are_as_unknown_as_those_that_do_not_exist(catalog: Catalog, store: str) -> None:
    reply = await catalog.client.get(f"/v1/stores/{store}/snapshot", headers=catalog.world.checked_in(TENANT, STORE))
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "STORE_NOT_FOUND")


async def test_without_a_visit_there_is_none(catalog: Catalog) -> None:
    assert (await catalog.client.get(PATH)).status_code == 401
    assert (await catalog.client.get(PATH, headers=catalog.world.shopper())).status_code == 401
    assert (await catalog.client.get(PATH, headers=catalog.manager)).status_code == 401


async def test_a_large_store_is_cut_and_says_so(catalog: Catalog) -> None:
    for barcode in (GTIN, GTIN_2, GTIN_3):
        await catalog.create(barcode=barcode)
    parts = wiring.deps()
    small = snapshots.Snapshots(parts.snapshots._products, parts.snapshots._sign, most=2)
    from functions.common import stores

    store = await stores.find(TENANT, STORE)
    assert store is not None
    made = await small.of(store, clock.now())
    products, _, signature = read(gzip.decompress(made.packed))
    assert len(products) == 2
    assert jwt.decode(signature, options={"verify_signature": False})["complete"] is False


async def test_a_crowd_that_asks_at_once_costs_one_look_at_the_database() -> None:
    import asyncio

    from functions.common.stores import Store

    looks = 0

    class Counting:
        async def on_sale(self, tenant_id: str, store_id: str, limit: int) -> Any:
            nonlocal looks
            looks += 1
            await asyncio.sleep(0.01)
            yield [{"barcode": GTIN, "name": "x"}]

    store = Store(STORE, TENANT, "n", "EUR", "Europe/Berlin", "active", "strict", (), 1)
    kept = snapshots.Snapshots(Counting(), lambda claims: "signed")
    made = await asyncio.gather(*(kept.of(store, clock.now()) for _ in range(20)))
    assert (looks, len(set(map(id, made)))) == (1, 1)


async def test_no_more_stores_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from functions.common.stores import Store

    class Empty:
        async def on_sale(self, tenant_id: str, store_id: str, limit: int) -> Any:
            nothing: Sequence[Any] = ()
            for batch in nothing:
                yield batch

    monkeypatch.setattr(snapshots, "MOST_STORES", 2)
    kept = snapshots.Snapshots(Empty(), lambda claims: "signed")
    for name in ("a", "b", "c"):
        await kept.of(Store(name, TENANT, "n", "EUR", "UTC", "active", "strict", (), 1), clock.now())
    assert list(kept._kept) == ["b", "c"]
    assert set(kept._making) == {"b", "c"}
