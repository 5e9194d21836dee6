"""One checkout gets a card, and only in time: also when a hundred ask at once, and when MongoDB removes nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from functions.common import brand_cards, clock, mongo
from functions.common.brand_cards import Card
from tests.integration.discount.card_room import BERLIN, BOB, PARIS, RIVAL, TENANT, CardRoom, session_id


def checkout(number: int) -> str:
    return f"{BERLIN}.{number:032x}"


async def scanned(cards: CardRoom) -> str:
    reply = await cards.scan()
    assert reply.status_code == 201, reply.text
    name: str = reply.json()["data"]["cardId"]
    return name


async def claim(
    card_id: str, number: int = 1, *, tenant: str = TENANT, store: str = BERLIN, session: str | None = None
) -> Card | None:
    return await brand_cards.claim(
        tenant_id=tenant,
        store_id=store,
        session_id=session or session_id(),
        card_id=card_id,
        checkout_id=checkout(number),
        now=clock.now(),
    )


async def test_of_a_hundred_checkouts_one_gets_the_card(cards: CardRoom) -> None:
    card_id = await scanned(cards)
    claims = [n for n in range(100) for _ in range(2)]
    found = await asyncio.gather(*(claim(card_id, n) for n in claims))
    winners = {card.used_by for card in found if card is not None}
    assert len(winners) == 1
    assert sum(card is not None for card in found) == 2, "the winner asked twice, and got it twice"
    (kept,) = await cards.kept()
    assert {kept["usedBy"]} == winners


@pytest.mark.parametrize("uses", [1000])
async def test_an_expired_card_is_never_accepted_though_it_is_still_stored(cards: CardRoom, uses: int) -> None:
    card_id = await scanned(cards)
    cards.wait(minutes=10)
    assert len(await cards.kept()) == 1, "MongoDB's own removal is switched off in these tests"
    found = []
    for begin in range(0, uses, 100):
        found += await asyncio.gather(*(claim(card_id, begin + n) for n in range(100)))
    assert [card for card in found if card is not None] == []
    assert (await cards.kept())[0]["usedBy"] is None


async def test_a_card_is_good_until_its_very_last_moment(cards: CardRoom) -> None:
    card_id = await scanned(cards)
    (kept,) = await cards.kept()
    for late, expected in ((timedelta(0), False), (-timedelta(milliseconds=1), True)):
        found = await brand_cards.claim(
            tenant_id=TENANT, store_id=BERLIN, session_id=session_id(), card_id=card_id, checkout_id=checkout(1),
            now=kept["expiresAt"] + late,
        )  # fmt: skip
        assert (found is not None) == expected


async def test_a_checkout_that_goes_on_after_the_cards_end_has_it_still(cards: CardRoom) -> None:
    card_id = await scanned(cards)
    first = await claim(card_id)
    cards.wait(minutes=14)
    assert await claim(card_id) == first is not None
    assert await claim(card_id, 2) is None


async def test_a_card_that_was_given_back_can_be_used_until_its_end_and_one_that_was_paid_with_never(
    cards: CardRoom,
) -> None:
    card_id = await scanned(cards)
    assert await claim(card_id, 1)
    await brand_cards.release(TENANT, BERLIN, card_id, checkout(2))
    assert await claim(card_id, 2) is None, "the release was another checkout's"
    for _ in range(2):
        await brand_cards.release(TENANT, BERLIN, card_id, checkout(1))
    assert await claim(card_id, 2)
    for _ in range(2):
        await brand_cards.use(TENANT, BERLIN, card_id, checkout(2), clock.now())
    await brand_cards.release(TENANT, BERLIN, card_id, checkout(2))
    assert await claim(card_id, 3) is None
    assert (await cards.current()).json()["data"]["inCheckout"]


async def test_a_used_card_cannot_be_scanned_again_by_anybody_for_its_ten_minutes(cards: CardRoom) -> None:
    await cards.visit(BOB, "b")
    await cards.visit(digit="c")
    card_id = await scanned(cards)
    assert await claim(card_id)
    await brand_cards.use(TENANT, BERLIN, card_id, checkout(1), clock.now())
    for headers in (cards.app(), cards.app(BOB, "b"), cards.app(digit="c")):
        reply = await cards.scan(headers=headers)
        assert (reply.status_code, reply.json()["error"]["code"]) == (409, "CARD_IN_USE")
    cards.wait(minutes=10)
    assert (await cards.scan(headers=cards.app(BOB, "b"))).status_code == 201


async def test_claims_and_releases_at_one_moment_leave_the_card_with_one_or_none(cards: CardRoom) -> None:
    card_id = await scanned(cards)

    async def go(number: int) -> None:
        for _ in range(10):
            if await claim(card_id, number):
                (kept,) = await cards.kept()
                assert kept["usedBy"] == checkout(number)
                await brand_cards.release(TENANT, BERLIN, card_id, checkout(number))

    await asyncio.gather(*(go(number) for number in range(20)))
    assert (await cards.kept())[0]["usedBy"] is None


async def test_a_card_taken_off_or_replaced_during_a_checkout_stays_the_checkouts(cards: CardRoom) -> None:
    card_id = await scanned(cards)
    assert await claim(card_id)
    await cards.take_off()
    assert [each["_id"] for each in await cards.kept()] == [card_id]


@pytest.mark.parametrize(
    "where", [{"tenant": RIVAL}, {"store": PARIS}, {"session": session_id("b")}], ids=["tenant", "store", "visit"]
)
async def test_a_card_of_another_tenant_store_or_visit_is_none(cards: CardRoom, where: dict[str, str]) -> None:
    card_id = await scanned(cards)
    assert await claim(card_id, **where) is None  # type: ignore[arg-type]
    scope = {"tenant_id": TENANT, "store_id": BERLIN, "session_id": session_id()}
    scope |= {f"{name}_id": value for name, value in where.items()}
    assert await brand_cards.find(**scope, card_id=card_id) is None
    assert await brand_cards.current(**scope, now=clock.now()) is None


async def test_where_mongodb_removes_by_itself_it_removes_the_card(cards: CardRoom) -> None:
    await scanned(cards)
    indexes = await mongo.database().discountcards.index_information()
    assert indexes["scannedAt_1"]["expireAfterSeconds"] == 600
