"""The local Stripe keeps its books through its own death, and its webhooks travel as badly as they are told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.checkout.payments.signatures import verify
from local.stripe import FakeStripe, forms
from local.stripe.server import SECRET_KEY
from local.stripe.webhooks import Delivery, Endpoint
from local.stripe.wire import Answer, Request, Server

SECRET = "whsec_test"
HEADERS = {"authorization": f"Bearer {SECRET_KEY}"}
PAID = {"amount": "500", "currency": "eur", "payment_method": "pm_card_visa", "confirm": "true"}


class Ear:
    """Hears webhooks; refuses the first few when it is told to."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.headers: list[str] = []
        self.refuse = 0
        self.server = Server(self._hear)

    async def _hear(self, request: Request) -> Answer:
        self.headers.append(request.headers["stripe-signature"])
        if self.refuse:
            self.refuse -= 1
            return Answer(503, b"")
        self.heard.append(json.loads(request.body))
        return Answer(200, b"{}")

    @property
    def types(self) -> list[str]:
        return [each["type"] for each in self.heard]


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    made = Ear()
    await made.server.start()
    yield made
    await made.server.stop()


@pytest.fixture
async def stripe(ear: Ear) -> AsyncIterator[FakeStripe]:
    endpoint = Endpoint(f"http://127.0.0.1:{ear.server.port}/hook", (SECRET, "whsec_old"))
    async with FakeStripe(endpoints=(endpoint,), seed=7) as made:
        made.webhooks.backoff = (0.01, 0.01, 0.01)
        yield made


async def test_a_killed_stripe_knows_everything_again(tmp_path: Path) -> None:
    first = FakeStripe(folder=tmp_path)
    await first.start()
    async with httpx.AsyncClient(base_url=first.url, headers=HEADERS, trust_env=False) as client:
        made = await client.post("/v1/payment_intents", data=PAID, headers={"idempotency-key": "k1"})
    # It is not stopped: what was answered is with the operating system already.
    async with FakeStripe(folder=tmp_path) as second:
        assert second.ledger() == first.ledger()
        async with httpx.AsyncClient(base_url=second.url, headers=HEADERS, trust_env=False) as client:
            again = await client.post("/v1/payment_intents", data=PAID, headers={"idempotency-key": "k1"})
        assert (again.json(), again.headers["idempotent-replayed"]) == (made.json(), "true")
    await first.stop()


async def test_every_attempt_has_a_fresh_signature_by_every_secret(stripe: FakeStripe, ear: Ear) -> None:
    ear.refuse = 2
    stripe.api.intents.create({"amount": "500", "currency": "eur"})
    await stripe.webhooks.idle()
    assert (ear.types, len(ear.headers)) == (["payment_intent.created"], 3)
    body = json.dumps(ear.heard[0], separators=(",", ":")).encode()
    for secret in (SECRET, "whsec_old"):
        verify(body, ear.headers[-1], [secret], float(ear.headers[-1][2:12]))
    (event,) = stripe.book.objects["event"].values()
    assert event["pending_webhooks"] == 0


async def test_events_come_turned_round_twice_or_never(stripe: FakeStripe, ear: Ear) -> None:
    stripe.webhooks.delivery = Delivery(hold=True, reverse=True)
    stripe.api.intents.create(PAID)
    order = [each["type"] for each in stripe.book.objects["event"].values()]
    assert ear.types == []
    assert stripe.webhooks.release() == 3
    await stripe.webhooks.idle()
    assert sorted(ear.types) == sorted(order)
    stripe.webhooks.delivery = Delivery(duplicate=1.0, copies=3)
    stripe.api.intents.create({"amount": "500", "currency": "eur"})
    await stripe.webhooks.idle()
    assert len({each["id"] for each in ear.heard[3:]}) == 1
    assert len(ear.heard) == 6
    stripe.webhooks.delivery = Delivery(lose=1.0)
    intent = stripe.api.intents.create({"amount": "500", "currency": "eur"})
    await stripe.webhooks.idle()
    assert len(ear.heard) == 6
    async with httpx.AsyncClient(base_url=stripe.url, headers=HEADERS, trust_env=False) as client:
        undelivered = (await client.get("/v1/events", params={"delivery_success": "false"})).json()["data"]
    assert [each["data"]["object"]["id"] for each in undelivered] == [intent["id"]]


async def test_what_nobody_takes_is_given_up_and_can_be_sent_again_by_hand(stripe: FakeStripe, ear: Ear) -> None:
    ear.refuse = 4
    stripe.api.intents.create({"amount": "500", "currency": "eur"})
    await stripe.webhooks.idle()
    assert (ear.heard, stripe.webhooks.counts["given_up"]) == ([], 1)
    (name,) = stripe.book.objects["event"]
    async with httpx.AsyncClient(base_url=stripe.url, trust_env=False) as client:
        assert (await client.post(f"/_control/events/{name}/resend")).status_code == 200
    await stripe.webhooks.idle()
    assert ear.types == ["payment_intent.created"]


async def test_a_key_in_use_is_told_from_one_used_for_something_else(stripe: FakeStripe) -> None:
    stripe.faults.add("create", "slow", times=1, seconds=0.3)
    async with httpx.AsyncClient(base_url=stripe.url, headers=HEADERS, trust_env=False) as client:

        async def ask(amount: str) -> int:
            form = {"amount": amount, "currency": "eur"}
            return (await client.post("/v1/payment_intents", data=form, headers={"idempotency-key": "k"})).status_code

        first = asyncio.create_task(ask("500"))
        await asyncio.sleep(0.1)
        assert await ask("500") == 409
        assert await first == 200
        assert (await ask("600"), await ask("500")) == (400, 200)


async def test_faults_and_the_ledger_are_there_for_a_demo(stripe: FakeStripe) -> None:
    async with httpx.AsyncClient(base_url=stripe.url, trust_env=False) as client:
        rules = [{"verb": "create", "effect": "drop", "times": 1}]
        assert (await client.post("/_control/faults", json=rules)).status_code == 200
        assert (await client.post("/_control/faults", json=[{"verb": "x", "effect": "drop"}])).status_code == 400
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/v1/payment_intents", data=PAID, headers=HEADERS)
        (row,) = (await client.get("/_control/ledger")).json()
    assert (row["captured"], row["charges"]) == (500, 1)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", {}),
        ("a=1&b[c]=2&b[d][e]=3", {"a": "1", "b": {"c": "2", "d": {"e": "3"}}}),
        ("expand[0]=x&expand[1]=y", {"expand": ["x", "y"]}),
        ("expand[]=x&expand[]=y", {"expand": ["x", "y"]}),
        ("created[gte]=5&metadata[checkoutId]=a.b", {"created": {"gte": "5"}, "metadata": {"checkoutId": "a.b"}}),
    ],
)
def test_forms_are_trees(text: str, tree: dict[str, Any]) -> None:
    assert forms.parse(text) == tree
