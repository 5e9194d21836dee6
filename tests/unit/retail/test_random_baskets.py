"""What holds for every basket under every rule set: 250 random ones of each kind here, 10,000 with FAULTS=full."""

from __future__ import annotations

import dataclasses
import random

from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail.basket import Line
from functions.common.retail.promotion_codec import from_dict, to_dict
from functions.common.retail.promotion_explain import explain
from functions.common.retail.promotion_rules import Rule, Stacking
from functions.common.retail.promotions import Applied, Facts, Promoted, Unit, promote
from functions.common.retail.refunds import Account, give_back, sale_of
from functions.common.retail.taxes import TaxRules
from functions.common.retail.totals import Totals, total_up
from tests.unit.retail import baskets
from tests.unit.retail.baskets import MANY


@MANY
@given(baskets.lines, baskets.rules, baskets.facts, baskets.taxes)
def test_lines_and_units_and_shares_all_sum_up_to_the_total(
    lines: list[Line], rules: list[Rule], facts: Facts, taxes: TaxRules | None
) -> None:
    assert [from_dict(to_dict(rule)) for rule in rules] == rules
    totals = total_up(lines, rules, facts, taxes)
    assert [each.line for each in totals.lines] == lines
    assert totals.subtotal == sum(line.amount for line in lines)
    assert totals.total == sum(each.gross for each in totals.lines) == totals.net + totals.tax
    for each in totals.lines:
        assert each.amount - each.discount == each.payable == sum(unit.payable for unit in each.units)
        assert each.amount == sum(unit.price for unit in each.units)
        assert (each.net, each.tax) == (sum(u.net for u in each.units), sum(u.tax for u in each.units))
    if taxes is None or taxes.inclusive:
        assert totals.total == totals.subtotal - totals.discount
    if taxes is not None:
        assert totals.total == sum(share.gross for share in totals.shares)
        assert totals.tax == sum(part.tax for share in totals.shares for part in share.parts)


@MANY
@given(baskets.lines, baskets.rules, baskets.facts)
def test_every_unit_costs_what_the_rules_leave_of_it_and_never_less_than_nothing(
    lines: list[Line], rules: list[Rule], facts: Facts
) -> None:
    promoted = promote(lines, rules, facts)
    for line in lines:
        pairs = zip(promoted.before[line.id], promoted.after[line.id], strict=True)
        assert all(0 <= after <= before for before, after in pairs)
    every_cent_is_explained(promoted, rules)
    units_are_shared_out_as_the_rules_say(promoted)


def every_cent_is_explained(promoted: Promoted, rules: list[Rule]) -> None:
    off = {(name, n): 0 for name, amounts in promoted.before.items() for n in range(len(amounts))}
    explained = explain(promoted)
    assert {each.rule for each in explained} == {rule.id for rule in rules}
    for each in explained:
        assert each.discount == sum(touch.amount for touch in each.touches)
        assert (each.reason is None) == (each.discount > 0) == (each.times > 0)
        assert (each.message is None) == (each.reason is None)
        assert len({(touch.line, touch.number) for touch in each.touches}) == len(each.touches)
        for touch in each.touches:
            off[touch.line, touch.number] += touch.amount
    for (name, number), amount in off.items():
        assert promoted.before[name][number] - amount == promoted.after[name][number]


def units_are_shared_out_as_the_rules_say(promoted: Promoted) -> None:
    users: dict[Unit, list[Applied]] = {}
    for applied in promoted.applied:
        for each in applied.given:
            for unit in (*(Unit(share.line, share.number) for share in each.shares), *each.triggers):
                users.setdefault(unit, []).append(applied)
    for among in users.values():
        assert sum(each.bundle for each in among) <= 1, "in two sets"
        modes = [each.rule.stacking for each in among]
        assert Stacking.EXCLUSIVE not in modes or len(modes) == 1
        assert modes.count(Stacking.BEST_DEAL) <= 1


@MANY
@given(baskets.lines, baskets.rules, baskets.facts, baskets.taxes, st.randoms(use_true_random=False))
def test_the_order_of_lines_and_rules_does_not_matter(
    lines: list[Line], rules: list[Rule], facts: Facts, taxes: TaxRules | None, chance: random.Random
) -> None:
    first = total_up(lines, rules, facts, taxes)
    mixed, mixed_rules = chance.sample(lines, len(lines)), chance.sample(rules, len(rules))
    again = total_up(mixed, mixed_rules, facts, taxes)
    assert {each.line.id: each for each in again.lines} == {each.line.id: each for each in first.lines}
    assert (again.total, again.shares, again.promotions) == (first.total, first.shares, first.promotions)
    # Scanned in another order they have other ids: a line that is what another was costs what that cost.
    renamed = [dataclasses.replace(line, id=f"l{number}") for number, line in enumerate(mixed)]
    scanned = total_up(renamed, rules, facts, taxes)
    assert (scanned.total, scanned.shares) == (first.total, first.shares)
    assert sorted(map(_nameless, scanned.lines)) == sorted(map(_nameless, first.lines))


def _nameless(each: object) -> str:
    return repr(dataclasses.replace(each, line=dataclasses.replace(each.line, id="")))  # type: ignore[type-var, attr-defined]


@MANY
@given(baskets.lines, baskets.rules, baskets.facts, baskets.taxes, st.randoms(use_true_random=False))
def test_whatever_comes_back_in_whatever_order_exactly_what_was_paid_is_paid_back(
    lines: list[Line], rules: list[Rule], facts: Facts, taxes: TaxRules | None, chance: random.Random
) -> None:
    totals = total_up(lines, rules, facts, taxes)
    account = Account(sale_of(totals, taxes))
    prices = _full_prices(totals, taxes)
    paid_back = full_price = 0
    waiting = sorted(account.kept)
    chance.shuffle(waiting)
    while waiting:
        portion = [waiting.pop() for _ in range(chance.randint(1, len(waiting)))]
        refund, account = give_back(account, portion)
        paid_back += refund.amount
        full_price += sum(prices[unit] for unit in portion)
        assert refund.amount >= 0
        assert refund.amount == sum(share.gross for share in refund.shares)
        assert paid_back == account.paid_back <= totals.total
        assert paid_back <= full_price + _rounding(account)
    assert paid_back == totals.total
    assert {rates: (net, tax) for rates, net, tax in account.refunded if net or tax} == _paid(totals)


def _full_prices(totals: Totals, taxes: TaxRules | None) -> dict[tuple[str, int], int]:
    """What each unit would have cost without any promotion."""
    plain = total_up([each.line for each in totals.lines], [], baskets.SHOP, taxes)
    return {(each.line.id, n): unit.net + unit.tax for each in plain.lines for n, unit in enumerate(each.units)}


def _rounding(account: Account) -> int:
    """Tax on top is rounded anew for what is taken back: at most a cent a unit and promise."""
    return len(account.sale.units) + sum(len(promise.worth) for promise in account.sale.promises)


def _paid(totals: Totals) -> dict[object, tuple[int, int]]:
    sums: dict[object, tuple[int, int]] = {}
    for each in totals.lines:
        net, tax = sums.get(each.rates, (0, 0))
        sums[each.rates] = (net + each.net, tax + each.tax)
    return {rates: pair for rates, pair in sums.items() if any(pair)}


@MANY
@given(baskets.lines, baskets.rule_sets(Stacking.BEST_DEAL), baskets.facts)
def test_the_best_deal_saves_at_least_what_any_of_its_rules_saves_alone(
    lines: list[Line], rules: list[Rule], facts: Facts
) -> None:
    rules = [dataclasses.replace(rule, priority=0) for rule in rules]
    together = _saved(promote(lines, rules, facts))
    assert all(together >= _saved(promote(lines, [rule], facts)) for rule in rules)


def _saved(promoted: Promoted) -> int:
    return sum(each.discount for each in promoted.applied)
