"""A whole basket: what it costs, what is taken off, and what of it is tax."""

from __future__ import annotations

import dataclasses

import pytest

from functions.common.retail.basket import BasketInvalid, priced_line
from functions.common.retail.promotion_rules import BuyGet, Match, Percentage, Rule
from functions.common.retail.taxes import Level, TaxClassUnknown, TaxRules
from functions.common.retail.totals import total_up
from tests.unit.retail.baskets import SHOP, TAXES

MILK = priced_line("m", "1", 3000, 119, category="dairy", tax_class="reduced")
WINE = priced_line("w", "2", 1000, 799, category="wine", tax_class="standard")
TEN = Rule("ten", Percentage(Match(categories=frozenset({"wine"})), 1000))
THREE = Rule("three", BuyGet(Match(categories=frozenset({"dairy"})), 2, 1))


def test_prices_with_tax_inside() -> None:
    totals = total_up([MILK, WINE], [TEN, THREE], SHOP, TaxRules(TAXES))
    assert (totals.subtotal, totals.discount, totals.total) == (1156, 199, 957)
    assert (totals.net, totals.tax) == (826, 131)
    assert [(share.rate, share.net, share.tax, share.gross) for share in totals.shares] == [
        ("19", 604, 115, 719),
        ("7", 222, 16, 238),
    ]
    milk, wine = totals.lines
    assert (milk.amount, milk.discount, milk.payable, milk.net, milk.tax, milk.gross) == (357, 119, 238, 222, 16, 238)
    assert [unit.payable for unit in milk.units] == [0, 119, 119]
    assert (wine.discount, wine.gross) == (80, 719)


def test_prices_with_tax_on_top() -> None:
    totals = total_up([MILK, WINE], [TEN, THREE], SHOP, TaxRules(TAXES, inclusive=False))
    assert (totals.subtotal, totals.discount, totals.net) == (1156, 199, 957)
    assert (totals.tax, totals.total) == (154, 1111)


def test_tax_can_be_rounded_by_unit() -> None:
    pens = dataclasses.replace(MILK, tax_class="standard", amount=324)
    totals = total_up([pens], [], SHOP, TaxRules(TAXES, inclusive=False, level=Level.UNIT))
    assert totals.total == 387


def test_without_tax_rules_nothing_is_said_about_taxes() -> None:
    totals = total_up([MILK], [], SHOP)
    assert (totals.total, totals.tax, totals.net, totals.shares) == (357, 0, 357, ())


def test_an_empty_basket_costs_nothing() -> None:
    totals = total_up([], [TEN], SHOP, TaxRules(TAXES))
    assert (totals.lines, totals.total, totals.shares) == ((), 0, ())


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BasketInvalid):
        total_up([MILK, MILK], [], SHOP)
    with pytest.raises(TaxClassUnknown):
        total_up([dataclasses.replace(MILK, tax_class="tea")], [], SHOP, TaxRules(TAXES))
