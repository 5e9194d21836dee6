"""Receipts, links and passes at checkout's real door: to whom they belong, and to nobody else."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pypdf
import pytest

from functions.checkout import settings as checkout_settings
from functions.checkout.papers import links, passes
from functions.checkout.papers.issuing import Papers
from functions.common import clock, exit_pass, mongo
from functions.common.errors import NotFound
from functions.common.purchases import Purchases
from tests.integration.checkout.papers.conftest import issued, paid
from tests.support import World
from tests.unit.checkout.papers.goods import STORE, TENANT, line, purchase

Headers = dict[str, str]


@pytest.fixture
async def door(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_papers")
    checkout_settings.payment.replace(None)
    checkout_settings.exit_pass.replace(None)
    for tenant, store in ((TENANT, STORE), (TENANT, "acme-north"), ("bolt", "bolt-centre")):
        await mongo.collection("stores").insert_one(
            {
                "_id": store, "tenantId": tenant, "name": "Acme Centre", "currency": "EUR",
                "timeZone": "Europe/Berlin", "status": "active",
            }
        )  # fmt: skip
    async with world.door("checkout", "checkout") as client:
        yield client
    checkout_settings.payment.replace(None)
    checkout_settings.exit_pass.replace(None)


def shopper(world: World, bought: dict[str, Any], **other: Any) -> Headers:
    """The headers of who has bought it, in the visit it was bought in."""
    claims = {"sub": bought["userId"], "session_id": bought["sessionId"]} | other
    return world.checked_in(bought["tenantId"], bought["storeId"], **claims)


def path(bought: dict[str, Any], what: str) -> str:
    return f"/v1/checkouts/{bought['_id']}/{what}"


async def test_a_receipt_comes_as_data_page_and_document(door: httpx.AsyncClient, world: World, papers: Papers) -> None:
    bought = await issued(papers)
    me = shopper(world, bought)
    data = (await door.get(path(bought, "receipt"), headers=me)).json()["data"]
    assert (data["number"], data["total"], data["storeName"], data["currency"]) == (1, 199, "Acme Centre", "EUR")
    assert sum(share["gross"] for share in data["shares"]) == data["total"]
    page = await door.get(path(bought, "receipt.html"), headers=me)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "Receipt 1" in page.text
    document = await door.get(path(bought, "receipt.pdf"), headers=me)
    assert document.headers["content-type"] == "application/pdf"
    assert document.headers["content-length"] == str(len(document.content))
    assert "Receipt 1" in pypdf.PdfReader(io.BytesIO(document.content)).pages[0].extract_text()
    for reply in (page, document):
        assert (reply.headers["cache-control"], reply.headers["x-content-type-options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize("what", ["receipt", "receipt.html", "receipt.pdf", "pass", "pass.svg", "pass.png"])
async def test_papers_are_there_once_the_payment_has_gone_through(
    door: httpx.AsyncClient, world: World, what: str
) -> None:
    for state, code in (("payment_pending", "NOT_PAID_YET"), ("paid", "NOT_PAID_YET"), ("expired", "CHECKOUT_ENDED")):
        (bought,) = await paid(state=state)
        reply = await door.get(path(bought, what), headers=shopper(world, bought))
        assert (reply.status_code, reply.json()["error"]["code"]) == (409, code)


@pytest.mark.parametrize(
    ("method", "what"),
    [
        ("GET", "receipt"), ("GET", "receipt.html"), ("GET", "receipt.pdf"), ("POST", "receipt/links"), ("GET", "pass"),
        ("POST", "pass"), ("GET", "pass.svg"), ("GET", "pass.png"),
    ],
)  # fmt: skip
async def test_nobody_else_gets_them(
    door: httpx.AsyncClient, world: World, papers: Papers, method: str, what: str
) -> None:
    bought = await issued(papers)
    said = set()
    for caller in (
        shopper(world, bought, sub="bob"),
        shopper(world, bought, session_id=f"{STORE}.{'9' * 32}"),
        world.checked_in(TENANT, "acme-north", sub="ann", session_id=bought["sessionId"]),
        world.checked_in("bolt", "bolt-centre", sub="ann", session_id=bought["sessionId"]),
    ):
        reply = await door.request(method, path(bought, what), headers=caller)
        said.add((reply.status_code, str(reply.json()["error"])))
    unknown = bought | {"_id": f"{STORE}.{'0' * 32}"}
    reply = await door.request(method, path(unknown, what), headers=shopper(world, bought))
    said.add((reply.status_code, str(reply.json()["error"])))
    assert len(said) == 1
    assert next(iter(said))[0] == 404
    assert (await door.request(method, path(bought, what))).status_code == 401


# ---- links ---------------------------------------------------------------------------------------------------


async def link_to(door: httpx.AsyncClient, world: World, bought: dict[str, Any]) -> dict[str, Any]:
    reply = await door.post(path(bought, "receipt/links"), headers=shopper(world, bought))
    assert reply.status_code == 201, reply.text
    data: dict[str, Any] = reply.json()["data"]
    return data


async def test_a_link_opens_the_receipt_for_whoever_has_it(
    door: httpx.AsyncClient, world: World, papers: Papers
) -> None:
    bought = await issued(papers)
    link = await link_to(door, world, bought)
    page = await door.get(link["path"])
    assert (page.status_code, "Receipt 1" in page.text) == (200, True)
    assert (page.headers["referrer-policy"], page.headers["x-robots-tag"]) == ("no-referrer", "noindex")
    assert (await door.get(f"{link['path']}/json")).json()["data"]["number"] == 1
    assert (await door.get(f"{link['path']}/pdf")).content.startswith(b"%PDF")


async def test_what_is_kept_of_a_link_opens_nothing(door: httpx.AsyncClient, world: World, papers: Papers) -> None:
    bought = await issued(papers)
    secret = (await link_to(door, world, bought))["token"].rpartition(".")[2]
    stored = await Purchases().by_id(bought["_id"])
    assert stored is not None
    assert secret not in str(stored)
    for kept in stored["receipt"]["links"]:
        assert (await door.get(f"/v1/receipts/{bought['_id']}.{kept['hash'][:43]}")).status_code == 404


async def test_links_that_ended_and_that_never_were_look_the_same(
    door: httpx.AsyncClient, world: World, papers: Papers
) -> None:
    bought, other = await issued(papers), await issued(papers)
    token = (await link_to(door, world, bought))["token"]
    secret = token.rpartition(".")[2]
    await link_to(door, world, other)
    ended = {"$set": {"receipt.links.$[].expiresAt": clock.now()}}
    tokens = [f"{other['_id']}.{secret}", f"{bought['_id']}.{'A' * 43}", f"{STORE}.{'0' * 32}.{secret}", "x", "a.b.c"]
    assert (await door.get(f"/v1/receipts/{token}")).status_code == 200
    await mongo.collection("purchases").update_one({"_id": bought["_id"], "storeId": STORE}, ended)
    replies = [await door.get(f"/v1/receipts/{each}") for each in [token, *tokens, token[:-1], token + "A"]]
    assert {(reply.status_code, str(reply.json()["error"])) for reply in replies} == {
        (404, str(replies[0].json()["error"]))
    }


async def test_a_receipt_has_five_links_at_a_time(door: httpx.AsyncClient, world: World, papers: Papers) -> None:
    bought = await issued(papers)
    tokens = [(await link_to(door, world, bought))["token"] for _ in range(links.MOST + 1)]
    said = [(await door.get(f"/v1/receipts/{token}/json")).status_code for token in tokens]
    assert said == [404] + [200] * links.MOST


async def test_a_link_lasts_thirty_days(papers: Papers) -> None:
    bought = await issued(papers)
    now = clock.now()
    link = await links.make(Purchases(), bought, now)
    said = []
    for moment in (now + timedelta(days=30, seconds=-1), now + timedelta(days=30)):
        try:
            said.append((await links.open_link(Purchases(), link.token, moment))["_id"])
        except NotFound as problem:
            said.append(problem.code)
    assert said == [bought["_id"], "RECEIPT_NOT_FOUND"]


# ---- staff -----------------------------------------------------------------------------------------------------


async def test_staff_print_a_receipt_again_and_only_in_their_store(
    door: httpx.AsyncClient, world: World, papers: Papers
) -> None:
    bought = await issued(papers)
    again = f"/v1/stores/{STORE}/purchases/{bought['_id']}/receipt"
    for role in ("store_staff", "store_manager"):
        reply = await door.get(again, headers=world.staff(role, TENANT, [STORE]))
        assert reply.json()["data"]["number"] == 1
    assert (await door.get(f"{again}.pdf", headers=world.staff("store_staff", TENANT))).content.startswith(b"%PDF")
    for caller in (world.staff("store_staff", TENANT, ["acme-north"]), world.staff("store_manager", "bolt")):
        assert (await door.get(again, headers=caller)).status_code == 404
    north = again.replace(f"/stores/{STORE}/", "/stores/acme-north/")
    assert (await door.get(north, headers=world.staff("store_staff", TENANT))).status_code == 404


# ---- passes ----------------------------------------------------------------------------------------------------


async def test_a_pass_verifies_and_looks_like_a_code(door: httpx.AsyncClient, world: World, papers: Papers) -> None:
    bought = await issued(papers)
    me = shopper(world, bought)
    data = (await door.get(path(bought, "pass"), headers=me)).json()["data"]
    keys = exit_pass.public_keys(world.issuer.jwks("exit"))
    found = exit_pass.verify(data["text"], keys, store_id=STORE, now=clock.now())
    assert (found.checkout_id, found.number, found.items) == (bought["_id"], bought["pass"]["jti"], data["items"])
    svg = await door.get(path(bought, "pass.svg"), headers=me)
    assert (svg.headers["content-type"], b"<svg" in svg.content, b"<script" in svg.content) == (
        "image/svg+xml", True, False,
    )  # fmt: skip
    png = await door.get(path(bought, "pass.png"), headers=me)
    assert (png.headers["content-type"], png.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")


async def test_the_text_of_a_pass_is_kept_nowhere(door: httpx.AsyncClient, world: World, papers: Papers) -> None:
    bought = await issued(papers)
    text = (await door.get(path(bought, "pass"), headers=shopper(world, bought))).json()["data"]["text"]
    assert text.rpartition(".")[2] not in str(await Purchases().by_id(bought["_id"]))


async def test_a_pass_is_renewed_when_half_of_its_time_is_over(
    door: httpx.AsyncClient, world: World, papers: Papers
) -> None:
    bought = await issued(papers)
    me = shopper(world, bought)
    first = (await door.get(path(bought, "pass"), headers=me)).json()["data"]
    assert (await door.post(path(bought, "pass"), headers=me)).json()["data"]["text"] == first["text"]
    old = passes.fresh(bought, clock.now() - timedelta(minutes=20))
    await mongo.collection("purchases").update_one({"_id": bought["_id"], "storeId": STORE}, {"$set": {"pass": old}})
    renewed = (await door.post(path(bought, "pass"), headers=me)).json()["data"]
    stored = await Purchases().by_id(bought["_id"])
    assert stored is not None
    assert stored["pass"]["jti"] not in (old["jti"], bought["pass"]["jti"])
    assert (await door.get(path(bought, "pass"), headers=me)).json()["data"] == renewed


@pytest.mark.parametrize(
    ("state", "code"), [("exited", "PASS_USED"), ("closed", "PASS_EXPIRED"), ("refunded", "PURCHASE_REFUNDED")]
)
async def test_who_has_left_gets_no_other_pass(
    door: httpx.AsyncClient, world: World, papers: Papers, state: str, code: str
) -> None:
    bought = await issued(papers)
    await mongo.collection("purchases").update_one({"_id": bought["_id"], "storeId": STORE}, {"$set": {"state": state}})
    for method in ("GET", "POST"):
        reply = await door.request(method, path(bought, "pass"), headers=shopper(world, bought))
        assert (reply.status_code, reply.json()["error"]["code"]) == (409, code)
    assert (await door.get(path(bought, "receipt"), headers=shopper(world, bought))).status_code == 200


async def test_two_hundred_lines_are_printed(door: httpx.AsyncClient, world: World, papers: Papers) -> None:
    many = purchase([line(f"Product {n}", 100 + n) for n in range(200)])
    more = {name: many[name] for name in ("lines", "totals", "payment")}
    bought = await issued(papers, **more)
    reply = await door.get(path(bought, "receipt.pdf"), headers=shopper(world, bought))
    assert len(pypdf.PdfReader(io.BytesIO(reply.content)).pages) > 2
