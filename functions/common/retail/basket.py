"""What is bought: lines with their price and what promotions and taxes ask about them, and the units they consist of.

Money is minor units, quantities are thousandths. A line sold by the piece is as many units as there are pieces; one
that was weighed or measured, or whose quantity is no whole number of pieces, is one unit of its own amount.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from functions.common.retail.money import Rounding, divide

EACH = "each"
MEASURES = (EACH, "weight", "volume", "length")
MOST_UNITS = 2_000
"""More pieces than anybody carries; rules look at each of them."""


class BasketInvalid(ValueError):
    """A basket that cannot be: `line` names the line, the text says what is wrong with it."""

    def __init__(self, message: str, line: str = "") -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a basket. `amount` is what it costs before promotions and, where taxes are added, before taxes.

    `pack` is how many thousandths make one unit of what is sold by the piece (a case of 6 scanned as one: 6000).
    `unit_price` is per unit, or per kilogram, litre or metre; None when a label stated the amount.
    Raises BasketInvalid for a quantity or a pack that is not above zero and for a negative amount.
    """

    id: str
    barcode: str
    quantity: int
    amount: int
    unit_price: int | None = None
    measure: str = EACH
    pack: int = 1000
    category: str | None = None
    brand: str | None = None
    tax_class: str | None = None

    def __post_init__(self) -> None:
        if self.quantity <= 0 or self.pack <= 0:
            raise BasketInvalid("A quantity is above zero, in thousandths.", self.id)
        if self.amount < 0:
            raise BasketInvalid("An amount is not negative: what comes back is a refund, not a line.", self.id)

    @property
    def units(self) -> int:
        """How many units this line is."""
        count, rest = divmod(self.quantity, self.pack)
        return count if self.measure == EACH and rest == 0 else 1


def priced_line(
    id: str,
    barcode: str,
    quantity: int,
    unit_price: int,
    *,
    measure: str = EACH,
    pack: int = 1000,
    rounding: Rounding = Rounding.HALF_EVEN,
    category: str | None = None,
    brand: str | None = None,
    tax_class: str | None = None,
) -> Line:
    """A line whose amount is its quantity times a price per unit, rounded once. Raises as `Line` does."""
    amount = divide(unit_price * quantity, pack if measure == EACH and pack > 0 else 1000, rounding)
    return Line(id, barcode, quantity, amount, unit_price, measure, pack, category, brand, tax_class)


def unit_amounts(line: Line) -> list[int]:
    """What each unit of a line costs; they sum to its amount, and the first ones bear the cents left over."""
    each, left = divmod(line.amount, line.units)
    return [each + 1] * left + [each] * (line.units - left)


def in_order(lines: Iterable[Line]) -> list[Line]:
    """The lines in an order that depends on what they are and not on when they were scanned.

    Of two lines that are alike in everything, the one with the smaller id comes first. Raises BasketInvalid when
    two lines have one id, and when there are more units than a basket may have.
    """
    ordered = sorted(lines, key=_key)
    check(ordered)
    return ordered


def check(lines: Sequence[Line]) -> None:
    """Raise BasketInvalid when two lines have one id or there are more units than a basket may have."""
    seen: set[str] = set()
    for line in lines:
        if line.id in seen:
            raise BasketInvalid("Every line needs an id of its own.", line.id)
        seen.add(line.id)
    if sum(line.units for line in lines) > MOST_UNITS:
        raise BasketInvalid(f"A basket has at most {MOST_UNITS} units.")


def _key(line: Line) -> tuple[object, ...]:
    return (
        line.barcode,
        line.amount,
        line.quantity,
        line.pack,
        line.measure,
        -1 if line.unit_price is None else line.unit_price,
        line.category or "",
        line.brand or "",
        line.tax_class or "",
        line.id,
    )
