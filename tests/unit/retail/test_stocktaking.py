"""Counts, movements and holds: whatever the order of arrival, nothing that was sold comes back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail import stocktaking
from functions.common.retail.stocktaking import MOST_RECENT, Entry, Movement, Stock, Watermark


def mark(t: int) -> Watermark:
    return {"t": t, "q": 0, "s": "erp", "e": f"m{t}/0"}


def move(name: str, q: int, at: int, kind: Any = "sale") -> Movement:
    return {"id": name, "kind": kind, "q": q, "at": at}


def entry(movement: Movement, *, pending: bool = False) -> Entry:
    return {**movement, "pending": pending}


def counted(count: int, t: int, stock: Stock | None = None, ledger: list[Entry] | None = None) -> Stock:
    return stocktaking.counted(stock, count=count, w=mark(t), ledger=ledger)


FIRST = counted(10_000, 100, ledger=[])


def test_a_first_count_is_what_is_available() -> None:
    assert (FIRST["avail"], FIRST["sold"], FIRST["holds"], FIRST["recent"]) == (10_000, 0, [], [])
    assert FIRST["count"] == 10_000


def test_a_sale_takes_a_return_gives_and_an_adjustment_does_either() -> None:
    stock, _ = stocktaking.moved(FIRST, move("a", 3_000, 110))
    assert (stock["avail"], stock["sold"]) == (7_000, 3_000)
    stock, _ = stocktaking.moved(stock, move("b", 1_000, 111, "return"))
    assert (stock["avail"], stock["sold"]) == (8_000, 2_000)
    stock, _ = stocktaking.moved(stock, move("c", -500, 112, "adjustment"))
    assert (stock["avail"], stock["sold"]) == (7_500, 2_000)


def test_a_count_does_not_undo_the_sales_after_it() -> None:
    stock, _ = stocktaking.moved(FIRST, move("a", 3_000, 150))
    assert counted(20_000, 140, stock)["avail"] == 17_000
    assert counted(20_000, 150, stock)["avail"] == 20_000, "a sale at the moment of the count is in it"


def test_a_sale_from_before_the_count_that_is_told_late_is_in_the_count_already() -> None:
    stock, _ = stocktaking.moved(FIRST, move("a", 3_000, 90))
    assert (stock["avail"], stock["sold"]) == (10_000, 3_000)


def test_what_is_held_is_not_available() -> None:
    held: Stock = {**FIRST, "holds": [{"order": "o1", "n": 2_000}, {"order": "o2", "n": 500}]}
    assert counted(10_000, 120, held)["avail"] == 7_500


def test_what_an_order_lets_go_of_is_free_and_the_holds_of_others_stay() -> None:
    held: Stock = {**FIRST, "avail": 4_000, "holds": [{"order": "a", "n": 2_000}, {"order": "b", "n": 4_000}]}
    free = stocktaking.let_go(held, "a")
    assert (free["avail"], free["holds"]) == (6_000, [{"order": "b", "n": 4_000}])
    assert stocktaking.let_go(free, "a") == free


def test_what_is_let_go_of_makes_up_for_what_is_short_first() -> None:
    held: Stock = {**FIRST, "avail": 0, "short": 2_000, "holds": [{"order": "a", "n": 3_000}]}
    free = stocktaking.let_go(held, "a")
    assert (free["avail"], "short" in free) == (1_000, False)
    less = stocktaking.let_go({**held, "holds": [{"order": "a", "n": 500}]}, "a")
    assert (less["avail"], less["short"]) == (0, 1_500)


def test_stock_is_never_negative_and_what_is_short_is_kept_in_mind() -> None:
    stock, _ = stocktaking.moved(FIRST, move("a", 12_000, 110))
    assert (stock["avail"], stock["short"]) == (0, 2_000)
    stock, _ = stocktaking.moved(stock, move("b", 2_500, 111, "return"))
    assert stock["avail"] == 500
    assert "short" not in stock
    assert counted(1_000, 105, stock) == counted(1_000, 105, stock)
    assert (counted(1_000, 105, stock)["avail"], counted(1_000, 105, stock)["short"]) == (0, 8_500)


def test_a_document_remembers_a_bounded_number_of_movements_and_says_from_when_on() -> None:
    stock = FIRST
    for n in range(MOST_RECENT):
        stock, forgotten = stocktaking.moved(stock, move(f"s{n:03}", 1, 200 + n))
        assert forgotten == []
    assert stocktaking.reaches_back(stock, 100)
    assert not stocktaking.reaches_back(stock, 99), "of what was before the first count it knows nothing"
    stock, forgotten = stocktaking.moved(stock, move("one more", 1, 400))
    assert [m["id"] for m in forgotten] == ["s000"]
    assert not stocktaking.reaches_back(stock, 199)
    assert stocktaking.reaches_back(stock, 200)
    assert stocktaking.remembers(stock, "one more")
    assert not stocktaking.remembers(stock, "s000")
    assert not stocktaking.remembers(None, "s000")


def test_a_count_older_than_the_memory_needs_the_ledger() -> None:
    assert not stocktaking.reaches_back(None, 0)
    with pytest.raises(ValueError, match="ledger"):
        counted(10_000, 100)
    stock = FIRST
    for n in range(MOST_RECENT + 3):
        stock, _ = stocktaking.moved(stock, move(f"s{n:03}", 10, 200 + n))
    with pytest.raises(ValueError, match="ledger"):
        counted(10_000, 150, stock)
    ledger = [entry(move(f"s{n:03}", 10, 200 + n)) for n in range(MOST_RECENT + 3)]
    again = counted(10_000, 150, stock, ledger)
    assert again["avail"] == 10_000 - 10 * (MOST_RECENT + 3)
    assert len(again["recent"]) == MOST_RECENT
    assert again["floor"] == 202


def test_a_pending_movement_that_a_count_took_in_is_always_remembered() -> None:
    ledger = [entry(move(f"s{n:03}", 10, 200 + n), pending=n < 5) for n in range(MOST_RECENT + 20)]
    stock = counted(10_000, 150, ledger=ledger)
    assert stock["avail"] == 10_000 - 10 * (MOST_RECENT + 20)
    assert all(stocktaking.remembers(stock, f"s{n:03}") for n in range(5))
    assert len(stock["recent"]) == MOST_RECENT
    assert stock["floor"] == 224


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[Movement]]:
    counts = draw(
        st.lists(st.tuples(st.integers(0, 20), st.integers(0, 50)), min_size=1, max_size=4, unique_by=lambda c: c[1])
    )
    kinds = st.sampled_from(["sale", "return", "adjustment"])
    drawn = draw(st.lists(st.tuples(kinds, st.integers(1, 9), st.integers(0, 50)), max_size=60))
    return counts, [move(f"v{n}", q, at, kind) for n, (kind, q, at) in enumerate(drawn)]


@given(stories(), st.randoms(use_true_random=False))
def test_any_order_of_counts_and_movements_ends_at_the_last_count_and_what_followed_it(
    story: tuple[list[tuple[int, int]], list[Movement]], random: Any
) -> None:
    counts, moves = story
    happenings: list[Any] = [*counts, *moves]
    random.shuffle(happenings)
    stock: Stock | None = None
    ledger: list[Movement] = []
    for happening in happenings:
        if isinstance(happening, dict):
            ledger.append(happening)  # type: ignore[arg-type]
            if stock is not None:
                stock, _ = stocktaking.moved(stock, happening)  # type: ignore[arg-type]
            continue
        count, t = happening
        if stock is not None and t < stock["w"]["t"]:
            continue
        known = stocktaking.reaches_back(stock, t)
        after = [entry(movement) for movement in ledger if movement["at"] > t]
        stock = counted(count, t, stock, None if known else after)
    assert stock is not None
    count, t = max(counts, key=lambda c: c[1])
    net = count + sum(stocktaking.effect(movement) for movement in moves if movement["at"] > t)
    assert stock["avail"] - stock.get("short", 0) == net
    assert stock["avail"] == max(net, 0)
    assert len(stock["recent"]) <= MOST_RECENT
