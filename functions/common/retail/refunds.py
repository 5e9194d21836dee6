"""What comes back for what is returned: promotions whose condition is broken are taken back from what is kept.

A sale is kept as what was paid for each unit and which promises were made. The buyer always keeps goods worth at most
what has not been paid back: so refunds never exceed what was paid, and when everything has come back, in whatever
order and portions, exactly what was paid has been paid back, at every tax rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.common.retail.promotions import Share, Unit
from functions.common.retail.taxes import Rate, Rates, TaxRules, TaxShare, tax_of, tax_shares
from functions.common.retail.totals import Totals

_Sums = dict[Rates, tuple[int, int]]


class NotReturnable(ValueError):
    """A unit that was not sold here or has come back already."""


@dataclass(frozen=True, slots=True)
class Paid:
    """Net and tax in minor units, for one unit."""

    line: str
    number: int
    net: int
    tax: int

    @property
    def unit(self) -> Unit:
        """Which unit."""
        return Unit(self.line, self.number)


@dataclass(frozen=True, slots=True)
class Promise:
    """What a rule gave under a condition: all `members` are kept, or what is kept of `counted` costs `minimum`.

    `worth` is what each unit would have cost more without it.
    """

    rule: str
    worth: tuple[Paid, ...]
    members: frozenset[Unit] = frozenset()
    minimum: int = 0
    counted: tuple[Share, ...] = ()

    def is_kept(self, kept: frozenset[Unit]) -> bool:
        """Whether the condition still holds for what is kept."""
        if not self.members <= kept:
            return False
        return sum(share.amount for share in self.counted if Unit(share.line, share.number) in kept) >= self.minimum


@dataclass(frozen=True, slots=True)
class Sale:
    """What was sold: `paid` for each unit, the rates of each line, and the promises made."""

    paid: tuple[Paid, ...]
    rates: Mapping[str, Rates]
    promises: tuple[Promise, ...]

    @property
    def units(self) -> frozenset[Unit]:
        """Every unit sold."""
        return frozenset(each.unit for each in self.paid)

    @property
    def total(self) -> int:
        """What was paid in all, minor units."""
        return sum(each.net + each.tax for each in self.paid)


@dataclass(frozen=True, slots=True)
class Account:
    """A sale and what has become of it: the units that came back, and (rates, net, tax) paid back so far."""

    sale: Sale
    returned: frozenset[Unit] = frozenset()
    refunded: tuple[tuple[Rates, int, int], ...] = ()

    @property
    def kept(self) -> frozenset[Unit]:
        """The units that have not come back."""
        return self.sale.units - self.returned

    @property
    def paid_back(self) -> int:
        """What has been paid back so far, minor units."""
        return sum(net + tax for _, net, tax in self.refunded)


@dataclass(frozen=True, slots=True)
class Refund:
    """What is paid back now. `clawed_back` is how much less that is than what was paid for these units.

    It is negative when something taken back before turns out to be due. A tax share is negative where goods that are
    kept have become dearer at that rate; the shares add up to the amount. `broken`: rules whose promises ended now.
    """

    amount: int
    clawed_back: int
    shares: tuple[TaxShare, ...]
    broken: tuple[str, ...]


def sale_of(totals: Totals, taxes: TaxRules | None = None) -> Sale:
    """What has to be remembered of a basket that is paid; `taxes` as its totals were made with."""
    rates = {each.line.id: each.rates for each in totals.lines}
    paid = tuple(
        Paid(each.line.id, index, unit.net, unit.tax) for each in totals.lines for index, unit in enumerate(each.units)
    )
    promises = tuple(
        Promise(
            rule=applied.rule.id,
            worth=tuple(_worth(share, rates[share.line], taxes) for share in given.shares),
            members=frozenset([*given.triggers, *(Unit(s.line, s.number) for s in given.shares)])
            if applied.bundle
            else frozenset(),
            minimum=given.minimum or 0,
            counted=given.counted,
        )
        for applied in totals.promotions.applied
        for given in applied.given
        if applied.bundle or given.minimum
    )
    return Sale(paid, rates, promises)


def give_back(account: Account, units: Iterable[Unit]) -> tuple[Refund, Account]:
    """The refund for units that come back, and the account afterwards. Raises NotReturnable."""
    coming = list(units)
    if len(set(coming)) < len(coming) or not account.kept.issuperset(coming):
        raise NotReturnable("These units were not sold here or have come back already.")
    sale, kept = account.sale, account.kept - set(coming)
    due = _less(_sums((sale.rates[each.line], each.net, each.tax) for each in sale.paid), _sums(account.refunded))
    refund = _less(due, _worth_of(sale, kept))
    amount = sum(net + tax for net, tax in refund.values())
    if amount <= 0:
        # The goods that are kept are worth all that was paid: nothing comes back, and nothing is asked for.
        amount, refund = 0, {}
    paid = sum(each.net + each.tax for each in sale.paid if each.unit in set(coming))
    flat = tuple((rates, net, tax) for rates, (net, tax) in refund.items() if net or tax)
    ended = [p.rule for p in sale.promises if p.is_kept(account.kept) and not p.is_kept(kept)]
    refunded = tuple((rates, *sums) for rates, sums in _sums([*account.refunded, *flat]).items())
    return (
        Refund(amount, paid - amount, tax_shares(flat), tuple(dict.fromkeys(ended))),
        Account(sale, account.returned | set(coming), refunded),
    )


def units_to_return(account: Account, line: str, count: int) -> tuple[Unit, ...]:
    """Which units of a line to take when so many of it come back: those whose return breaks the fewest promises.

    Raises NotReturnable when fewer are left.
    """
    intact = [promise for promise in account.sale.promises if promise.is_kept(account.kept)]

    def ties(unit: Unit) -> tuple[list[int], int]:
        return [number for number, promise in enumerate(intact) if unit in promise.members], unit.number

    left = sorted((unit for unit in account.kept if unit.line == line), key=ties)
    if not 0 < count <= len(left):
        raise NotReturnable(f"Of this line {len(left)} units can come back.")
    return tuple(left[:count])


def _worth(share: Share, rates: Rates, taxes: TaxRules | None) -> Paid:
    if taxes is None:
        return Paid(share.line, share.number, share.amount, 0)
    tax = tax_of(share.amount, rates, inclusive=taxes.inclusive, rounding=taxes.rounding)
    return Paid(share.line, share.number, share.amount - tax if taxes.inclusive else share.amount, tax)


def _worth_of(sale: Sale, kept: frozenset[Unit]) -> _Sums:
    """What units are worth to who keeps only these: what was paid, and what broken promises had taken off."""
    worth = [each for each in sale.paid if each.unit in kept]
    for promise in sale.promises:
        if not promise.is_kept(kept):
            worth += [each for each in promise.worth if each.unit in kept]
    return _sums((sale.rates[each.line], each.net, each.tax) for each in worth)


def _sums(taxed: Iterable[tuple[Rates, int, int]]) -> _Sums:
    sums: _Sums = {}
    for rates, net, tax in taxed:
        before = sums.get(rates, (0, 0))
        sums[rates] = (before[0] + net, before[1] + tax)
    return sums


def _less(one: _Sums, other: _Sums) -> _Sums:
    return _sums([*((r, n, t) for r, (n, t) in one.items()), *((r, -n, -t) for r, (n, t) in other.items())])


# ---- as plain data ------------------------------------------------------------------------------------------


def to_dict(account: Account) -> dict[str, Any]:
    """The account as JSON and BSON have it; `from_dict` reads it back."""
    sale = account.sale
    return {
        "paid": [_row(each) for each in sale.paid],
        "rates": [{"line": line, "rates": _plain(rates)} for line, rates in sale.rates.items()],
        "promises": [
            {
                "rule": promise.rule,
                "worth": [_row(each) for each in promise.worth],
                "members": [list(unit) for unit in sorted(promise.members)],
                "minimum": promise.minimum,
                "counted": [list(share) for share in promise.counted],
            }
            for promise in sale.promises
        ],
        "returned": [list(unit) for unit in sorted(account.returned)],
        "refunded": [{"rates": _plain(rates), "net": net, "tax": tax} for rates, net, tax in account.refunded],
    }


def from_dict(data: Mapping[str, Any]) -> Account:
    """The account of plain data that `to_dict` made."""
    promises = tuple(
        Promise(
            each["rule"],
            tuple(Paid(*row) for row in each["worth"]),
            frozenset(Unit(*unit) for unit in each["members"]),
            each["minimum"],
            tuple(Share(*share) for share in each["counted"]),
        )
        for each in data["promises"]
    )
    rates = {each["line"]: _rates(each["rates"]) for each in data["rates"]}
    return Account(
        Sale(tuple(Paid(*row) for row in data["paid"]), rates, promises),
        frozenset(Unit(*unit) for unit in data["returned"]),
        tuple((_rates(each["rates"]), each["net"], each["tax"]) for each in data["refunded"]),
    )


def _row(paid: Paid) -> list[str | int]:
    return [paid.line, paid.number, paid.net, paid.tax]


def _plain(rates: Rates) -> list[dict[str, str | int]]:
    return [{"name": rate.name, "millionths": rate.millionths} for rate in rates]


def _rates(plain: Iterable[Mapping[str, Any]]) -> Rates:
    return tuple(Rate(each["millionths"], each["name"]) for each in plain)
