"""What a basket costs: the one function that carts and checkouts ask, so that they can never differ.

Lines come back in the order they were given in. Sums hold at every level: units make lines, lines make the total,
tax shares make the tax.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from functions.common.retail.basket import Line
from functions.common.retail.promotion_rules import Rule
from functions.common.retail.promotions import Facts, Promoted, promote
from functions.common.retail.taxes import Rates, TaxRules, TaxShare, UnitTax, tax_shares, tax_units


class UnitTotal(NamedTuple):
    """One unit: its price, what promotions leave of it, and what of that (or on top of it) is net and tax."""

    price: int
    payable: int
    net: int
    tax: int


@dataclass(frozen=True, slots=True)
class LineTotal:
    """One line: `amount` less `discount` is `payable`; `net` and `tax` are `gross`, which is what is paid."""

    line: Line
    amount: int
    discount: int
    payable: int
    net: int
    tax: int
    gross: int
    rates: Rates
    units: tuple[UnitTotal, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """A basket: `subtotal` before promotions, `discount`, `net` and `tax`, and `total`, which is to be paid."""

    lines: tuple[LineTotal, ...]
    subtotal: int
    discount: int
    net: int
    tax: int
    total: int
    shares: tuple[TaxShare, ...]
    promotions: Promoted


def total_up(lines: Sequence[Line], rules: Iterable[Rule], facts: Facts, taxes: TaxRules | None = None) -> Totals:
    """What the basket costs at the moment of the facts; without tax rules nothing is said about taxes.

    Raises BasketInvalid, RuleInvalid (two rules with one id) and TaxClassUnknown.
    """
    promoted = promote(lines, rules, facts)
    totals = tuple(_line(line, promoted, taxes) for line in lines)
    return Totals(
        lines=totals,
        subtotal=sum(each.amount for each in totals),
        discount=sum(each.discount for each in totals),
        net=sum(each.net for each in totals),
        tax=sum(each.tax for each in totals),
        total=sum(each.gross for each in totals),
        shares=() if taxes is None else tax_shares((each.rates, each.net, each.tax) for each in totals),
        promotions=promoted,
    )


def _line(line: Line, promoted: Promoted, taxes: TaxRules | None) -> LineTotal:
    prices, payable = promoted.before[line.id], promoted.after[line.id]
    taxed = [UnitTax(amount, 0) for amount in payable] if taxes is None else tax_units(taxes, line.tax_class, payable)
    net, tax = sum(unit.net for unit in taxed), sum(unit.tax for unit in taxed)
    return LineTotal(
        line=line,
        amount=line.amount,
        discount=line.amount - sum(payable),
        payable=sum(payable),
        net=net,
        tax=tax,
        gross=net + tax,
        rates=() if taxes is None else taxes.rates(line.tax_class),
        units=tuple(
            UnitTotal(price, amount, unit.net, unit.tax)
            for price, amount, unit in zip(prices, payable, taxed, strict=True)
        ),
    )
