"""The guards of receipts and passes: numbers without gaps and doubles, pages that run nothing, links that end."""

from __future__ import annotations

import hmac
from typing import Any

import httpx
import pytest

from functions.checkout import closing_day
from functions.checkout.papers import links, passes, receipt, receipt_html
from functions.checkout.papers.issuing import Papers
from functions.common import clock, mongo, stores, tenants
from functions.common.purchases import Purchases
from tests.guards.guard import OUT, Guard, both_ways, red_without
from tests.integration.checkout.papers import test_days as days
from tests.integration.checkout.papers import test_doors as doors
from tests.integration.checkout.papers import test_numbers as numbered
from tests.integration.checkout.papers.conftest import numbers, paid
from tests.support import World
from tests.unit.checkout.papers import test_receipt as receipts

NUMBER_INDEX = "storeId_1_receipt.number_1"


@both_ways
async def test_the_unique_number_of_a_receipt(guard: Guard, papers: Papers) -> None:
    if guard == OUT:
        await mongo.collection("purchases").drop_index(NUMBER_INDEX)
    with red_without(guard):
        await numbered.test_many_instances_at_once_are_numbered_without_gaps(papers)


@both_ways
async def test_a_purchase_has_one_receipt(guard: Guard, papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        change = Purchases.change

        async def anyhow(self: Purchases, purchase: Any, **said: Any) -> Any:
            fresh = await self.by_id(purchase["_id"])
            assert fresh is not None
            return await change(self, fresh, **said | {"where": {}})

        monkeypatch.setattr(Purchases, "change", anyhow)
    with red_without(guard):
        await numbered.test_two_who_issue_for_one_purchase_use_one_number(papers)


@both_ways
async def test_a_number_counts_once_a_majority_has_it(
    guard: Guard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes a number for given before it was confirmed leaves a gap where it comes to nothing."""
    papers = Papers(Purchases(), stores.find, tenants.settings_of)
    made = await paid(3)
    await papers.issue_receipt(made[0], clock.now())
    if guard == OUT:
        take_next = papers._take_next

        async def hopeful(line: Any, *rest: Any) -> Any:
            number = line.last
            try:
                return await take_next(line, *rest)
            except OSError:
                line.last = number + 1
                raise

        monkeypatch.setattr(papers, "_take_next", hopeful)
    with monkeypatch.context() as broken:

        async def cut_off(*_: Any, **__: Any) -> None:
            raise OSError("the connection broke before the write")

        broken.setattr(Purchases, "change", cut_off)
        with pytest.raises(OSError, match="broke"):
            await papers.issue_receipt(made[1], clock.now())
    with red_without(guard):
        await papers.issue_receipt(made[2], clock.now())
        assert await numbers() == [1, 2]


@both_ways
def test_texts_are_escaped(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(receipt_html, "_text", lambda text: text)
    with red_without(guard):
        receipts.test_no_name_becomes_a_part_of_the_page(receipts.HOSTILE[0])


@both_ways
def test_characters_that_turn_the_writing_are_left_out(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(receipt, "plain", lambda text, keep="": text)
    with red_without(guard):
        receipts.test_characters_that_turn_the_writing_around_are_left_out()


@both_ways
async def test_the_end_of_a_link(guard: Guard, papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:

        def whenever(purchase: Any, given: str, _now: Any) -> bool:
            return any(hmac.compare_digest(each["hash"], given) for each in purchase["receipt"]["links"])

        monkeypatch.setattr(links, "_opens", whenever)
    with red_without(guard):
        await doors.test_a_link_lasts_thirty_days(papers)


@both_ways
async def test_the_hash_of_a_link(
    guard: Guard, door: httpx.AsyncClient, world: World, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(links, "_hash", lambda secret: secret)
    with red_without(guard):
        await doors.test_what_is_kept_of_a_link_opens_nothing(door, world, papers)


@both_ways
async def test_only_who_is_still_there_gets_a_pass(
    guard: Guard, door: httpx.AsyncClient, world: World, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        current = passes.current
        monkeypatch.setattr(passes, "current", lambda purchase: current({**purchase, "state": "exit_issued"}))
    with red_without(guard):
        await doors.test_who_has_left_gets_no_other_pass(door, world, papers, "exited", "PASS_USED")


@both_ways
async def test_a_closing_is_compared_before_it_is_written(
    guard: Guard, days_door: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        tick = iter(range(1_000))
        monkeypatch.setattr(closing_day, "digest", lambda _what: f"d{next(tick)}")
    with red_without(guard):
        await days.test_closing_again_changes_nothing_until_something_has_changed(days_door, world)
