"""The whole way: a file is uploaded, staged, looked at, approved, published, and taken back."""

from __future__ import annotations

from functions.import_publish import reading
from tests.integration.import_publish.conftest import BERLIN, MILK, RICE, SALT, WINE, Room

ALL = ("fetch", "stage", "publish", "rollback")


async def live(room: Room, barcode: str) -> dict[str, object]:
    found = await room.database.products.find_one({"storeId": BERLIN, "barcode": barcode})
    assert found is not None
    price = found["price"]
    return {"name": found["name"], "status": found["status"], "price": price and price["amount"]}


async def test_a_file_becomes_the_live_catalogue_and_is_taken_back(room: Room, monkeypatch: object) -> None:
    await room.sell(MILK, name="Oat drink", price=199)
    await room.sell(WINE, name="Red wine", price=750)
    content = (
        "barcode,name,price,stock\n"
        f"{MILK},Oat milk,1.79,12\n"
        f"{RICE},Rice,0.99,40\n"
        f"{SALT},Salt,free,40\n"
        f"{WINE},Red wine,7.50,\n"
    )
    import_id = await room.staged(content)
    view = await room.view(import_id)
    assert {name: number for name, number in view["counts"].items() if number} == {
        "rows": 4,
        "valid": 3,
        "errors": 1,
        "create": 1,
        "update": 1,
        "unchanged": 1,
    }
    reply = await room.post(view["links"]["approve"], {"ver": view["ver"]})
    assert reply.status_code == 202, reply.text
    await room.work_off(only=ALL)
    view = await room.view(import_id)
    assert view["state"] == "partly_published", view
    assert await live(room, MILK) == {"name": "Oat milk", "status": "active", "price": 179}
    assert await live(room, RICE) == {"name": "Rice", "status": "active", "price": 99}
    assert await room.database.products.count_documents({"barcode": SALT}) == 0
    kinds = {event["type"] for event in room.published}
    assert {"catalog.product_published", "catalog.product_changed", "catalog.price_changed"} <= kinds
    failures = await room.client.get(view["links"]["failures"], headers=room.manager)
    assert "PRICE_NOT_A_NUMBER" in failures.text
    assert (await room.post(view["links"]["rollback"])).status_code in (200, 202)
    await room.work_off(only=ALL)
    assert (await room.view(import_id))["state"] == "rolled_back"
    assert await live(room, MILK) == {"name": "Oat drink", "status": "active", "price": 199}
    assert (await live(room, RICE))["status"] == "deleted"


async def test_a_full_catalogue_takes_off_sale_what_it_does_not_name(room: Room) -> None:
    for barcode in (MILK, WINE, RICE):
        await room.sell(barcode, name="Same", price=199)
    import_id = await room.staged(f"barcode,name\n{MILK},Same\n{RICE},Same\n", mode="full")
    reply = await room.post(f"/v1/imports/{import_id}/approve", {"confirm": ["FULL_WITHDRAWS_MANY"]})
    assert reply.status_code == 202, reply.text
    await room.work_off(only=ALL)
    view = await room.view(import_id)
    assert view["state"] == "published", view
    assert (await live(room, WINE))["status"] == "deleted"
    assert (await live(room, MILK))["status"] == "active"


async def test_shopifys_own_file_comes_in_through_its_profile(room: Room) -> None:
    header = "Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,"
    header += "Variant Inventory Qty,Variant Price,Variant Barcode,Image Src,Status\n"
    rows = (
        f"shirt,Shirt,<p>Soft</p>,,,Size,S,S-1,shopify,5,19.00,'{MILK},https://img.test/1.png,active\n"
        f"shirt,,,,,,M,M-1,shopify,6,19.00,'{WINE},,\n"
        "shirt,,,,,,,,,,,,https://img.test/2.png,\n"
    )
    import_id = await room.staged(header + rows, profile="shopify")
    view = await room.view(import_id)
    assert (view["counts"]["valid"], view["counts"]["skipped"]) == (2, 1), view
    names = [row["name"] for row in await room.rows(import_id)]
    assert names == ["Shirt S", "Shirt M"]


async def test_an_import_that_is_clean_may_be_published_without_asking(room: Room) -> None:
    from functions.common import stores
    from functions.import_publish import lifecycle, wiring

    store = await stores.find("acme", BERLIN)
    assert store is not None
    for number, (content, state) in enumerate(
        ((f"barcode,name\n{MILK},Oat milk\n", "published"), (f"barcode,name\n{WINE},\n", "staged"))
    ):
        order = lifecycle.Order(
            "acme", "schedule", [store], "retailscan", None, f"{number}.csv", auto_approve="when_clean"
        )
        (document,) = await lifecycle.upload(wiring.deps().core, order, content.encode(), "text/csv")
        await room.work_off(only=ALL)
        assert (await room.view(document["_id"]))["state"] == state


def test_chunks_are_of_five_hundred_rows() -> None:
    assert reading.MOST_ROWS == 500
