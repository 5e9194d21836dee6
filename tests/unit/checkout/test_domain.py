"""What staff look at, what is scarce, and what a look into the bag takes off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.checkout import domain
from functions.checkout.domain import Difference

ORDER = "acme-centre.3c9909afec25354d551dae21590bb26e"


def checks(
    total: int = 1000, age: int | None = None, *, age_check: bool = True, share: int = 0, risk: int | None = None
) -> list[str]:
    return list(domain.checks_for(ORDER, total, age, age_check=age_check, share=share, risk_amount=risk))


def test_an_ordinary_basket_is_not_looked_at() -> None:
    assert checks() == []


def test_somebody_looks_at_the_buyer_of_goods_with_an_age_limit_unless_the_tenant_does_not_ask_for_it() -> None:
    assert checks(age=18) == ["age"]
    assert checks(age=18, age_check=False) == []


def test_a_total_that_reaches_the_risk_amount_is_always_looked_at_and_not_twice() -> None:
    assert checks(999, risk=1000) == []
    assert checks(1000, risk=1000) == ["risk"]
    assert checks(1000, risk=1000, share=domain.MILLION) == ["risk"]
    assert checks(1000, age=16, risk=1000) == ["age", "risk"]


def test_all_or_none_of_the_baskets_are_drawn_when_the_tenant_says_so() -> None:
    assert checks(share=domain.MILLION) == ["spot_check"]
    assert checks(share=0) == []


def test_the_lot_is_the_same_every_time_and_hits_about_the_share() -> None:
    drawn = [domain.lot(f"acme-centre.{n:032x}") for n in range(4000)]
    assert drawn == [domain.lot(f"acme-centre.{n:032x}") for n in range(4000)]
    assert 250 < sum(each < 100_000 for each in drawn) < 550


def test_what_others_may_be_after_too_is_scarce() -> None:
    demand = {"a": 1000, "b": 1000, "c": 1000}
    assert domain.scarce(demand, {"a": 19_000, "b": 20_000}) == ["a"]


@pytest.mark.parametrize(
    ("identifier", "found"),
    [
        (f"{ORDER}.1", (ORDER, 1)),
        (f"{ORDER}.12", (ORDER, 12)),
        (f"{ORDER}.", None),
        (f"{ORDER}.x", None),
        (f"{ORDER}.123", None),
        (f"{ORDER}.\u0661", None),
        ("1", None),
        ("", None),
    ],
)
def test_an_intervention_names_its_checkout(identifier: str, found: tuple[str, int] | None) -> None:
    assert domain.checkout_of(identifier) == found


def test_the_basket_is_clear_when_everything_passed() -> None:
    assert domain.is_clear([])
    assert domain.is_clear(["approved", "approved"])
    assert not domain.is_clear(["approved", "claimed"])


def test_differences_go_by_product_whatever_the_lines() -> None:
    basket = [("a", "Ale", 1000), ("b", "Bun", 2000), ("a", "Ale", 1000)]
    assert domain.differences(basket, {"a": 2000, "b": 2000}) == []
    assert domain.differences(basket, {"a": 1000, "c": 500}) == [
        Difference("a", "Ale", 2000, 1000),
        Difference("b", "Bun", 2000, 0),
        Difference("c", "", 0, 500),
    ]


def test_the_last_lines_of_what_is_missing_go_first() -> None:
    lines = [("1", "a", 2000, 1000, True), ("2", "b", 1000, 1000, True), ("3", "a", 3000, 1000, True)]
    assert domain.without_missing(lines, [Difference("a", "", 5000, 1000)]) == {"1": 1000, "2": 1000, "3": 0}


def test_packs_go_as_a_whole_and_what_was_weighed_too() -> None:
    packs = [("1", "a", 12_000, 6000, True)]
    assert domain.without_missing(packs, [Difference("a", "", 12_000, 11_000)]) == {"1": 6000}
    weighed = [("1", "a", 740, 1000, False), ("2", "a", 520, 1000, False)]
    assert domain.without_missing(weighed, [Difference("a", "", 1260, 1100)]) == {"1": 740, "2": 0}


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 60))
def test_nobody_keeps_more_than_was_found(pieces: list[int], found: int) -> None:
    lines = [(str(n), "a", each * 1000, 1000, True) for n, each in enumerate(pieces)]
    total = sum(pieces)
    found = min(found, total - 1) if total else 0
    kept = domain.without_missing(lines, [Difference("a", "", total * 1000, found * 1000)])
    assert sum(kept.values()) == found * 1000


def test_every_checkout_numbers_its_interventions() -> None:
    assert domain.intervention_id(ORDER, 2) == f"{ORDER}.2"


def test_only_less_than_the_basket_says_is_missing() -> None:
    assert Difference("a", "", 2000, 1000).missing
    assert not Difference("a", "", 0, 1000).missing
