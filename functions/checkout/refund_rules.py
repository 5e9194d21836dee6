"""The rules of refunds that need nothing but the purchase: what comes back, what that is worth, who has to agree. Pure.

A refund is taken into the purchase before the provider is asked, so that no two give the same thing back; one that the
provider refuses is taken out again. Money in minor units, quantities in thousandths.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.common.retail import basket, refunds
from functions.common.retail.promotions import Unit
from functions.common.retail.refunds import Account, NotReturnable
from functions.common.retail.taxes import Rates, TaxShare

AWAITING, PENDING, SUCCEEDED, FAILED = "awaiting_approval", "pending", "succeeded", "failed"
REJECTED = "rejected"
"""Nobody agreed to it: it never took anything."""
COUNTS = frozenset({PENDING, SUCCEEDED})
"""The states in which a refund's money and goods are the customer's and the shop's again."""
MOST_REFUNDS = 200
"""Of one purchase; more than it has units to return is possible only by failing again and again."""
Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """What a refund comes to. `goods` is what comes back, in thousandths by barcode; `taken` what is paid back by rate.

    `clawed_back` is how much less that is than what was paid for these units, because promotions have ended.
    """

    amount: int
    clawed_back: int
    units: tuple[Unit, ...]
    goods: Mapping[str, int]
    shares: tuple[TaxShare, ...]
    broken: tuple[str, ...]
    taken: tuple[tuple[Rates, int, int], ...]
    account: Account


def give(purchase: Plain, wanted: Sequence[tuple[str, int]] | None) -> Given:
    """What comes back for (line, quantity) pairs, or for all that is left when it is None. Raises NotReturnable."""
    account = refunds.from_dict(purchase["account"])
    lines = {line["id"]: line for line in purchase["lines"]}
    if wanted is None:
        units = tuple(sorted(account.kept))
        if not units:
            raise NotReturnable("Everything has come back already.")
    else:
        units = tuple(unit for line, quantity in wanted for unit in _units(account, lines, line, quantity))
    refund, after = refunds.give_back(account, units)
    goods: dict[str, int] = {}
    for unit in units:
        line = lines[unit.line]
        goods[line["barcode"]] = goods.get(line["barcode"], 0) + line["quantity"] // _count(line)
    return Given(
        refund.amount,
        refund.clawed_back,
        units,
        goods,
        refund.shares,
        refund.broken,
        _less(after.refunded, account.refunded),
        after,
    )


def undone(purchase: Plain, refund: Plain) -> dict[str, Any]:
    """The purchase's account without a refund that came to nothing."""
    account = refunds.from_dict(purchase["account"])
    back = Account(account.sale, frozenset(Unit(*unit) for unit in refund["units"]), _taken(refund, account))
    left = Account(account.sale, account.returned - back.returned, _less(account.refunded, back.refunded))
    return refunds.to_dict(left)


def plain_taken(purchase: Plain, given: Given) -> list[dict[str, Any]]:
    """What a refund pays back by rate, as it is kept for `undone`."""
    sale = refunds.from_dict(purchase["account"]).sale
    plain: list[dict[str, Any]] = refunds.to_dict(Account(sale, frozenset(), given.taken))["refunded"]
    return plain


def needs_second_person(purchase: Plain, amount: int, limit: int | None) -> bool:
    """Whether one person alone may not give that back: many small refunds count like a large one."""
    if limit is None:
        return False
    alone = sum(
        each["amount"] for each in purchase["refunds"] if each["state"] in COUNTS and each["approvedBy"] is None
    )
    return bool(alone + amount > limit)


def captured(purchase: Plain) -> int:
    """What the provider has taken for a purchase; nothing for one that cost nothing."""
    payment = purchase.get("payment")
    return 0 if payment is None else int(payment["captured"])


def given_back(entries: Iterable[Plain]) -> int:
    """What has gone back for good."""
    return sum(each["amount"] for each in entries if each["state"] == SUCCEEDED)


def is_over(purchase: Plain) -> bool:
    """Whether all goods have come back and all of their money has gone back."""
    account = refunds.from_dict(purchase["account"])
    return not account.kept and all(each["state"] != PENDING for each in purchase["refunds"])


def _units(account: Account, lines: Mapping[str, Plain], name: str, quantity: int) -> tuple[Unit, ...]:
    line = lines.get(name)
    if line is None:
        raise NotReturnable("There is no such line in this purchase.")
    each = line["quantity"] // _count(line)
    count, rest = divmod(quantity, each)
    if rest or not count:
        raise NotReturnable(f"This line comes back in steps of {each} thousandths.")
    return refunds.units_to_return(account, name, count)


def _count(line: Plain) -> int:
    """How many units a line is."""
    count, rest = divmod(int(line["quantity"]), int(line["pack"]))
    return count if line["measure"] == basket.EACH and rest == 0 else 1


def _less(after: Sequence[tuple[Rates, int, int]], before: Sequence[tuple[Rates, int, int]]) -> Any:
    sums = {rates: (net, tax) for rates, net, tax in after}
    for rates, net, tax in before:
        have = sums.get(rates, (0, 0))
        sums[rates] = (have[0] - net, have[1] - tax)
    return tuple((rates, net, tax) for rates, (net, tax) in sums.items() if net or tax)


def _taken(refund: Plain, account: Account) -> tuple[tuple[Rates, int, int], ...]:
    sale = {**refunds.to_dict(Account(account.sale)), "refunded": refund["taken"]}
    return refunds.from_dict(sale).refunded
