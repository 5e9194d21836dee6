"""From the payment through the gate to the end of the visit: what the gate tells closes the purchase, once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from functions.checkout import settings as checkout_settings
from functions.checkout.papers import passes
from functions.common import exit_pass
from tests.integration.checkout.floor import PEN, Floor
from tests.integration.exit_gate.conftest import Gate, code

STORE = "acme-floor"


def text(gate: Gate, purchase: dict[str, Any]) -> str:
    return exit_pass.sign(passes.current(purchase), gate.world.issuer.private_jwk("exit"))


@pytest.mark.parametrize("policy", ["strict", "sell_in_hand"])
async def test_who_has_paid_leaves_and_everything_is_closed(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_leaving")
    checkout_settings.payment.replace(None)
    floor = Floor()
    await floor.open(policy, store=STORE)
    await floor.shelf(PEN, 250, 5, store=STORE)
    shopper = await floor.shopper({PEN: 3}, store=STORE)
    purchase = await shopper.buy()
    assert (purchase["state"], purchase["receipt"]["number"], purchase["pass"]["items"]) == ("exit_issued", 1, 3)
    gate.published.clear()
    assert (await gate.show(text(gate, purchase), store=STORE)).status_code == 200
    (told,) = [event for event in gate.published if event["type"] == "purchase.exited"]
    async with gate.world.door("checkout", "checkout_events") as events:
        pushes = [gate.world.push(events, "/push/exits", told) for _ in range(5)]
        assert {reply.status_code for reply in await asyncio.gather(*pushes)} == {204}
    after = await shopper.purchase()
    assert (after["state"], (await shopper.visit())["status"]) == ("closed", "ended")
    assert await floor.avail(PEN, STORE) == (2, 0, 3)
    # Five who close it at once may tell it twice, but it stays one fact.
    (closed,) = {event["id"]: event["data"] for event in gate.published if event["type"] == "purchase.closed"}.values()
    assert (closed["receiptNumber"], closed["total"], closed["exitedAt"] is not None) == (1, 750, True)
    assert code(await gate.show(exit_pass_of(gate, after), store=STORE)) == (409, "PASS_USED")
    assert await floor.findings() == []
    checkout_settings.payment.replace(None)


def exit_pass_of(gate: Gate, purchase: dict[str, Any]) -> str:
    """The pass that was used, as a screenshot of it would still show it."""
    return text(gate, purchase | {"state": "exit_issued"})


async def test_an_exit_of_another_tenant_s_word_closes_nothing(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_leaving")
    checkout_settings.payment.replace(None)
    purchase = await gate.bought(state="exited")
    told = {
        "id": "e1", "type": "purchase.exited", "version": 1, "tenantId": "bolt", "storeId": "bolt-centre",
        "occurredAt": "2026-11-21T12:00:00Z",
        "data": {"checkoutId": purchase["_id"], "sessionId": "s", "userId": "u", "exitedAt": "x", "override": None},
    }  # fmt: skip
    async with gate.world.door("checkout", "checkout_events") as events:
        assert (await gate.world.push(events, "/push/exits", told)).status_code == 204
    assert (await gate.read(purchase))["state"] == "exited"
    checkout_settings.payment.replace(None)
