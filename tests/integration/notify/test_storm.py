"""Two thousand changes of prices in two hundred carts, while FCM is at its worst."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import sys
from collections import defaultdict

import pytest

from local.fcm import Trouble
from tests.integration.notify.conftest import Room

FULL = os.environ.get("FAULTS") == "full"
CARTS, CHANGES = (200, 2_000) if FULL else (20, 200)
SEED = int(os.environ.get("SEED", "7"))


def visit(number: int) -> dict[str, str]:
    return {"sessionId": f"acme-centre.{number}", "userId": f"s{number}"}


async def test_a_storm_of_prices_disturbs_no_cart_more_than_once_in_ten_seconds(
    room: Room, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(SEED)
    for number in range(CARTS):
        await room.register(f"phone-{number}", room.app(visit=visit(number)["sessionId"], sub=visit(number)["userId"]))
    dead = [f"token-of-phone-{number}" for number in range(0, CARTS, 20)]
    room.fcm.troubles += [Trouble("UNREGISTERED", token=token, times=None) for token in dead]
    room.fcm.troubles += [
        Trouble("QUOTA_EXCEEDED", times=None, share=0.05, retry_after="2"),
        Trouble("INTERNAL", times=None, share=0.02),
        Trouble("drop", times=None, share=0.01),
    ]
    prices: dict[int, int] = defaultdict(lambda: 1000)
    pushed: dict[str, list[float]] = defaultdict(list)
    known = 0

    def note() -> None:
        nonlocal known
        for sent in list(room.fcm.sent)[known:]:
            pushed[sent.token].append(room.now)
        known = len(room.fcm.sent)

    for _ in range(0, CHANGES, 10):
        chosen = [dice.randrange(CARTS) for _ in range(10)]

        async def change(number: int) -> int:
            old, prices[number] = prices[number], prices[number] + dice.randrange(1, 9)
            return await room.repriced(old=old, new=prices[number], **visit(number))

        replies = await asyncio.gather(*(change(number) for number in chosen))
        # Whoever finds a mailbox busy every time is told to come again; here nobody does, so the price must still come.
        assert set(replies) == {204}
        note()
        await room.let_time_pass(1)
        note()
    room.fcm.troubles = [each for each in room.fcm.troubles if each.kind == "UNREGISTERED"]
    for _ in range(40):
        await room.let_time_pass(2)
        note()
    with capsys.disabled():
        sys.stdout.write(f"\n{CARTS} carts, {CHANGES} changes, {known} pushes, {room.fcm.asked} asked, seed {SEED}\n")
    for token, moments in pushed.items():
        gaps = [b - a for a, b in itertools.pairwise(moments)]
        assert all(gap >= 9.99 for gap in gaps), (token, gaps)
    assert not set(dead) & set(pushed), "a dead token got something"
    left = [document for document in await room.dump() if "dueAt" in document]
    assert left == [], "something is still to be done"
    for document in await room.dump():
        tokens = {each["token"] for each in document["devices"]}
        assert not tokens & set(dead) or document["lastId"] == 0
        number = int(document["_id"].rpartition(".")[2])
        told = [change["new"] for notice in document["notices"] for change in notice["data"]["prices"]]
        assert told[-1:] == ([prices[number]] if number in prices else []), document["_id"]
    assert room.fcm.asked > known, "nothing ever went wrong: this proves nothing"
