"""Taxes on lines: inside the price or on top of it, one rate or several, rounded once a line or once a unit.

A rate is an integer of parts per million (19 % is 190,000; 8.875 % is 88,750), so no rate is ever a float. Tax shares
are what a receipt shows for each rate; their net, tax and gross add up to those of the basket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from functions.common.retail.money import Rounding, allocate, divide, format_decimal, parse_decimal

MILLION = 1_000_000
_PLACES = 4  # decimals of a percentage


class TaxClassUnknown(ValueError):
    """A line's tax class has no rates and there is no default; `tax_class` is the class."""

    def __init__(self, tax_class: str | None) -> None:
        super().__init__(
            f"There is no tax rate for the class {tax_class!r}." if tax_class else "A tax class is missing."
        )
        self.tax_class = tax_class


class Level(StrEnum):
    """Where tax is rounded."""

    LINE = "line"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Rate:
    """One tax, such as that of a state, in parts per million. Raises ValueError below zero and above 1,000 %."""

    millionths: int
    name: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.millionths <= 10 * MILLION:
            raise ValueError("A tax rate lies between 0 and 1000 %.")


Rates = tuple[Rate, ...]
"""All taxes on one class of goods; together they are its rate."""


@dataclass(frozen=True, slots=True)
class TaxRules:
    """How a seller's goods are taxed. `classes` goes by tax class; `default` is the class of lines without one.

    `inclusive`: prices contain the tax.
    """

    classes: Mapping[str, Rates]
    inclusive: bool = True
    level: Level = Level.LINE
    rounding: Rounding = Rounding.HALF_EVEN
    default: str | None = None

    def rates(self, tax_class: str | None) -> Rates:
        """The rates of a class. Raises TaxClassUnknown."""
        found = self.classes.get(tax_class or self.default or "")
        if found is None:
            raise TaxClassUnknown(tax_class)
        return found


class UnitTax(NamedTuple):
    """One unit: what is paid for it is net and tax."""

    net: int
    tax: int


@dataclass(frozen=True, slots=True)
class TaxPart:
    """One tax's part in a share."""

    name: str
    rate: str
    tax: int


@dataclass(frozen=True, slots=True)
class TaxShare:
    """What is taxed at one rate (a percentage as text): net and tax are gross, and the parts' taxes are the tax."""

    rate: str
    net: int
    tax: int
    gross: int
    parts: tuple[TaxPart, ...] = field(default=())


def parse_rate(text: str) -> int:
    """A percentage such as "8.875" in parts per million. Raises ValueError as `parse_decimal` does, and below zero."""
    rate = parse_decimal(text, _PLACES)
    if rate < 0:
        raise ValueError("A tax rate is not negative.")
    return rate


def format_rate(millionths: int) -> str:
    """Parts per million as a percentage without idle zeros; `parse_rate` reads it back."""
    return format_decimal(millionths, _PLACES).rstrip("0").removesuffix(".")


def combined(rates: Rates) -> int:
    """The rate of several taxes together, in parts per million."""
    return rates[0].millionths if len(rates) == 1 else sum(rate.millionths for rate in rates)


def tax_of(amount: int, rates: Rates, *, inclusive: bool, rounding: Rounding = Rounding.HALF_EVEN) -> int:
    """The tax inside an amount, or on top of it."""
    rate = combined(rates)
    if not rate:
        return 0
    return divide(amount * rate, MILLION + rate if inclusive else MILLION, rounding)


def tax_units(rules: TaxRules, tax_class: str | None, amounts: Sequence[int]) -> list[UnitTax]:
    """Net and tax of the units of one line; rounded by line, its tax is split among them by what they cost.

    Raises TaxClassUnknown.
    """
    rates = rules.rates(tax_class)
    inclusive, rounding = rules.inclusive, rules.rounding
    if rules.level is Level.UNIT or len(amounts) == 1:
        taxes = [tax_of(amount, rates, inclusive=inclusive, rounding=rounding) for amount in amounts]
    else:
        total = tax_of(sum(amounts), rates, inclusive=inclusive, rounding=rounding)
        taxes = allocate(total, amounts) if total else [0] * len(amounts)
    if inclusive:
        return [UnitTax(amount - tax, tax) for amount, tax in zip(amounts, taxes, strict=True)]
    return [UnitTax(amount, tax) for amount, tax in zip(amounts, taxes, strict=True)]


def tax_shares(taxed: Iterable[tuple[Rates, int, int]]) -> tuple[TaxShare, ...]:
    """The shares of (rates, net, tax), the highest rate first. Classes with the same rates share one."""
    sums: dict[Rates, tuple[int, int]] = {}
    for rates, net, tax in taxed:
        before = sums.get(rates, (0, 0))
        sums[rates] = (before[0] + net, before[1] + tax)
    ordered = sorted(sums, key=lambda rates: (-combined(rates), [(rate.name, rate.millionths) for rate in rates]))
    return tuple(_share(rates, *sums[rates]) for rates in ordered)


def _share(rates: Rates, net: int, tax: int) -> TaxShare:
    total = combined(rates)
    taxes = allocate(tax, [rate.millionths for rate in rates]) if total else [0] * len(rates)
    parts = tuple(
        TaxPart(rate.name, format_rate(rate.millionths), part) for rate, part in zip(rates, taxes, strict=True)
    )
    return TaxShare(format_rate(total), net, tax, net + tax, parts)
