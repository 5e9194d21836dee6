"""Random baskets and random rule sets: few barcodes, categories and prices, so that rules meet each other.

Each line and each rule is made from one number that Hypothesis draws: that is many times faster than drawing every
field, and a failing case still shrinks to the few lines and rules that matter.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st

from functions.common.retail.basket import Line, priced_line
from functions.common.retail.money import Rounding
from functions.common.retail.promotion_rules import (
    UNLIMITED,
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
    Slot,
    Stacking,
)
from functions.common.retail.promotions import Facts, Usage
from functions.common.retail.taxes import Level, Rate, TaxRules
from functions.common.retail.time_windows import ALWAYS, Hours, Window

FULL = os.environ.get("FAULTS") == "full"
MANY = settings(max_examples=10_000 if FULL else 250, deadline=None)
"""How many random baskets a property is tried with: FAULTS=full is the full size."""

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)  # a Friday, 10:30 in Berlin
BERLIN = ZoneInfo("Europe/Berlin")
SHOP = Facts("s1", NOW, BERLIN)
TAXES = {
    "standard": (Rate(190_000),),
    "reduced": (Rate(70_000),),
    "city": (Rate(40_000, "state"), Rate(48_750, "city")),
}
PRICES = (0, 1, 5, 33, 99, 100, 199, 250, 999, 10_000)
STACKINGS = tuple(Stacking)


def _line(name: str, seed: int) -> Line:
    """The same barcode may stand on several lines, at several prices; a kind has its category, brand and tax class."""
    chance = Random(seed)
    kind, price = chance.randrange(4), chance.choice(PRICES)
    tax_class = ("standard", "reduced", "city")[kind % 3]
    more: dict[str, Any] = {"category": f"c{kind % 2}", "brand": f"b{kind}", "tax_class": tax_class}
    how = chance.randrange(10)
    if how == 0:
        return priced_line(name, f"{kind}", chance.randint(1, 3000), price, measure="weight", **more)
    if how == 1:  # a label stated the amount
        return Line(name, f"{kind}", chance.randint(1, 4) * 1000, chance.randint(0, 1500), **more)
    if how == 2:
        return priced_line(name, f"{kind}", chance.randint(1, 3) * 6000, price, pack=6000, **more)
    return priced_line(name, f"{kind}", chance.randint(1, 4) * 1000, price, **more)


def _match(chance: Random) -> Match:
    how = chance.randrange(4)
    if how == 0:
        return Match()
    if how == 1:
        return Match(barcodes=frozenset(chance.choices("0123", k=2)))
    if how == 2:
        return Match(categories=frozenset({chance.choice(("c0", "c1"))}))
    return Match(measures=frozenset({"each"}), excluded=Match(brands=frozenset({chance.choice(("b0", "b1"))})))


def _off(chance: Random, kinds: tuple[str, ...] = ("percent", "amount", "price")) -> Off:
    kind = chance.choice(kinds)
    if kind == "percent":
        return Off("percent", chance.choice((1, 1000, 3333, 5000, 10_000)))
    return Off("amount", chance.choice((1, 50, 100, 777))) if kind == "amount" else Off("price", chance.choice(PRICES))


def _slots(chance: Random, least: int) -> tuple[Slot, ...]:
    return tuple(Slot(_match(chance), chance.randint(1, 2)) for _ in range(chance.randint(least, 2)))


def _benefit(chance: Random) -> Benefit:
    match, times, choose = _match(chance), chance.choice((None, None, 1, 2)), chance.choice(tuple(Choose))
    makers = (
        lambda: Percentage(match, chance.choice((1, 500, 1000, 3333, 10_000))),
        lambda: Amount(match, chance.choice((1, 20, 500))),
        lambda: FixedPrice(match, chance.choice(PRICES)),
        lambda: MemberPrice(match, chance.choice(PRICES)),
        lambda: BuyGet(match, chance.randint(1, 3), chance.randint(1, 3), _off(chance), choose, times),
        lambda: NForPrice(match, chance.randint(2, 3), chance.choice(PRICES), times),
        lambda: MixAndMatch(_slots(chance, 1), _off(chance), _slots(chance, 0), choose, times),
        lambda: CartThreshold(
            chance.choice((0, 500, 2000)), _off(chance, ("percent", "amount")), match, _match(chance)
        ),
    )
    made: Benefit = chance.choice(makers)()
    return made


def _rule(name: str, seed: int, stackings: tuple[Stacking, ...]) -> Rule:
    chance = Random(seed)
    limits = Limits(per_user=chance.choice((None, 1, 2)), budget=chance.choice((1, 100, 2000)))
    return Rule(
        name,
        _benefit(chance),
        priority=chance.randrange(2),
        stacking=chance.choice(stackings),
        window=chance.choice((*[ALWAYS] * 6, Window(weekdays=frozenset({5})), Window(hours=(Hours(0, 600),)))),
        groups=chance.choice((*[frozenset[str]()] * 4, frozenset({"gold"}))),
        codes=chance.choice((*[frozenset[str]()] * 4, frozenset({"TEN"}), frozenset({"TEN", "OTHER"}))),
        limits=chance.choice((UNLIMITED, UNLIMITED, limits)),
    )


def _facts(seed: int) -> Facts:
    """Who buys, with which codes, after which use."""
    chance = Random(seed)
    usage = {
        name: Usage(chance.randrange(3), chance.randrange(3), {"TEN": 1}, chance.choice((0, 50, 2000)))
        for name in chance.sample("abcdefghij", 3)
    }
    groups = chance.choice((frozenset[str](), frozenset({"member"}), frozenset({"member", "gold"})))
    codes = chance.choice((frozenset[str](), frozenset({"ten"}), frozenset({"ten", "nonsense"})))
    return Facts("s1", NOW, BERLIN, groups, codes, usage, chance.choice(tuple(Rounding)))


def _taxes(seed: int) -> TaxRules:
    chance = Random(seed)
    return TaxRules(TAXES, chance.random() < 0.5, chance.choice(tuple(Level)), chance.choice(tuple(Rounding)))


_seeds = st.integers(0, 2**32)

lines = st.lists(_seeds, min_size=1, max_size=8).map(
    lambda seeds: [_line(f"l{number}", seed) for number, seed in enumerate(seeds)]
)
facts = _seeds.map(_facts)
taxes = st.none() | _seeds.map(_taxes)


def rule_sets(*stackings: Stacking) -> st.SearchStrategy[list[Rule]]:
    """Rule sets; ids are drawn too, because they decide between equals."""
    named = st.dictionaries(st.sampled_from("abcdefghij"), _seeds, max_size=8)
    return named.map(lambda seeds: [_rule(name, seed, stackings or STACKINGS) for name, seed in seeds.items()])


rules = rule_sets()
