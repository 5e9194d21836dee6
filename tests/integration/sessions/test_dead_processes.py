"""A process that dies between two effects: what was begun is finished once, by the repetition or by the sweep."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pymongo
import pytest
from pymongo import monitoring

from functions.common import auth, failpoints, mongo
from tests.integration.sessions.conftest import MILK, WINE, Shopping
from tests.integration.sessions.test_handovers import claim, offer
from tests.integration.sessions.test_live_carts import change, prices


@pytest.fixture(autouse=True)
def _healed() -> Iterator[None]:
    yield
    failpoints.configure(None)


async def test_a_scan_whose_answer_was_lost_is_in_the_cart_once(shopping: Shopping) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    failpoints.configure("cart.after_save_before_reply:raise")
    reply = await shopping.ask("POST", "/v1/cart/lines", json={"code": MILK}, headers=headers)
    assert reply.status_code == 500
    failpoints.configure("")
    again = await shopping.ask("POST", "/v1/cart/lines", json={"code": MILK}, headers=headers)
    assert (again.status_code, again.json()["data"]["lines"][0]["quantity"]) == (201, 1000)
    assert again.json()["data"]["touchedLineId"] == again.json()["data"]["lines"][0]["lineId"]


async def test_a_new_price_that_was_kept_and_not_told_is_told_by_the_sweep(shopping: Shopping) -> None:
    await shopping.add(MILK)
    await shopping.set_price(MILK, 149)
    failpoints.configure("cart.after_reprice_before_publish:raise")
    with pytest.raises(AssertionError):
        await prices(shopping, change(MILK, 149))
    failpoints.configure("")
    await prices(shopping, change(MILK, 149))
    assert shopping.told("session.cart_repriced") == []
    shopping.check_in.wait(0.1)
    assert await shopping.run_job("sweep-sessions") == 204
    assert [told["total"] for told in shopping.told("session.cart_repriced")] == [149]


async def test_a_notice_and_a_hand_over_that_were_kept_are_told_by_the_sweep(shopping: Shopping) -> None:
    await shopping.add(MILK)
    shopping.check_in.wait(26)
    failpoints.configure("visit.after_notice_before_publish:raise,handover.after_claim_before_publish:raise")
    assert await shopping.run_job("tell-expiring") == 500
    name = (await offer(shopping))["handoverId"]
    assert (await claim(shopping, name, role=auth.STORE_MANAGER))[0] == 500
    failpoints.configure("")
    assert (await claim(shopping, name, role=auth.STORE_MANAGER))[0] == 200
    assert shopping.published == []
    shopping.check_in.wait(0.1)
    assert await shopping.run_job("sweep-sessions") == 204
    assert len(shopping.told("session.expiring")) == len(shopping.told("session.cart_handed_over")) == 1


class Asked(monitoring.CommandListener):
    """What was asked of MongoDB."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, str]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in ("find", "findAndModify", "update", "insert", "aggregate"):
            self.commands.append((event.command_name, str(event.command[event.command_name])))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


async def test_looking_is_one_question_and_an_edit_one_more_once_the_store_is_known(
    shopping: Shopping, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shopping.add(MILK)
    await shopping.add(WINE)
    asked = Asked()
    await mongo.close()
    monkeypatch.setattr(pymongo, "AsyncMongoClient", _listening(pymongo.AsyncMongoClient, asked))
    await shopping.add(MILK)
    asked.commands.clear()
    await shopping.look()
    assert asked.commands == [("find", "sessions")]
    asked.commands.clear()
    await shopping.add(MILK)
    assert asked.commands == [("find", "sessions"), ("findAndModify", "sessions")]


def _listening(made: Any, asked: Asked) -> Any:
    def client(*arguments: Any, **options: Any) -> Any:
        return made(*arguments, event_listeners=[asked], **options)

    return client
