"""What each kind of promotion takes off, how promotions get along with each other, and why one does nothing."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.common.retail.basket import Line, priced_line
from functions.common.retail.money import Rounding
from functions.common.retail.promotion_benefits import seat
from functions.common.retail.promotion_explain import Touch, explain, message
from functions.common.retail.promotion_rules import (
    Amount,
    Benefit,
    BuyGet,
    CartThreshold,
    Choose,
    FixedPrice,
    Limits,
    Match,
    MemberPrice,
    MixAndMatch,
    NForPrice,
    Off,
    Percentage,
    Rule,
    RuleInvalid,
    Slot,
    Stacking,
)
from functions.common.retail.promotions import Coupon, Promoted, Skipped, Usage, promote
from functions.common.retail.time_windows import Hours, Window
from tests.unit.retail.baskets import SHOP

BEST, EXCLUSIVE = Stacking.BEST_DEAL, Stacking.EXCLUSIVE
ALL = Match()
HALF = Off("percent", 5000)


def of(category: str) -> Match:
    return Match(categories=frozenset({category}))


def line(name: str, price: int, pieces: int = 1, category: str = "food", **more: Any) -> Line:
    return priced_line(name, f"4{name}", pieces * 1000, price, category=category, **more)


def rule(id: str, benefit: Benefit, **more: Any) -> Rule:
    return Rule(id, benefit, **more)


def costs(lines: list[Line], *benefits: Benefit | Rule) -> dict[str, tuple[int, ...]]:
    """What the units of each line cost in the end."""
    return dict(outcome(lines, *benefits).after)


def outcome(lines: list[Line], *benefits: Benefit | Rule, **facts: Any) -> Promoted:
    rules = [each if isinstance(each, Rule) else rule(f"r{n}", each) for n, each in enumerate(benefits)]
    return promote(lines, rules, dataclasses.replace(SHOP, **facts))


def reasons(promoted: Promoted) -> dict[str, str]:
    return {each.rule.id: each.reason for each in promoted.rules if isinstance(each, Skipped)}


# ---- each line for itself ------------------------------------------------------------------------------------


def test_a_percentage_is_rounded_once_a_line_and_its_cents_are_shared_out() -> None:
    # 10 % of 9.40 is 0.94; a rounding of each unit would give 0.90.
    assert costs([line("a", 94, 10)], Percentage(ALL, 1000)) == {"a": (84, 84, 84, 84) + (85,) * 6}


def test_a_percentage_of_small_change_is_not_lost() -> None:
    assert sum(costs([line("a", 5, 10)], Percentage(ALL, 1000))["a"]) == 45


def test_the_rounding_mode_decides_about_halves() -> None:
    half = [line("a", 25)]  # 10 % is 2.5
    assert costs(half, Percentage(ALL, 1000)) == {"a": (23,)}
    assert outcome(half, Percentage(ALL, 1000), rounding=Rounding.HALF_UP).after == {"a": (22,)}


def test_an_amount_comes_off_each_unit_but_no_unit_goes_below_zero() -> None:
    assert costs([line("a", 99, 2), line("b", 30)], Amount(ALL, 50)) == {"a": (49, 49), "b": (0,)}


def test_a_fixed_price_makes_nothing_dearer() -> None:
    lines = [line("a", 120, 2), line("b", 80)]
    assert costs(lines, FixedPrice(ALL, 99)) == {"a": (99, 99), "b": (80,)}
    assert reasons(outcome([line("b", 80)], FixedPrice(ALL, 99))) == {"r0": "NOTHING_OFF"}


def test_a_fixed_price_of_weighed_goods_is_per_kilogram() -> None:
    ham = priced_line("h", "1", 333, 2000, measure="weight")
    assert costs([ham], FixedPrice(ALL, 1500)) == {"h": (500,)}  # 4.995


def test_a_fixed_price_of_packs_and_of_parts_is_per_pack() -> None:
    assert costs([line("a", 899, 12, pack=6000)], FixedPrice(ALL, 799)) == {"a": (799, 799)}
    assert costs([priced_line("a", "1", 1500, 200)], FixedPrice(ALL, 100)) == {"a": (150,)}


def test_a_member_price_is_for_members() -> None:
    lines, price = [line("a", 120)], MemberPrice(ALL, 99)
    assert reasons(outcome(lines, price)) == {"r0": "NOT_IN_GROUP"}
    assert outcome(lines, price, groups=frozenset({"member"})).after == {"a": (99,)}
    gold = rule("gold", price, groups=frozenset({"gold"}))
    assert reasons(outcome(lines, gold, groups=frozenset({"member"}))) == {"gold": "NOT_IN_GROUP"}


# ---- buy X get Y ---------------------------------------------------------------------------------------------


def test_the_cheapest_of_three_is_free() -> None:
    assert costs([line("a", 300), line("b", 100), line("c", 200)], BuyGet(ALL, 2, 1)) == {
        "a": (300,),
        "b": (0,),
        "c": (200,),
    }


def test_the_most_expensive_can_be_meant_and_less_than_free_given() -> None:
    lines = [line("a", 300), line("b", 100), line("c", 200)]
    assert costs(lines, BuyGet(ALL, 2, 1, HALF, Choose.MOST_EXPENSIVE))["a"] == (150,)
    assert costs(lines, BuyGet(ALL, 2, 1, Off("price", 20)))["b"] == (20,)
    assert costs(lines, BuyGet(ALL, 2, 1, Off("amount", 500)))["b"] == (0,)


def test_it_is_given_as_often_as_there_are_sets_up_to_its_limit() -> None:
    lines = [line("a", 100, 7)]
    assert costs(lines, BuyGet(ALL, 2, 1)) == {"a": (0, 0, 100, 100, 100, 100, 100)}
    assert costs(lines, BuyGet(ALL, 2, 1, max_occurrences=1)) == {"a": (0, 100, 100, 100, 100, 100, 100)}


def test_what_is_given_and_what_is_bought_for_it_come_from_both_ends_of_the_prices() -> None:
    lines = [line(name, price) for name, price in (("a", 400), ("b", 300), ("c", 200), ("d", 100))]
    (explained,) = explain(outcome(lines, BuyGet(ALL, 2, 1)))
    assert explained.touches == (
        Touch("a", 0, "trigger", 0),
        Touch("b", 0, "trigger", 0),
        Touch("d", 0, "discounted", 100),
    )


def test_a_free_unit_that_was_free_already_is_no_gift() -> None:
    assert reasons(outcome([line("a", 0, 3)], BuyGet(ALL, 2, 1))) == {"r0": "NOTHING_OFF"}


# ---- N for a price -------------------------------------------------------------------------------------------


def test_three_for_a_price_takes_the_most_expensive_first_and_splits_by_price() -> None:
    lines = [line("a", 400), line("b", 300), line("c", 200), line("d", 100)]
    assert costs(lines, NForPrice(ALL, 3, 600)) == {"a": (267,), "b": (200,), "c": (133,), "d": (100,)}


def test_sets_that_are_cheaper_than_the_price_are_left_alone() -> None:
    lines = [line("a", 400, 2), line("b", 100, 2)]
    assert costs(lines, NForPrice(ALL, 2, 500)) == {"a": (250, 250), "b": (100, 100)}
    for price in (800, 900):
        assert reasons(outcome(lines, NForPrice(ALL, 2, price))) == {"r0": "NOTHING_OFF"}


def test_it_says_how_many_units_are_missing() -> None:
    (skipped,) = outcome([line("a", 400)], NForPrice(ALL, 3, 500)).rules
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.missing) == ("TOO_FEW_UNITS", 2)


def test_a_set_of_what_is_not_in_the_basket_is_not_made() -> None:
    assert reasons(outcome([line("a", 400, 3)], NForPrice(of("wine"), 3, 500))) == {"r0": "NO_MATCH"}


# ---- mix and match -------------------------------------------------------------------------------------------


def test_two_of_one_make_one_of_another_cheaper() -> None:
    benefit = MixAndMatch((Slot(of("sauce"), 1),), HALF, (Slot(of("pasta"), 2),))
    lines = [line("p", 150, 2, "pasta"), line("s", 300, 2, "sauce")]
    assert costs(lines, benefit) == {"p": (150, 150), "s": (150, 300)}
    again = [line("p", 150, 4, "pasta"), line("s", 300, 2, "sauce")]
    assert costs(again, benefit)["s"] == (150, 150)
    assert costs(again, dataclasses.replace(benefit, max_occurrences=1))["s"] == (150, 300)


def test_a_meal_for_a_price_is_shared_out_over_its_parts() -> None:
    slots = tuple(Slot(of(name), 1) for name in ("sandwich", "drink", "snack"))
    lines = [line("a", 399, 1, "sandwich"), line("b", 250, 1, "drink"), line("c", 151, 1, "snack")]
    after = costs(lines, MixAndMatch(slots, Off("price", 600)))
    assert (sum(sum(units) for units in after.values()), after["a"]) == (600, (299,))


def test_a_unit_that_triggers_is_not_a_target() -> None:
    both = MixAndMatch((Slot(ALL, 1),), HALF, (Slot(ALL, 1),))
    assert costs([line("a", 100, 3)], both) == {"a": (50, 100, 100)}
    (skipped,) = outcome([line("a", 100)], both).rules
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.missing) == ("TOO_FEW_UNITS", 1)


def test_targets_are_the_cheapest_or_the_most_expensive_and_triggers_the_others() -> None:
    lines = [line("a", 100), line("b", 200), line("c", 300)]
    cheapest = MixAndMatch((Slot(ALL, 1),), HALF, (Slot(ALL, 1),))
    assert costs(lines, cheapest)["a"] == (50,)
    dearest = dataclasses.replace(cheapest, choose=Choose.MOST_EXPENSIVE)
    (explained,) = explain(outcome(lines, dearest))
    assert explained.touches == (Touch("a", 0, "trigger", 0), Touch("c", 0, "discounted", 150))


def test_a_set_is_found_even_when_the_first_choice_would_spoil_it() -> None:
    # The cheapest is taken as the target first, but it is the only one that can be the trigger.
    benefit = MixAndMatch((Slot(ALL, 1),), HALF, (Slot(of("rare"), 1),))
    assert costs([line("a", 100, 1, "rare"), line("b", 900)], benefit) == {"a": (100,), "b": (450,)}


def test_places_are_filled_as_well_as_can_be() -> None:
    assert seat([[1, 0], [0], [2, 1]], set()) == [1, 0, 2]
    assert seat([[0], [1, 0], [1]], set()) == [0, 1, None]
    assert seat([[1, 0], [1, 0]], {0}) == [1, None]
    assert seat([[2, 1, 0], [1, 0], [0], [0]], set()) == [2, 1, 0, None]


def test_a_set_of_which_nothing_can_match_says_so() -> None:
    benefit = MixAndMatch((Slot(of("sauce"), 1),), HALF, (Slot(of("pasta"), 2),))
    assert reasons(outcome([line("s", 300, 2, "sauce")], benefit)) == {"r0": "NO_MATCH"}


def test_a_set_that_saves_nothing_is_not_made() -> None:
    benefit = MixAndMatch((Slot(ALL, 2),), Off("price", 200))
    assert reasons(outcome([line("a", 100, 2)], benefit)) == {"r0": "NOTHING_OFF"}


# ---- the cart as a whole -------------------------------------------------------------------------------------


def test_who_spends_enough_gets_an_amount_off_to_the_cent() -> None:
    lines = [line("a", 333), line("b", 333), line("c", 334)]
    assert costs(lines, CartThreshold(1000, Off("amount", 100))) == {"a": (300,), "b": (300,), "c": (300,)}
    (skipped,) = outcome(lines, CartThreshold(1001, Off("amount", 100))).rules
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.missing) == ("BELOW_THRESHOLD", 1)


def test_what_counts_and_what_gets_cheaper_may_differ() -> None:
    benefit = CartThreshold(500, Off("percent", 10_000), of("food"), of("gift"))
    assert costs([line("a", 500), line("g", 99, 1, "gift")], benefit) == {"a": (500,), "g": (0,)}
    assert reasons(outcome([line("a", 500)], benefit)) == {"r0": "NO_MATCH"}
    assert reasons(outcome([line("g", 900, 1, "gift")], benefit)) == {"r0": "BELOW_THRESHOLD"}
    assert reasons(outcome([line("a", 500), line("g", 0, 1, "gift")], benefit)) == {"r0": "NOTHING_OFF"}


def test_what_counts_is_what_is_left_after_the_rules_before() -> None:
    lines = [line("a", 1000)]
    first, then = rule("a", Percentage(ALL, 1000), priority=1), rule("b", CartThreshold(1000, Off("amount", 100)))
    assert reasons(outcome(lines, first, then)) == {"b": "BELOW_THRESHOLD"}
    assert costs(lines, dataclasses.replace(first, priority=-1), then) == {"a": (810,)}


# ---- beside each other ---------------------------------------------------------------------------------------


def test_rules_that_stack_work_on_what_is_left() -> None:
    assert costs([line("a", 1000)], Percentage(ALL, 1000), Percentage(ALL, 1000)) == {"a": (810,)}


def test_the_higher_priority_goes_first() -> None:
    lines, amount, percent = [line("a", 1000)], rule("a", Amount(ALL, 100)), rule("b", Percentage(ALL, 1000))
    assert costs(lines, amount, percent) == {"a": (810,)}
    assert costs(lines, amount, dataclasses.replace(percent, priority=1)) == {"a": (800,)}


def test_within_a_priority_lines_go_before_sets_and_sets_before_the_cart() -> None:
    cart, set_, item = (
        rule("a", CartThreshold(0, Off("amount", 1))),
        rule("b", BuyGet(ALL, 1, 1)),
        rule("c", Amount(ALL, 1)),
    )
    assert [each.rule.id for each in outcome([line("a", 100, 2)], cart, set_, item).rules] == ["c", "b", "a"]


def test_a_unit_is_in_one_set_only() -> None:
    lines = [line("a", 100, 3)]
    promoted = outcome(lines, BuyGet(ALL, 2, 1), NForPrice(ALL, 2, 50))
    assert promoted.after == {"a": (0, 100, 100)}
    assert reasons(promoted) == {"r1": "UNITS_TAKEN"}
    assert costs([line("a", 100, 5)], BuyGet(ALL, 2, 1), NForPrice(ALL, 2, 50))["a"].count(25) == 2


def test_a_mix_whose_units_are_in_other_sets_says_that_they_are_taken() -> None:
    promoted = outcome([line("a", 100, 3)], BuyGet(ALL, 2, 1), rule("z", MixAndMatch((Slot(ALL, 2),), HALF)))
    assert reasons(promoted) == {"z": "UNITS_TAKEN"}


def test_an_exclusive_rule_wants_its_units_for_itself() -> None:
    lines = [line("a", 1000), line("b", 1000, 1, "gift")]
    alone = rule("x", Percentage(of("gift"), 5000), stacking=EXCLUSIVE)
    also = rule("a", Percentage(ALL, 1000))
    assert costs(lines, alone, also) == {"a": (900,), "b": (500,)}
    late = dataclasses.replace(alone, priority=-1)
    assert reasons(outcome(lines, late, also)) == {"x": "UNITS_TAKEN"}


def test_an_exclusive_set_keeps_others_off_its_triggers_too() -> None:
    promoted = outcome([line("a", 100, 3)], rule("x", BuyGet(ALL, 2, 1), stacking=EXCLUSIVE), Percentage(ALL, 1000))
    assert promoted.after == {"a": (0, 100, 100)}
    assert reasons(promoted) == {"r1": "UNITS_TAKEN"}


def test_a_cart_rule_finds_nothing_when_all_units_are_taken() -> None:
    promoted = outcome(
        [line("a", 100)], rule("x", Amount(ALL, 10), stacking=EXCLUSIVE), CartThreshold(0, Off("amount", 10))
    )
    assert reasons(promoted) == {"r1": "UNITS_TAKEN"}


def test_of_two_best_deals_each_line_gets_the_better_one() -> None:
    ten, fifty = rule("ten", Percentage(ALL, 1000), stacking=BEST), rule("fifty", Amount(ALL, 50), stacking=BEST)
    promoted = outcome([line("a", 100), line("b", 900)], ten, fifty)
    assert promoted.after == {"a": (50,), "b": (810,)}
    assert reasons(promoted) == {}


def test_of_two_best_deals_that_save_the_same_the_smaller_id_wins() -> None:
    twins = [rule(name, Percentage(ALL, 1000), stacking=BEST) for name in ("b", "a")]
    assert reasons(outcome([line("x", 100)], *twins)) == {"b": "BETTER_DEAL"}


def test_a_best_deal_that_loses_says_to_whom() -> None:
    lines = [line("a", 1000), line("b", 1000, 1, "gift")]
    promoted = outcome(
        lines,
        rule("small", Percentage(of("food"), 500), stacking=BEST),
        rule("big", Percentage(of("food"), 1000), stacking=BEST),
        rule("else", Percentage(of("gift"), 1000), stacking=BEST),
    )
    (skipped,) = (each for each in promoted.rules if isinstance(each, Skipped))
    assert (skipped.rule.id, skipped.reason, skipped.others) == ("small", "BETTER_DEAL", ("big",))


def test_a_set_wins_over_lines_only_when_it_saves_more_than_it_takes_away() -> None:
    lines = [line("a", 100, 3)]
    gift = rule("set", BuyGet(ALL, 2, 1), stacking=BEST)
    assert costs(lines, gift, rule("p", Percentage(ALL, 3000), stacking=BEST)) == {"a": (0, 100, 100)}
    assert costs(lines, gift, rule("p", Percentage(ALL, 4000), stacking=BEST)) == {"a": (60, 60, 60)}


def test_what_a_set_leaves_of_a_line_goes_to_the_other_rules() -> None:
    gift = rule("set", BuyGet(ALL, 2, 1), stacking=BEST)
    promoted = outcome([line("a", 100, 4)], gift, rule("p", Percentage(ALL, 1000), stacking=BEST))
    assert promoted.after == {"a": (0, 90, 100, 100)}


def test_of_two_sets_the_one_that_saves_more_goes_first_and_the_other_takes_what_is_left() -> None:
    small = rule("small", NForPrice(ALL, 2, 180), stacking=BEST)
    big = rule("big", NForPrice(ALL, 3, 200), stacking=BEST)
    promoted = outcome([line("a", 100, 5)], small, big)
    assert sum(promoted.after["a"]) == 380
    too_few = outcome([line("a", 100, 4)], small, big)
    assert sum(too_few.after["a"]) == 300
    assert reasons(too_few) == {"small": "BETTER_DEAL"}


def test_a_set_elsewhere_does_not_disturb_another() -> None:
    promoted = outcome(
        [line("a", 100, 2), line("b", 100, 2, "gift")],
        rule("one", BuyGet(of("food"), 1, 1), stacking=BEST),
        rule("two", BuyGet(of("gift"), 1, 1), stacking=BEST),
    )
    assert promoted.after == {"a": (0, 100), "b": (0, 100)}


def test_best_deals_of_another_priority_do_not_come_on_top_but_rules_that_stack_do() -> None:
    first = rule("first", Percentage(ALL, 1000), stacking=BEST, priority=1)
    second = rule("second", Percentage(ALL, 5000), stacking=BEST)
    stacked = rule("stacked", Percentage(ALL, 1000))
    promoted = outcome([line("a", 1000)], first, second, stacked)
    assert promoted.after == {"a": (810,)}
    assert reasons(promoted) == {"second": "UNITS_TAKEN"}


def test_two_rules_with_one_id_are_refused() -> None:
    with pytest.raises(RuleInvalid, match="id of its own"):
        outcome([line("a", 1)], rule("r", Amount(ALL, 1)), rule("r", Amount(ALL, 2)))


def test_identical_lines_are_treated_alike_whatever_they_are_called() -> None:
    one = outcome([line("a", 100), line("b", 100)], CartThreshold(0, Off("amount", 1)))
    assert sorted(one.after.values()) == [(99,), (100,)]


# ---- when, where, for whom, how often ------------------------------------------------------------------------


def test_a_rule_of_other_stores_does_nothing_here() -> None:
    elsewhere = rule("r", Percentage(ALL, 1000), stores=frozenset({"s2"}))
    assert reasons(outcome([line("a", 100)], elsewhere)) == {"r": "OTHER_STORE"}
    assert reasons(outcome([line("a", 100)], elsewhere, store="s2")) == {}


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (Window(starts=datetime(2026, 11, 20, 10, 31)), "NOT_STARTED"),  # noqa: DTZ001
        (Window(ends=datetime(2026, 11, 20, 10, 30)), "ENDED"),  # noqa: DTZ001
        (Window(weekdays=frozenset({1})), "OTHER_WEEKDAY"),
        (Window(hours=(Hours(0, 60),)), "OTHER_HOURS"),
    ],
)
def test_a_rule_outside_its_time_does_nothing(window: Window, reason: str) -> None:
    assert reasons(outcome([line("a", 100)], rule("r", Percentage(ALL, 1000), window=window))) == {"r": reason}


def coupon(name: str = "r", *, limits: Limits = Limits(), codes: str = "TEN", **more: Any) -> Rule:  # noqa: B008
    return rule(name, Percentage(ALL, 1000), codes=frozenset(codes.split()), limits=limits, **more)


@pytest.mark.parametrize(
    ("limits", "usage", "reason"),
    [
        (Limits(per_code=1), Usage(by_code={"TEN": 1}), "CODE_USED"),
        (Limits(per_code=2), Usage(by_code={"TEN": 1}), None),
        (Limits(per_user=1), Usage(by_user=1), "USER_LIMIT"),
        (Limits(per_user=1), Usage(total=7), None),
        (Limits(total=7), Usage(total=7), "TOTAL_LIMIT"),
        (Limits(budget=1000), Usage(spent=1000), "BUDGET_SPENT"),
        (Limits(budget=1000), Usage(spent=990), None),
        (Limits(budget=1000), Usage(spent=991), "BUDGET_SPENT"),
    ],
)
def test_a_code_is_good_as_often_as_its_rule_says(limits: Limits, usage: Usage, reason: str | None) -> None:
    promoted = outcome([line("a", 100)], coupon(limits=limits), codes=frozenset({"ten"}), usage={"r": usage})
    assert reasons(promoted) == ({"r": reason} if reason else {})
    assert promoted.coupons == (Coupon("TEN", None, reason) if reason else Coupon("TEN", "r", None),)


def test_a_budget_says_by_how_much_it_is_exceeded() -> None:
    (skipped,) = outcome([line("a", 100)], rule("r", Amount(ALL, 10), limits=Limits(budget=7))).rules
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.missing) == ("BUDGET_SPENT", 3)


def test_a_best_deal_that_gets_other_units_stays_within_its_budget() -> None:
    # Alone it would give the 10 away; the other set takes that, and the next one would be the 60.
    lines = [line("a", 10, 1, "gift"), line("b", 60, 2), line("c", 500, 1, "gift")]
    tight = rule("tight", BuyGet(ALL, 1, 1, max_occurrences=1), stacking=BEST, limits=Limits(budget=20))
    pair = rule("pair", NForPrice(of("gift"), 2, 1), stacking=BEST)
    promoted = outcome(lines, tight, pair)
    assert promoted.after["b"] == (60, 60)
    assert reasons(promoted) == {"tight": "BETTER_DEAL"}
    free = outcome(lines, dataclasses.replace(tight, limits=Limits()), pair)
    assert free.after["b"] == (0, 60)


def test_without_its_code_a_rule_does_nothing() -> None:
    promoted = outcome([line("a", 100)], coupon(), codes=frozenset({"other"}))
    assert reasons(promoted) == {"r": "NO_CODE"}
    assert promoted.coupons == (Coupon("OTHER", None, "UNKNOWN_CODE"),)


def test_of_two_codes_of_one_rule_the_first_that_is_good_is_taken() -> None:
    used = {"r": Usage(by_code={"A": 1})}
    promoted = outcome(
        [line("a", 100)],
        coupon(codes="A B C", limits=Limits(per_code=1)),
        codes=frozenset({"A", "B", "C"}),
        usage=used,
    )
    assert promoted.after == {"a": (90,)}
    assert promoted.coupons == (
        Coupon("A", None, "NOT_NEEDED"),
        Coupon("B", "r", None),
        Coupon("C", None, "NOT_NEEDED"),
    )


def test_a_code_that_two_rules_know_is_redeemed_when_one_takes_it() -> None:
    other = coupon("a", stores=frozenset({"s2"}))
    promoted = outcome([line("a", 100)], other, coupon("b"), codes=frozenset({"TEN"}))
    assert promoted.coupons == (Coupon("TEN", "b", None),)


# ---- the explanation -----------------------------------------------------------------------------------------


def test_the_explanation_names_every_unit_and_every_reason() -> None:
    lines = [line("p", 150, 2, "pasta"), line("s", 300, 1, "sauce")]
    mix = rule(
        "mix", MixAndMatch((Slot(of("sauce"), 1),), HALF, (Slot(of("pasta"), 2),)), name="Pasta night", version=3
    )
    done, nothing = explain(outcome(lines, mix, rule("wine", Percentage(of("wine"), 1000))))[::-1]
    assert (done.rule, done.version, done.name, done.discount, done.times) == ("mix", 3, "Pasta night", 150, 1)
    assert done.touches == (
        Touch("p", 0, "trigger", 0),
        Touch("p", 1, "trigger", 0),
        Touch("s", 0, "discounted", 150),
    )
    assert (nothing.rule, nothing.discount, nothing.reason) == ("wine", 0, "NO_MATCH")
    assert nothing.message == message("NO_MATCH") == "Nothing in the basket is what the promotion is about."


def test_every_reason_of_a_code_has_a_sentence() -> None:
    assert message("UNKNOWN_CODE").endswith("this code.")


def test_promotions_ask_the_moment_they_are_given() -> None:
    happy = rule("r", Percentage(ALL, 5000), window=Window(hours=(Hours(17 * 60, 19 * 60),)))
    evening = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    assert outcome([line("a", 100)], happy).after == {"a": (100,)}
    assert outcome([line("a", 100)], happy, moment=evening).after == {"a": (50,)}
