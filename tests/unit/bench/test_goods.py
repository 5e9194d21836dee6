"""The updates that the price benchmarks send, and the command line."""

from __future__ import annotations

import json

import pytest

from bench import __main__ as command
from bench import goods, options
from functions.common.retail.barcode import canonical


def test_every_benchmark_product_is_different_and_has_a_valid_barcode() -> None:
    found = goods.of(goods.OURS, 2_000)
    assert len(set(found)) == 2_000
    assert all(canonical(barcode) == barcode for _, barcode in found)


def test_every_turn_brings_each_product_a_price_it_never_had() -> None:
    some = goods.of(goods.OURS, 1_500)
    seen: dict[goods.Good, set[int]] = {each: {1} for each in some}
    for turn in range(4):
        for update in goods.new_prices(some, turn):
            prices = seen[update.store_id, update.barcode]
            assert update.price not in prices
            prices.add(update.price)


def test_messages_of_a_hundred_hold_every_update_once() -> None:
    updates = goods.new_prices(goods.of(goods.OURS, 250), 0)
    packed = [json.loads(text) for text in goods.messages(updates, 100)]
    assert [len(each) for each in packed] == [100, 100, 50]
    assert [item["price"] for each in packed for item in each] == [update.price for update in updates]


def test_a_message_of_one_is_the_update_itself() -> None:
    (text,) = goods.messages(goods.new_prices(goods.of(goods.OURS, 1), 0), 1)
    assert set(json.loads(text)) == {"storeId", "barcode", "price", "sourceTime"}


def test_every_named_benchmark_is_there() -> None:
    assert all(callable(options.find(name)) for name in options.NAMES)


@pytest.mark.parametrize("arguments", [["nothing"], [], ["scan", "--rounds", "0"], ["scan", "--generator", "ab"]])
def test_a_command_that_makes_no_sense_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command.main(arguments)
    assert end.value.code == 2
