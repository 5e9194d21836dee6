"""Promotions as data: what a rule gives on what, when, for whom, how often and beside which others.

Amounts are minor units, percentages are basis points (1 % is 100). What could not be applied is refused here, with
the field that is wrong; `promotion_codec` reads rules from plain data and writes them back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import ClassVar, Literal

from functions.common.retail.basket import MEASURES, Line
from functions.common.retail.time_windows import ALWAYS, Window

WHOLE = 10_000
"""Basis points of everything: free."""
MOST_MINOR = 10**12
MOST_SLOTS = 40
MOST_CODES = 1_000
MOST_CODE_LENGTH = 40
MEMBER = "member"


class RuleInvalid(ValueError):
    """A rule that cannot be applied; `field` is the place as in the plain data, the text says what is wrong."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


def _between(value: int, least: int, most: int, field: str) -> None:
    if not least <= value <= most:
        raise RuleInvalid(f"This lies between {least} and {most}.", field)


def _times(value: int | None) -> None:
    if value is not None:
        _between(value, 1, MOST_MINOR, "maxOccurrences")


class Stacking(StrEnum):
    """How a rule gets along with others on the same unit."""

    STACK = "stack"  # comes on top of what others have left of the price
    BEST_DEAL = "best_deal"  # of several such rules, a unit gets the one that saves more
    EXCLUSIVE = "exclusive"  # takes only units that no rule has touched, and no rule touches them afterwards


class Choose(StrEnum):
    """Which of the units that a rule could discount."""

    CHEAPEST = "cheapest"
    MOST_EXPENSIVE = "most_expensive"


@dataclass(frozen=True, slots=True)
class Match:
    """Which lines: each set that is not empty must contain the line's value, and `excluded` must not accept it."""

    barcodes: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    tax_classes: frozenset[str] = frozenset()
    measures: frozenset[str] = frozenset()
    excluded: Match | None = None

    def __post_init__(self) -> None:
        if not self.measures <= set(MEASURES):
            raise RuleInvalid(f"Measures are {', '.join(MEASURES)}.", "measures")
        if self.excluded is not None and (self.excluded.excluded is not None or self.excluded == EVERYTHING):
            raise RuleInvalid("What is excluded names something, and excludes nothing itself.", "excluded")

    def accepts(self, line: Line) -> bool:
        """Whether the line is meant."""
        return (
            (not self.barcodes or line.barcode in self.barcodes)
            and (not self.categories or line.category in self.categories)
            and (not self.brands or line.brand in self.brands)
            and (not self.tax_classes or line.tax_class in self.tax_classes)
            and (not self.measures or line.measure in self.measures)
            and (self.excluded is None or not self.excluded.accepts(line))
        )


EVERYTHING = Match()


@dataclass(frozen=True, slots=True)
class Off:
    """What units together cost less: basis points of their price, an amount, or down to a price for all of them."""

    kind: Literal["percent", "amount", "price"]
    value: int

    def __post_init__(self) -> None:
        if self.kind not in ("percent", "amount", "price"):
            raise RuleInvalid("This is percent, amount or price.", "kind")
        _between(self.value, 0 if self.kind == "price" else 1, WHOLE if self.kind == "percent" else MOST_MINOR, "value")


FREE = Off("percent", WHOLE)


@dataclass(frozen=True, slots=True)
class Slot:
    """So many units of a kind, as a part of a set."""

    match: Match
    quantity: int

    def __post_init__(self) -> None:
        _between(self.quantity, 1, MOST_SLOTS, "quantity")


@dataclass(frozen=True, slots=True)
class Percentage:
    """So many basis points off each line that matches, rounded once a line."""

    TYPE: ClassVar[str] = "percentage"
    match: Match
    basis_points: int

    def __post_init__(self) -> None:
        _between(self.basis_points, 1, WHOLE, "basisPoints")


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount off each unit that matches, at most the unit's price."""

    TYPE: ClassVar[str] = "amount"
    match: Match
    amount: int

    def __post_init__(self) -> None:
        _between(self.amount, 1, MOST_MINOR, "amount")


@dataclass(frozen=True, slots=True)
class FixedPrice:
    """Another price per unit, or per kilogram, litre or metre; it never makes anything dearer."""

    TYPE: ClassVar[str] = "fixed_price"
    match: Match
    price: int

    def __post_init__(self) -> None:
        _between(self.price, 0, MOST_MINOR, "price")


@dataclass(frozen=True, slots=True)
class MemberPrice:
    """A fixed price for members: whoever belongs to one of the rule's groups, or to `member` when it names none."""

    TYPE: ClassVar[str] = "member_price"
    match: Match
    price: int

    def __post_init__(self) -> None:
        _between(self.price, 0, MOST_MINOR, "price")


@dataclass(frozen=True, slots=True)
class BuyGet:
    """Of every `buy + get` units that match, `get` cost less: the cheapest or the most expensive of all that match."""

    TYPE: ClassVar[str] = "buy_get"
    match: Match
    buy: int
    get: int
    off: Off = FREE
    choose: Choose = Choose.CHEAPEST
    max_occurrences: int | None = None

    def __post_init__(self) -> None:
        _between(self.buy, 1, MOST_SLOTS, "buy")
        _between(self.get, 1, MOST_SLOTS, "get")
        _times(self.max_occurrences)


@dataclass(frozen=True, slots=True)
class NForPrice:
    """Every `quantity` units that match cost `price` together, the most expensive ones first."""

    TYPE: ClassVar[str] = "n_for_price"
    match: Match
    quantity: int
    price: int
    max_occurrences: int | None = None

    def __post_init__(self) -> None:
        _between(self.quantity, 2, MOST_SLOTS, "quantity")
        _between(self.price, 0, MOST_MINOR, "price")
        _times(self.max_occurrences)


@dataclass(frozen=True, slots=True)
class MixAndMatch:
    """Whoever buys the triggers gets the targets for less. A unit that is a trigger is not a target."""

    TYPE: ClassVar[str] = "mix_and_match"
    targets: tuple[Slot, ...]
    off: Off
    triggers: tuple[Slot, ...] = ()
    choose: Choose = Choose.CHEAPEST
    max_occurrences: int | None = None

    def __post_init__(self) -> None:
        if not self.targets:
            raise RuleInvalid("A set has at least one target.", "targets")
        if sum(slot.quantity for slot in (*self.triggers, *self.targets)) > MOST_SLOTS:
            raise RuleInvalid(f"A set has at most {MOST_SLOTS} units.", "targets")
        _times(self.max_occurrences)


@dataclass(frozen=True, slots=True)
class CartThreshold:
    """When what counts costs `threshold` or more (after the rules before), the targets together cost less."""

    TYPE: ClassVar[str] = "cart_threshold"
    threshold: int
    off: Off
    counts: Match = EVERYTHING
    targets: Match = EVERYTHING

    def __post_init__(self) -> None:
        _between(self.threshold, 0, MOST_MINOR, "threshold")
        if self.off.kind == "price":
            raise RuleInvalid("A cart gets percent or an amount off, not a price.", "off.kind")


Item = Percentage | Amount | FixedPrice | MemberPrice
"""Each line for itself: nothing else in the basket matters."""
Bundle = BuyGet | NForPrice | MixAndMatch
"""Units make a set, and a unit is in one set only, whichever rule made it."""
Benefit = Item | Bundle | CartThreshold
BENEFITS: tuple[type[Benefit], ...] = (
    Percentage, Amount, FixedPrice, MemberPrice, BuyGet, NForPrice, MixAndMatch, CartThreshold,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """How often, and for how much in all, a rule may be redeemed; None does not limit. `budget` is minor units."""

    per_code: int | None = None
    per_user: int | None = None
    total: int | None = None
    budget: int | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                _between(
                    value, 1, MOST_MINOR, {"per_code": "perCode", "per_user": "perUser"}.get(field.name, field.name)
                )


UNLIMITED = Limits()


@dataclass(frozen=True, slots=True)
class Rule:
    """One promotion. The higher priority goes first; `stores`, `groups` and `codes` restrict when they are not empty.

    Codes are compared without case. `version` is carried along, so that it can be said which text of a rule gave what.
    """

    id: str
    benefit: Benefit
    version: int = 1
    name: str = ""
    priority: int = 0
    stacking: Stacking = Stacking.STACK
    window: Window = ALWAYS
    stores: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    limits: Limits = UNLIMITED

    def __post_init__(self) -> None:
        if len(self.codes) > MOST_CODES:
            raise RuleInvalid(f"A rule has at most {MOST_CODES} codes.", "codes")
        if any(code != normal_code(code) or not 0 < len(code) <= MOST_CODE_LENGTH for code in self.codes):
            raise RuleInvalid(f"A code is 1 to {MOST_CODE_LENGTH} characters in upper case without spaces.", "codes")
        if self.limits.per_code is not None and not self.codes:
            raise RuleInvalid("Only a rule with codes can be limited for each code.", "limits.perCode")

    @property
    def for_groups(self) -> frozenset[str]:
        """Who may have it; empty for everybody."""
        if isinstance(self.benefit, MemberPrice) and not self.groups:
            return frozenset((MEMBER,))
        return self.groups


def normal_code(text: str) -> str:
    """A coupon code as it is compared: upper case, no white space."""
    return "".join(text.split()).upper()


def matches(benefit: Benefit) -> Iterator[Match]:
    """Every pattern of a benefit: whose units it can touch or count."""
    if isinstance(benefit, MixAndMatch):
        yield from (slot.match for slot in (*benefit.triggers, *benefit.targets))
    elif isinstance(benefit, CartThreshold):
        yield from (benefit.counts, benefit.targets)
    else:
        yield benefit.match
