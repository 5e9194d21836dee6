"""A pass opens the gate of its store once; every other way to show it is told apart, and overrides are kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from functions.common import exit_pass, failpoints, mongo
from functions.common.purchases import Purchases
from local.issuer import Issuer
from tests.integration.exit_gate.conftest import FOREIGN, NORTH, RIVAL, STORE, Gate, code


async def test_a_pass_opens_the_gate_and_the_purchase_has_left(gate: Gate) -> None:
    purchase = await gate.bought()
    reply = await gate.show(purchase)
    data = reply.json()["data"]
    assert (reply.status_code, data["opened"], data["items"], data["override"]) == (200, True, 2, False)
    left = await gate.read(purchase)
    assert (left["state"], left["pass"]["usedBy"]["role"]) == ("exited", "gate")
    assert left["pass"]["usedAt"].isoformat().replace("+00:00", "Z")[:19] == data["exitedAt"][:19]
    (told,) = gate.published
    assert (told["type"], told["data"]["checkoutId"], told["data"]["override"]) == (
        "purchase.exited", purchase["_id"], None,
    )  # fmt: skip
    assert left["outbox"] == []


async def test_a_second_showing_is_a_replay_and_tells_when_the_first_was(gate: Gate) -> None:
    purchase = await gate.bought()
    first = await gate.show(purchase)
    for who in ({}, {"role": "store_manager"}):
        again = await gate.show(purchase, **who)
        assert code(again) == (409, "PASS_USED")
        assert again.json()["error"]["details"]["usedAt"][:19] == first.json()["data"]["exitedAt"][:19]
    assert len(gate.published) == 1


@pytest.mark.parametrize("round_", range(2))
async def test_of_a_hundred_who_show_one_pass_at_once_one_gets_through(gate: Gate, round_: int) -> None:
    purchase, find, looked = await gate.bought(), Purchases.find, asyncio.Semaphore(0)

    async def beside_another(*args: Any, **named: Any) -> Any:
        """Whoever has looked goes on once somebody else has looked too: on a quick machine each might come alone."""
        found = await find(*args, **named)
        looked.release()
        async with asyncio.timeout(10):
            while looked._value < 2:
                await asyncio.sleep(0)
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Purchases, "find", beside_another)
        replies = await asyncio.gather(*(gate.show(purchase) for _ in range(100)))
    assert Counter(reply.status_code for reply in replies) == {200: 1, 409: 99}
    assert {code(reply) for reply in replies if reply.status_code == 409} == {(409, "PASS_USED")}
    assert [step["state"] for step in (await gate.read(purchase))["history"]] == ["exited"]
    assert len(gate.published) == 1


async def test_a_pass_and_an_override_at_once_let_one_out(gate: Gate) -> None:
    purchase = await gate.bought()
    work = [gate.show(purchase) if n % 2 else gate.override(purchase["_id"]) for n in range(20)]
    assert Counter(reply.status_code for reply in await asyncio.gather(*work)) == {200: 1, 409: 19}


async def test_a_gate_whose_answer_was_lost_asks_again_with_its_key(gate: Gate) -> None:
    purchase = await gate.bought()
    failpoints.configure("exit.after_mark:raise")
    try:
        assert (await gate.show(purchase, key="k1")).status_code == 500
    finally:
        failpoints.configure(None)
    assert (await gate.read(purchase))["state"] == "exited"
    again = await gate.show(purchase, key="k1")
    assert (again.status_code, again.json()["data"]["opened"]) == (200, True)
    assert (await gate.show(purchase, key="k1")).headers["idempotent-replayed"] == "true"
    assert code(await gate.show(purchase, key="k2")) == (409, "PASS_USED")
    assert len(gate.published) == 1


async def test_reasons_are_told_apart(gate: Gate) -> None:
    north = await gate.bought(store=NORTH)
    assert code(await gate.show(north)) == (409, "PASS_OTHER_STORE")
    assert code(await gate.show(await gate.bought(age=timedelta(minutes=16)))) == (409, "PASS_EXPIRED")
    assert code(await gate.show(await gate.bought(state="refunded"))) == (409, "PASS_REFUNDED")
    assert code(await gate.show(await gate.bought(state="closed"))) == (409, "PASS_EXPIRED")
    assert code(await gate.show("a.b.c")) == (400, "PASS_INVALID")
    assert (await gate.show(north, store=NORTH)).status_code == 200


async def test_a_pass_that_was_renewed_is_void(gate: Gate) -> None:
    purchase = await gate.bought()
    old = gate.text(purchase)
    purchase["pass"]["jti"] = "f" * 32
    await mongo.collection("purchases").update_one({"_id": purchase["_id"]}, {"$set": {"pass": purchase["pass"]}})
    assert code(await gate.show(old)) == (409, "PASS_EXPIRED")
    assert (await gate.show(purchase)).status_code == 200


async def test_a_forged_pass_is_none_and_touches_nothing(gate: Gate) -> None:
    purchase = await gate.bought()
    kept = purchase["pass"]
    found = exit_pass.ExitPass(purchase["_id"], STORE, kept["jti"], kept["items"], kept["issuedAt"], kept["expiresAt"])
    forged = exit_pass.sign(found, Issuer().private_jwk("exit"))
    other_use = exit_pass.sign(found, gate.world.issuer.private_jwk("session"))
    for text in (forged, other_use, gate.text(purchase)[:-4], gate.text(purchase) + "A"):
        assert code(await gate.show(text)) == (400, "PASS_INVALID")
    assert (await gate.read(purchase))["state"] == "exit_issued"


async def test_what_pub_sub_does_not_take_waits_in_the_purchase(gate: Gate) -> None:
    purchase = await gate.bought()
    gate.pubsub_down = True
    assert (await gate.show(purchase)).status_code == 200
    left = await gate.read(purchase)
    assert [entry["type"] for entry in left["outbox"]] == ["purchase.exited"]
    assert left["dueAt"] is not None


async def test_staff_let_somebody_out_with_a_reason_that_stays(gate: Gate) -> None:
    purchase = await gate.bought(age=timedelta(hours=1))
    reply = await gate.override(purchase["_id"])
    assert (reply.status_code, reply.json()["data"]["override"]) == (200, True)
    left = await gate.read(purchase)
    assert left["pass"]["override"]["reason"] == "phone is empty"
    (entry,) = left["audit"]
    assert (entry["action"], entry["who"], entry["role"], entry["reason"]) == (
        "exit.overridden", "store_staff-acme", "store_staff", "phone is empty",
    )  # fmt: skip
    assert gate.published[0]["data"]["override"] == "phone is empty"
    assert code(await gate.override(purchase["_id"])) == (409, "PASS_USED")
    assert len((await gate.read(purchase))["audit"]) == 1


async def test_a_repeated_override_is_one(gate: Gate) -> None:
    purchase = await gate.bought()
    failpoints.configure("exit.after_mark:raise")
    try:
        assert (await gate.override(purchase["_id"], key="o1")).status_code == 500
    finally:
        failpoints.configure(None)
    assert (await gate.override(purchase["_id"], key="o1")).status_code == 200
    assert len((await gate.read(purchase))["audit"]) == 1


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("payment_pending", "NOT_PAID"),
        ("cancelled", "NOT_PAID"),
        ("expired", "NOT_PAID"),
        ("paid", "PASS_NOT_READY"),
        ("refunded", "PASS_REFUNDED"),
        ("closed", "PASS_EXPIRED"),
    ],
)
async def test_staff_let_nobody_out_who_has_not_paid(gate: Gate, state: str, said: str) -> None:
    purchase = await gate.bought(state=state)
    assert code(await gate.override(purchase["_id"])) == (409, said)
    assert (await gate.read(purchase))["state"] == state


async def test_overrides_name_a_checkout_of_this_store(gate: Gate) -> None:
    north, foreign = await gate.bought(store=NORTH), await gate.bought(store=FOREIGN, tenant=RIVAL)
    unknown = f"{STORE}.{'0' * 32}"
    said = {
        (reply.status_code, str(reply.json()["error"]))
        for reply in [await gate.override(each) for each in (north["_id"], foreign["_id"], unknown, "nonsense", "{}")]
    }
    assert len(said) == 1
    assert next(iter(said))[0] == 404


async def test_other_stores_and_other_tenants_do_not_exist(gate: Gate) -> None:
    purchase = await gate.bought()
    said = set()
    for who, store in (
        ({"tenant": RIVAL}, STORE), ({"stores": [NORTH]}, STORE), ({}, FOREIGN), ({}, "nowhere"),
    ):  # fmt: skip
        reply = await gate.show(purchase, store=store, **who)
        said.add((reply.status_code, str(reply.json()["error"])))
    assert len(said) == 1
    assert next(iter(said))[0] == 404
    assert (await gate.read(purchase))["state"] == "exit_issued"


async def test_a_gate_may_open_and_nothing_else(gate: Gate) -> None:
    purchase = await gate.bought()
    assert code(await gate.override(purchase["_id"], role="gate")) == (403, "ROLE_NOT_ALLOWED")
    for role in ("brand_manager", "erp", "operator"):
        assert code(await gate.show(purchase, role=role)) == (403, "ROLE_NOT_ALLOWED")
    shopper = gate.world.checked_in("acme", STORE)
    reply = await gate.client.post(f"/v1/stores/{STORE}/exits", json={"pass": gate.text(purchase)}, headers=shopper)
    assert reply.status_code == 401


async def test_the_published_keys_verify_passes_without_a_network(gate: Gate) -> None:
    reply = await gate.client.get("/v1/exit-keys.json")
    assert "d" not in reply.json()["keys"][0]
    assert reply.headers["cache-control"] == "public, max-age=300"
    purchase = await gate.bought()
    keys = exit_pass.public_keys(reply.json())
    found = exit_pass.verify(gate.text(purchase), keys, store_id=STORE, now=purchase["pass"]["issuedAt"])
    assert (found.checkout_id, found.items) == (purchase["_id"], 2)


@pytest.mark.parametrize("reason", ["", "  ", "ab", "x" * 301, "line\nbreak", "\x1b[31m"])
async def test_a_reason_is_a_sentence(gate: Gate, reason: str) -> None:
    body = {"checkoutId": f"{STORE}.{'0' * 32}", "reason": reason}
    reply = await gate.client.post(f"/v1/stores/{STORE}/exits:override", json=body, headers=gate.caller("store_staff"))
    assert code(reply) == (400, "VALIDATION_FAILED")
