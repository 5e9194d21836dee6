"""A cart on its way to a till: who may read it, who gets it, and when the code is not good any more."""

from __future__ import annotations

import asyncio
from typing import Any

import jwt
import pytest

from functions.common import auth, clock, mongo
from functions.common.carts import Carts
from tests.integration.sessions.conftest import (
    ANN,
    CHEESE_LABEL,
    MILK,
    OTHER_STORE,
    STORE,
    TENANT,
    WINE,
    Shopping,
)


async def offer(shopping: Shopping) -> Any:
    reply = await shopping.ask("POST", "/v1/cart/handover")
    assert reply.status_code == 201, reply.text
    return reply.json()["data"]


async def claim(shopping: Shopping, name: str, **who: Any) -> tuple[int, Any]:
    reply = await shopping.client.post(f"/v1/handovers/{name}/claim", headers=shopping.staff(**who))
    body = reply.json()
    return reply.status_code, body["data"] if body["success"] else body["error"]["code"]


async def test_a_till_without_a_network_reads_the_lines_in_the_code_and_verifies_it(shopping: Shopping) -> None:
    await shopping.add(MILK, 2000)
    await shopping.add(CHEESE_LABEL)
    made = await offer(shopping)
    (code,) = made["codes"]
    key = jwt.PyJWK((await shopping.client.get("/v1/jwks.json")).json()["keys"][0])
    claims = jwt.decode(code["text"], key, algorithms=["EdDSA"], audience="till")
    assert (claims["n"], claims["m"], claims["lines"]) == (1, 1, [[MILK, 2000], [CHEESE_LABEL, 354]])
    assert (claims["storeId"], claims["jti"], claims["ver"]) == (STORE, made["handoverId"], 2)
    assert code["svg"].startswith("<?xml")


async def test_a_till_takes_the_cart_and_the_visit_is_over(shopping: Shopping) -> None:
    await shopping.add(MILK, 2000)
    name = (await offer(shopping))["handoverId"]
    read = await shopping.client.get(f"/v1/handovers/{name}", headers=shopping.staff())
    assert (read.json()["data"]["status"], read.json()["data"]["cart"]["total"]) == ("active", 318)
    status, taken = await claim(shopping, name)
    assert (status, taken["status"], taken["cart"]["total"]) == (200, "handed_over", 318)
    assert await claim(shopping, name) == (200, taken)
    assert await shopping.refusal("GET", "/v1/cart") == (409, "CART_HANDED_OVER")
    assert (await shopping.check_in.renew(shopping.session_id)).json()["error"]["code"] == "SESSION_ENDED"
    (told,) = shopping.told("session.cart_handed_over")
    assert (told["userId"], told["by"]) == (ANN, f"{auth.STORE_STAFF}-{TENANT}")


async def test_of_two_tills_one_gets_it(shopping: Shopping) -> None:
    tills = [shopping.staff(auth.STORE_STAFF), shopping.staff(auth.STORE_MANAGER)]
    for _ in range(3):
        await shopping.add(MILK)
        path = f"/v1/handovers/{(await offer(shopping))['handoverId']}"
        for till in tills:  # their tokens are known from now on, so that both come at once
            assert (await shopping.client.get(path, headers=till)).status_code == 200
        replies = await asyncio.gather(*(shopping.client.post(f"{path}/claim", headers=till) for till in tills * 5))
        won = {index % 2 for index, reply in enumerate(replies) if reply.status_code == 200}
        assert len(won) == 1
        codes = {reply.json()["error"]["code"] for reply in replies if reply.status_code != 200}
        assert codes == {"HANDOVER_VOID"}
        assert len(shopping.told("session.cart_handed_over")) == 1
        shopping.published.clear()
        await mongo.database().sessions.update_one({"_id": shopping.session_id}, {"$set": {"status": "active"}})


@pytest.mark.parametrize("what", ["edited", "late", "locked"])
async def test_a_code_is_void_when_the_cart_is_not_what_it_was(what: str, shopping: Shopping) -> None:
    await shopping.add(MILK)
    name = (await offer(shopping))["handoverId"]
    if what == "edited":
        await shopping.add(WINE)
    elif what == "late":
        shopping.check_in.wait(11)
    else:
        await Carts().lock(TENANT, STORE, shopping.session_id, ANN, cart_ver=1, checkout_id="c1", now=clock.now())
    assert await claim(shopping, name) == (409, "HANDOVER_VOID")
    assert (await shopping.stored())["status"] == "active"


async def test_only_the_staff_of_the_store_may_have_it(shopping: Shopping) -> None:
    await shopping.add(MILK)
    name = (await offer(shopping))["handoverId"]
    assert await claim(shopping, name, stores=("acme-hamburg",)) == (404, "HANDOVER_NOT_FOUND")
    assert await claim(shopping, name, tenant="umbrella", stores=("*",)) == (404, "HANDOVER_NOT_FOUND")
    assert await claim(shopping, name, stores=(OTHER_STORE,)) == (404, "HANDOVER_NOT_FOUND")
    assert (await claim(shopping, name, role=auth.BRAND_MANAGER))[0] == 403
    assert (await claim(shopping, name, stores=("*",)))[0] == 200


@pytest.mark.parametrize("name", ["x.y.z", f"{STORE}.{'0' * 32}", f"umbrella-rome.{'0' * 32}", "$ne", "x" * 9000])
async def test_what_nobody_offered_is_not_found(name: str, shopping: Shopping) -> None:
    await shopping.add(MILK)
    await offer(shopping)
    assert await claim(shopping, name, stores=("*",)) == (404, "HANDOVER_NOT_FOUND")


async def test_an_empty_cart_and_a_locked_one_are_not_handed_over(shopping: Shopping) -> None:
    assert await shopping.refusal("POST", "/v1/cart/handover") == (409, "CART_EMPTY")
    await shopping.add(MILK)
    await Carts().lock(TENANT, STORE, shopping.session_id, ANN, cart_ver=1, checkout_id="c1", now=clock.now())
    assert await shopping.refusal("POST", "/v1/cart/handover") == (409, "CART_LOCKED")


async def test_a_new_offer_takes_the_place_of_the_one_before(shopping: Shopping) -> None:
    await shopping.add(MILK)
    first, second = (await offer(shopping))["handoverId"], (await offer(shopping))["handoverId"]
    assert await claim(shopping, first) == (404, "HANDOVER_NOT_FOUND")
    assert (await claim(shopping, second))[0] == 200
