"""What a cart costs at a moment: fresh products, rules, card and taxes in, one quote out.

Carts and checkouts ask the same function, so they can never differ. What must not be sold (or cannot be priced) is
named in the problems and left out of the totals: a cart shows it, a checkout refuses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from functions.common import product_source, products
from functions.common.cart_lines import CartLine, ProductNow, refresh
from functions.common.product_reader import Held
from functions.common.retail.money import Rounding
from functions.common.retail.promotion_rules import Rule, normal_code
from functions.common.retail.promotions import Facts, Usage
from functions.common.retail.taxes import TaxClassUnknown, TaxRules
from functions.common.retail.totals import LineTotal, Totals, total_up
from functions.common.stores import Store

TAX_CLASS_UNKNOWN = "TAX_CLASS_UNKNOWN"
OUT_OF_STOCK = "OUT_OF_STOCK"
AGE_RESTRICTED = "AGE_RESTRICTED"
STRICT = "strict"
HEAVY = 1_000
"""Lines times rules from which a quote is made in a thread, so that other requests go on meanwhile."""


class Terms(Protocol):
    """How the tenant sells; `functions.common.tenants.TenantSettings`."""

    @property
    def taxes(self) -> TaxRules | None: ...

    @property
    def rounding(self) -> Rounding: ...


class Card(Protocol):
    """A brand card on the visit; `functions.common.carts.CardOnVisit`."""

    @property
    def groups(self) -> frozenset[str]: ...

    @property
    def attached_until(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a line, by a stable code. `blocking`: it must not be sold, and is not in the totals."""

    line: str
    code: str
    blocking: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A line whose unit price is another than the cart had; minor units."""

    line: str
    barcode: str
    name: str
    old: int | None
    new: int | None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a cart costs. `lines` are all lines with what their products say now, in the order they came in.

    `totals` are over the lines that can be sold. `problems` has the blocking ones first.
    """

    lines: tuple[CartLine, ...]
    totals: Totals
    currency: str
    moment: datetime
    problems: tuple[Remark, ...] = ()
    changes: tuple[Change, ...] = ()
    by_line: Mapping[str, LineTotal] = field(default_factory=dict)

    @property
    def blocked(self) -> tuple[Remark, ...]:
        """Why the cart cannot be bought as it is; empty when it can."""
        return tuple(problem for problem in self.problems if problem.blocking)

    @property
    def total(self) -> int:
        """What is to be paid, minor units."""
        return self.totals.total

    @property
    def age_limit(self) -> int | None:
        """The highest age that a line in the totals asks for."""
        return max((line.age_restriction or 0 for line in self.lines if line.id in self.by_line), default=0) or None


async def quote(
    lines: Sequence[CartLine],
    held: Mapping[str, ProductNow],
    rules: Sequence[Rule],
    *,
    store: Store,
    terms: Terms,
    moment: datetime,
    card: Card | None = None,
    codes: Collection[str] = (),
    usage: Mapping[str, Usage] | None = None,
) -> Quote:
    """What the lines cost at `moment` (aware).

    `held` goes by the product's own barcode and lacks what the store does not know (`products_of`, `from_reader`).
    A card whose time is over counts as none. Raises BasketInvalid for more units than a basket may have.
    """
    arguments = (lines, held, rules, store, terms, moment, card, codes, usage or {})
    if len(lines) * len(rules) < HEAVY:
        return quote_now(*arguments)
    return await asyncio.to_thread(quote_now, *arguments)


def quote_now(
    lines: Sequence[CartLine],
    held: Mapping[str, ProductNow],
    rules: Sequence[Rule],
    store: Store,
    terms: Terms,
    moment: datetime,
    card: Card | None,
    codes: Collection[str],
    usage: Mapping[str, Usage],
) -> Quote:
    """`quote`, at once and in this thread. Pure."""
    from zoneinfo import ZoneInfo  # 6 ms of a cold start

    zone = ZoneInfo(store.time_zone)
    local = moment.astimezone(zone)
    fresh: list[CartLine] = []
    problems: list[Remark] = []
    for line in lines:
        known = held.get(line.barcode)
        done = refresh(line, known, store.currency, local, moment, terms.rounding)
        blocked = done.blocked or _untaxed(done.line, terms.taxes)
        if blocked is not None:
            problems.append(Remark(line.id, blocked, True))
        problems += [Remark(line.id, code, False) for code in done.warnings]
        if done.line.age_restriction:
            problems.append(Remark(line.id, AGE_RESTRICTED, False))
        fresh.append(done.line)
    if store.stock_policy == STRICT:
        problems += [Remark(line, OUT_OF_STOCK, False) for line in short_of_stock(fresh, held)]
    stopped = {problem.line for problem in problems if problem.blocking}
    groups = card.groups if card is not None and card.attached_until > moment else frozenset[str]()
    facts = Facts(store.id, moment, zone, groups, frozenset(normal_code(code) for code in codes), usage, terms.rounding)
    totals = total_up([each.basket_line() for each in fresh if each.id not in stopped], rules, facts, terms.taxes)
    return Quote(
        lines=tuple(fresh),
        totals=totals,
        currency=store.currency,
        moment=moment,
        problems=tuple(sorted(problems, key=lambda problem: not problem.blocking)),
        changes=changes_between(lines, fresh),
        by_line={each.line.id: each for each in totals.lines},
    )


def changes_between(before: Iterable[CartLine], after: Iterable[CartLine]) -> tuple[Change, ...]:
    """The lines whose unit price is another now."""
    return tuple(
        Change(new.id, new.sold_as, new.name, old.unit_price, new.unit_price)
        for old, new in zip(before, after, strict=True)
        if old.unit_price != new.unit_price
    )


def demand_of(lines: Iterable[CartLine]) -> dict[str, int]:
    """How much of each product (by its own barcode, in thousandths) the lines take together, in sorted order."""
    demand: dict[str, int] = {}
    for line in lines:
        demand[line.barcode] = demand.get(line.barcode, 0) + line.quantity
    return dict(sorted(demand.items()))


def short_of_stock(lines: Sequence[CartLine], held: Mapping[str, ProductNow]) -> list[str]:
    """The lines of products of which less is there than the lines take together; unknown stock is enough."""
    short = set()
    for barcode, wanted in demand_of(lines).items():
        known = held.get(barcode)
        stock = known.product["stock"] if known is not None else None
        if stock is not None and stock["avail"] < wanted:
            short.add(barcode)
    return [line.id for line in lines if line.barcode in short]


def from_reader(held: Mapping[str, Held]) -> dict[str, ProductNow]:
    """What a ProductReader found, by the products' own barcodes."""
    found = {}
    for each in held.values():
        product = each.product()
        found[product["barcode"]] = ProductNow(product, each.ver)
    return found


async def products_of(tenant_id: str, store_id: str, barcodes: Collection[str]) -> dict[str, ProductNow]:
    """The products with these barcodes of their own, from the primary and only what a majority has: for checkouts.

    What the store does not know, or has deleted, is left out. Raises the driver's errors.
    """
    if not barcodes:
        return {}
    found = {}
    for document in await product_source.MongoProducts().find(tenant_id, store_id, sorted(set(barcodes))):
        if not products.is_absent(document) and document["barcode"] in barcodes:
            product = products.from_cached(products.to_cached(document))
            found[product["barcode"]] = ProductNow(product, document["ver"])
    return found


def _untaxed(line: CartLine, taxes: TaxRules | None) -> str | None:
    if taxes is None:
        return None
    try:
        taxes.rates(line.tax_class)
    except TaxClassUnknown:
        return TAX_CLASS_UNKNOWN
    return None
