"""Watermarks and the fold of one product: any order, any duplicates, one end."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail.stocktaking import Stock
from functions.price_ingest import domain
from functions.price_ingest.domain import Outcome, Price, Product, Update, Verdict

NEW = Product("p1", 7, None, None)


def update(e: str = "m1/0", *, price: int | None = None, stock: int | None = None, **w: Any) -> Update:
    at: dict[str, Any] = {"t": 100, "q": 0, "s": "erp"} | w
    return Update("s1", "4006381333931", price, stock, "EUR", at["t"], at["q"], at["s"], e, int(e.rpartition("/")[2]))


def price(amount: int, e: str = "m0/0", old: int | None = None, **w: Any) -> Price:
    at: Any = {"t": 100, "q": 0, "s": "erp", "e": e} | w
    return {"amount": amount, "currency": "EUR", "w": at, "old": old}


def stock(count: int, e: str = "m0/0", old: int | None = None, **fields: Any) -> Stock:
    w: Any = {"t": 100, "q": 0, "s": "erp", "e": e}
    base: Any = {"avail": count, "sold": 0, "holds": [], "w": w, "recent": [], "count": count, "old": old} | fields
    made: Stock = base
    return made


def after(product: Product, verdict: Verdict) -> Product:
    """The product as the verdict leaves it."""
    return product._replace(
        price=verdict.price or product.price, stock=verdict.stock or product.stock, ver=product.ver + verdict.writes
    )


# ---- one update against what is there --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("w", "outcome"),
    [
        ({"t": 101}, "applied"),
        ({"t": 99, "q": 9, "s": "zzz"}, "stale"),
        ({"q": 1}, "applied"),
        ({"q": -1, "s": "zzz"}, "stale"),
        ({"s": "erq"}, "applied"),
        ({"s": "ero"}, "stale"),
    ],
)
def test_time_decides_then_sequence_then_source(w: dict[str, Any], outcome: str) -> None:
    verdict = domain.decide(NEW._replace(price=price(200), stock=stock(200)), [update(price=1, **w)])
    assert verdict.outcomes == [outcome]
    assert (verdict.price is not None) == (outcome == "applied")
    verdict = domain.decide(NEW._replace(price=price(200), stock=stock(200)), [update(stock=1, **w)])
    assert verdict.outcomes == [outcome]
    assert (verdict.stock is not None) == (outcome == "applied")


def test_the_first_value_is_applied_whatever_its_time() -> None:
    verdict = domain.decide(NEW, [update(price=199, t=0)])
    assert verdict.outcomes == ["applied"]
    assert verdict.price == {
        "amount": 199,
        "currency": "EUR",
        "w": {"t": 0, "q": 0, "s": "erp", "e": "m1/0"},
        "old": None,
    }
    assert verdict.stock is None


def test_the_same_watermark_with_the_same_value_is_a_duplicate() -> None:
    product = NEW._replace(price=price(200), stock=stock(3_000))
    for repeated in (update(price=200), update(stock=3_000)):
        verdict = domain.decide(product, [repeated])
        assert (verdict.outcomes, verdict.writes, verdict.repeats) == (["duplicate"], False, False)


def test_the_same_watermark_with_another_value_is_a_conflict_and_the_first_is_kept() -> None:
    verdict = domain.decide(NEW._replace(price=price(200), stock=stock(3_000)), [update(price=201, stock=4_000)])
    assert (verdict.outcomes, verdict.writes) == (["conflict"], False)
    assert [(d.field, d.kept, d.offered) for d in verdict.disagreements] == [
        ("price", 200, 201),
        ("stock", 3_000, 4_000),
    ]


def test_its_own_update_delivered_again_counts_as_applied_and_is_announced_again_as_it_was() -> None:
    product = NEW._replace(price=price(200, e="m1/0", old=150), stock=stock(3_000, e="m1/0", old=1_000))
    verdict = domain.decide(product, [update(price=200, stock=3_000)] * 2)
    assert (verdict.outcomes, verdict.writes, verdict.repeats) == (["applied", "applied"], False, True)
    assert [(c.field, c.old, c.new, c.e) for c in verdict.changes] == [
        ("price", 150, 200, "m1/0"),
        ("stock", 1_000, 3_000, "m1/0"),
    ]


def test_the_same_message_published_later_with_its_own_time_is_another_update() -> None:
    verdict = domain.decide(NEW._replace(price=price(200, e="m1/0")), [update(price=200, t=101)])
    assert (verdict.outcomes, verdict.writes) == (["applied"], True)


def test_a_value_that_is_confirmed_but_not_changed_moves_the_watermark_and_announces_nothing() -> None:
    verdict = domain.decide(NEW._replace(price=price(200), stock=stock(5)), [update(price=200, stock=5, t=101)])
    assert verdict.price is not None
    assert (verdict.price["w"]["t"], verdict.changes) == (101, [])
    again = domain.decide(NEW._replace(price=verdict.price, stock=verdict.stock), [update(price=200, stock=5, t=101)])
    assert (again.outcomes, again.repeats, again.changes) == (["applied"], True, [])


def test_several_updates_of_one_round_are_one_change_from_what_was_stored() -> None:
    verdict = domain.decide(
        NEW._replace(price=price(100)),
        [update("m1/0", price=110, t=101), update("m2/0", price=120, t=103), update("m3/0", price=130, t=102)],
    )
    assert verdict.outcomes == ["applied", "applied", "stale"]
    assert [(c.old, c.new, c.e) for c in verdict.changes] == [(100, 120, "m2/0")]


def test_a_delivery_again_that_is_overtaken_in_the_same_round_is_still_announced() -> None:
    verdict = domain.decide(
        NEW._replace(price=price(110, e="m1/0", old=100)),
        [update("m1/0", price=110), update("m2/0", price=120, t=101)],
    )
    assert [(c.old, c.new, c.e, c.ver) for c in verdict.changes] == [(100, 110, "m1/0", 7), (110, 120, "m2/0", 8)]


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("conflict", "applied", "conflict"),
        ("applied", "stale", "applied"),
        ("stale", "duplicate", "stale"),
        ("duplicate", "applied", "applied"),
        ("duplicate", "duplicate", "duplicate"),
    ],
)
def test_an_update_of_both_fields_has_the_outcome_that_needs_more_attention(
    first: str, second: str, together: str
) -> None:
    values = {"applied": (50, 1), "stale": (150, 1), "duplicate": (100, 200), "conflict": (100, 1)}
    for one, two in ((first, second), (second, first)):
        product = NEW._replace(price=price(200, t=values[one][0]), stock=stock(200))
        product.stock["w"]["t"] = values[two][0]  # type: ignore[index]
        verdict = domain.decide(product, [update(price=values[one][1], stock=values[two][1])])
        assert verdict.outcomes == [together]


def test_stock_that_was_loaded_with_the_product_is_replaced_by_a_count() -> None:
    loaded: Any = {"avail": 9, "sold": 0, "holds": [], "w": {"t": 100, "q": 0, "s": "erp", "e": ""}, "recent": []}
    verdict = domain.decide(NEW._replace(stock=loaded), [update(stock=5)])
    assert verdict.outcomes == ["applied"]
    assert [(c.old, c.new) for c in verdict.changes] == [(9, 5)]


def test_outcomes_add_up() -> None:
    counts = domain.add_up(["applied", "stale", "applied"])
    assert counts == {"applied": 2, "stale": 1, "duplicate": 0, "conflict": 0, "parked": 0, "rejected": 0}


# ---- any order, any duplication, any division ------------------------------------------------------------

watermarks = st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from(["", "a", "b", "č"]))
values = st.one_of(st.none(), st.integers(0, 3))


@st.composite
def histories(draw: st.DrawFn, *, conflicts: bool) -> list[Update]:
    """Updates; without conflicts, equal watermarks bring equal values."""
    drawn = draw(st.lists(st.tuples(watermarks, values, values), max_size=12))
    known: dict[Any, Any] = {}
    history = []
    for number, ((t, q, s), amount, count) in enumerate(drawn):
        if amount is None and count is None:
            amount = 1
        if not conflicts:
            # A value that is not named by an update is not compared, so each field is fixed by itself.
            amount = None if amount is None else known.setdefault((t, q, s, "price"), amount)
            count = None if count is None else known.setdefault((t, q, s, "stock"), count)
        history.append(update(f"m{number}/0", price=amount, stock=count, t=t, q=q, s=s))
    return history


def oracle(history: list[Update]) -> tuple[int | None, int | None]:
    """The values with the highest watermarks; Python's `max` keeps the first of equals."""
    prices = [u for u in history if u.price is not None]
    stocks = [u for u in history if u.stock is not None]
    return (
        max(prices, key=watermark).price if prices else None,
        max(stocks, key=watermark).stock if stocks else None,
    )


def watermark(update: Update) -> tuple[int, int, str]:
    return update.t, update.q, update.s


def ended(product: Product) -> tuple[int | None, int | None]:
    return product.price and product.price["amount"], product.stock and product.stock["avail"]


def run(history: list[Update], sizes: list[int]) -> tuple[Product, list[Outcome]]:
    """Apply a history in rounds of these sizes."""
    product, left = NEW, list(history)
    outcomes: list[Outcome] = []
    for size in itertools.chain(sizes, itertools.repeat(3)):
        if not left:
            return product, outcomes
        now, left = left[:size], left[size:]
        verdict = domain.decide(product, now, [])
        assert len(verdict.outcomes) == len(now)
        outcomes += verdict.outcomes
        product = after(product, verdict)
    raise AssertionError("unreachable")


@given(histories(conflicts=False), st.data())
def test_any_order_and_any_duplication_end_at_the_same_values(history: list[Update], data: st.DataObject) -> None:
    repeated = history + data.draw(st.lists(st.sampled_from(history), max_size=6) if history else st.just([]))
    shuffled = data.draw(st.permutations(repeated))
    sizes = data.draw(st.lists(st.integers(1, 5), max_size=10))
    product, outcomes = run(shuffled, sizes)
    assert ended(product) == oracle(history)
    assert len(outcomes) == len(repeated)
    assert "conflict" not in outcomes


@given(histories(conflicts=True), st.lists(st.integers(1, 5), max_size=10))
def test_with_conflicts_the_first_of_equals_wins_however_rounds_are_cut(
    history: list[Update], sizes: list[int]
) -> None:
    assert ended(run(history, sizes)[0]) == ended(run(history, [1] * 12)[0]) == oracle(history)
    assert run(history, sizes)[1] == run(history, [1] * 12)[1]


@given(histories(conflicts=True), st.lists(st.integers(1, 5), max_size=10))
def test_the_watermark_and_the_version_never_go_back(history: list[Update], sizes: list[int]) -> None:
    product, left = NEW, list(history)
    for size in [*sizes, *[1] * 12]:
        now, left = left[:size], left[size:]
        verdict = domain.decide(product, now, [])
        later = after(product, verdict)
        if product.price is not None and later.price is not None:
            before, behind = product.price["w"], later.price["w"]
            assert (behind["t"], behind["q"], behind["s"]) >= (before["t"], before["q"], before["s"])
        assert later.ver == product.ver + verdict.writes
        product = later


@given(histories(conflicts=True), st.lists(st.integers(1, 5), max_size=10))
def test_what_is_announced_leads_from_the_old_value_to_the_new_one(history: list[Update], sizes: list[int]) -> None:
    product, left = NEW, list(history)
    for size in [*sizes, *[1] * 12]:
        now, left = left[:size], left[size:]
        verdict = domain.decide(product, now, [])
        was, product = ended(product), after(product, verdict)
        announced = {change.field: (change.old, change.new) for change in verdict.changes}
        expected = {}
        for name, old, new in zip(("price", "stock"), was, ended(product), strict=True):
            if old != new:
                expected[name] = (old, new)
        assert announced == expected
        assert {change.e for change in verdict.changes} <= {u.e for u in now}
