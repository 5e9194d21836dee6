"""The loyalty system may be slow, broken or away: shoppers are told, wait two seconds at most, and go on."""

from __future__ import annotations

import time

import pytest

from functions.common import clock
from functions.discount import settings, wiring
from functions.discount.loyalty import RestLoyalty
from local.loyalty import KINDS
from tests.integration.discount.card_room import ALP, BOB, CODE, NUMBER, CardRoom

LIMIT_SECONDS = 0.6


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_whatever_the_loyalty_system_does_the_card_is_accepted_and_the_result_is_said_to_be_degraded(
    cards: CardRoom, kind: str
) -> None:
    cards.loyalty.left[kind] = -1
    began = time.perf_counter()
    reply = await cards.scan()
    assert time.perf_counter() - began < LIMIT_SECONDS + 1.5
    assert reply.status_code == 201, reply.text
    card = reply.json()["data"]
    assert (card["status"], card["groups"], card["points"], card["benefits"], card["asOf"]) == (
        "degraded", [], None, [], None,
    )  # fmt: skip
    assert card["brandId"] == ALP
    (event,) = cards.published
    assert (event["data"]["status"], event["data"]["points"]) == ("degraded", None)


async def test_what_it_said_within_a_day_stands_in_and_says_when_it_was_said(cards: CardRoom) -> None:
    first = (await cards.scan()).json()["data"]
    cards.loyalty.left["500"] = -1
    cards.wait(hours=3)
    again = (await cards.scan()).json()["data"]
    assert again["status"] == "degraded"
    assert {name: again[name] for name in ("groups", "points", "benefits")} == {
        name: first[name] for name in ("groups", "points", "benefits")
    }
    assert first["asOf"] < again["scannedAt"]
    assert again["asOf"] == first["asOf"]


async def test_what_it_said_a_day_ago_is_not_trusted_any_more_though_it_is_still_stored(cards: CardRoom) -> None:
    await cards.scan()
    cards.loyalty.left["500"] = -1
    cards.wait(hours=24, seconds=1)
    await cards.visit(digit="c")
    late = (await cards.scan(headers=cards.app(digit="c"))).json()["data"]
    assert (late["status"], late["groups"], late["points"], late["asOf"]) == ("degraded", [], None, None)


async def test_what_it_said_to_one_shopper_gives_another_nothing(cards: CardRoom) -> None:
    await cards.scan()
    await cards.take_off()
    await cards.visit(BOB, "b")
    cards.loyalty.left["500"] = -1
    other = (await cards.scan(headers=cards.app(BOB, "b"))).json()["data"]
    assert (other["status"], other["groups"], other["points"]) == ("degraded", [], None)


async def test_a_card_it_has_blocked_or_forgotten_since_is_refused(cards: CardRoom) -> None:
    said = cards.loyalty.answer("acme", ALP, NUMBER)
    assert said is not None
    await cards.scan()
    cards.loyalty.cards[NUMBER] = {**said, "status": "blocked"}
    assert (await cards.scan()).json()["error"]["code"] == "CARD_BLOCKED"
    cards.loyalty.left["500"] = 1
    assert (await cards.scan()).json()["error"]["code"] == "CARD_BLOCKED", "that it is blocked is remembered too"


async def test_a_number_alone_says_nothing_while_the_loyalty_system_is_away(cards: CardRoom) -> None:
    cards.loyalty.left["500"] = 1
    reply = await cards.scan(NUMBER)
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "LOYALTY_UNAVAILABLE")
    assert reply.headers["retry-after"] == "5"
    assert await cards.kept() == []
    assert (await cards.scan(NUMBER)).status_code == 201


async def test_where_there_is_no_loyalty_system_nobody_is_told_to_ask_again(
    cards: CardRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOYALTY_URL", "")
    settings.load.replace(None)
    wiring.forget()
    reply = await cards.scan(NUMBER)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "CARD_UNKNOWN")


async def test_after_five_failures_it_is_left_alone_then_tried_once_then_asked_again(cards: CardRoom) -> None:
    cards.loyalty.left["500"] = -1
    for _ in range(8):
        assert (await cards.scan()).json()["data"]["status"] == "degraded"
    assert len(cards.loyalty.asked) == 5
    cards.wait(seconds=11)
    for _ in range(3):
        await cards.scan()
    assert len(cards.loyalty.asked) == 6, "one try, and it failed"
    cards.loyalty.left["500"] = 0
    assert (await cards.scan()).json()["data"]["status"] == "degraded"
    cards.wait(seconds=11)
    for _ in range(3):
        assert (await cards.scan()).json()["data"]["status"] == "confirmed"
    assert len(cards.loyalty.asked) == 9


async def test_one_that_asks_to_be_left_alone_is_left_alone_at_once(cards: CardRoom) -> None:
    cards.loyalty.left["429"] = 1
    for _ in range(3):
        assert (await cards.scan()).json()["data"]["status"] == "degraded"
    assert len(cards.loyalty.asked) == 1


async def test_without_a_loyalty_system_cards_are_accepted_unasked(cards: CardRoom) -> None:
    deps = wiring.card_deps()
    assert isinstance(deps.loyalty, RestLoyalty)
    deps.loyalty._url = ""
    assert (await cards.scan(CODE)).json()["data"]["status"] == "degraded"
    assert cards.loyalty.asked == []


async def test_a_loyalty_system_that_is_not_there_at_all_costs_nobody_a_second(cards: CardRoom) -> None:
    deps = wiring.card_deps()
    assert isinstance(deps.loyalty, RestLoyalty)
    deps.loyalty._url = "http://127.0.0.1:9"
    began = time.perf_counter()
    for _ in range(5):
        assert (await cards.scan()).json()["data"]["status"] == "degraded"
    assert time.perf_counter() - began < 5
    assert clock.now() is not None
