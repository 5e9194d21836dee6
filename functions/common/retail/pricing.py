"""What one scanned item costs, and whether it may be sold today: offer and label in, a decision out.

A label's price wins over the list price; a label's measure decides the quantity; amounts are rounded once.
A percentage printed on a label (AI 394n) is passed on, not applied: discounts are decided by their own room.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from functions.common.retail.labels import NOTHING, Label
from functions.common.retail.money import (
    Rounding,
    divide,
    exponent,
    is_currency_number,
    rescale,
    times_thousandths,
)


class Source(StrEnum):
    """Where an amount came from."""

    LABEL = "label"  # the label states what to pay
    LABEL_UNIT = "label_unit"  # the label states the price per unit of measure
    PACK = "pack"  # the pack's own price
    LIST = "list"
    NONE = "none"  # there is no price


@dataclass(frozen=True, slots=True)
class Offer:
    """How the store sells a product: money in minor units of `currency`, quantities in thousandths.

    `measure` is "each", "weight" (kg), "volume" (l) or "length" (m). When the barcode of a unit was scanned,
    `pack` is how much of the product it holds (a case of 6: 6000), and `pack_price` its own price if it has one.
    """

    unit_price: int | None
    currency: str
    measure: str = "each"
    pack: int | None = None
    pack_price: int | None = None


@dataclass(frozen=True, slots=True)
class Priced:
    """One line. Amount and unit price in minor units, quantity in thousandths; None where it is not known."""

    amount: int | None
    quantity: int | None
    unit_price: int | None
    source: Source
    ask_quantity: bool = False
    warnings: tuple[str, ...] = ()


def line_price(unit_price: int, quantity: int, rounding: Rounding = Rounding.HALF_EVEN) -> int:
    """Minor units for a quantity in thousandths at a price per unit, rounded once."""
    return times_thousandths(unit_price, quantity, rounding)


def quantity_for(amount: int, unit_price: int) -> int:
    """The thousandths that an amount buys at a price per unit (above zero): a priced label's weight."""
    return divide(amount * 1000, unit_price)


def price_item(
    label: Label, offer: Offer, *, quantity: int | None = None, rounding: Rounding = Rounding.HALF_EVEN
) -> Priced:
    """Price one scanned item. `quantity` (thousandths) is the shopper's or scale's answer to `ask_quantity`.

    Raises ValueError when the offer's currency is not an ISO 4217 code.
    """
    stated, warnings = _stated_price(label, offer, rounding)
    unit_price, source = _unit_price(label, offer, rounding)
    known, more = (quantity, ()) if quantity is not None else _quantity(label, offer)
    warnings += more
    if stated is not None:
        if known is None and unit_price:
            known = quantity_for(stated, unit_price)
        return Priced(stated, known, unit_price, Source.LABEL, warnings=warnings)
    if known is None:
        return Priced(None, None, unit_price, source, ask_quantity=True, warnings=warnings)
    if offer.pack_price is not None:
        amount = divide(offer.pack_price * known, offer.pack or 1000, rounding)
        return Priced(amount, known, unit_price, Source.PACK, warnings=warnings)
    if unit_price is None:
        return Priced(None, known, None, Source.NONE, warnings=warnings)
    return Priced(line_price(unit_price, known, rounding), known, unit_price, source, warnings=warnings)


def _stated_price(label: Label, offer: Offer, rounding: Rounding) -> tuple[int | None, tuple[str, ...]]:
    if label.price is None:
        return None, ()
    if label.price_currency is not None and not is_currency_number(label.price_currency, offer.currency):
        return None, ("LABEL_CURRENCY",)
    return rescale(label.price, label.price_decimals, exponent(offer.currency), rounding), ()


def _unit_price(label: Label, offer: Offer, rounding: Rounding) -> tuple[int | None, Source]:
    if label.unit_price is not None and offer.measure == label.measure:
        places = exponent(offer.currency)
        return rescale(label.unit_price, label.unit_price_decimals, places, rounding), Source.LABEL_UNIT
    return offer.unit_price, Source.NONE if offer.unit_price is None else Source.LIST


def _quantity(label: Label, offer: Offer) -> tuple[int | None, tuple[str, ...]]:
    """How much the label says this is, in the product's own measure; None when it must be asked for."""
    if offer.measure != "each":
        if label.quantity is not None and label.measure == offer.measure:
            return label.quantity, ()
        return offer.pack, () if label.quantity is None else ("LABEL_MEASURE",)
    if label.count is None and label.ask_quantity:
        return None, ()
    # A weight on something sold by the piece is for information.
    return (label.count or 1) * (offer.pack or 1000), ()


class Sale(StrEnum):
    """Why an item must not be sold, or should be looked at."""

    EXPIRED = "EXPIRED"
    RECALLED_LOT = "RECALLED_LOT"
    BEST_BEFORE_PASSED = "BEST_BEFORE_PASSED"
    SELL_BY_PASSED = "SELL_BY_PASSED"
    LOT_NOT_ON_LABEL = "LOT_NOT_ON_LABEL"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`blocked`: the reasons not to sell; `warnings`: what to tell the shopper or the staff."""

    blocked: tuple[Sale, ...] = ()
    warnings: tuple[Sale, ...] = ()


FINE = Verdict()


def judge(label: Label, *, today: date, now: time | None = None, recalled_lots: Collection[str] = ()) -> Verdict:
    """Whether an item may be sold, on the store's local date (and time, for labels that expire at one).

    Use-by passed or a recalled lot blocks. Best-before or sell-by passed warns, and so does a recall of some
    lots when the code does not say which lot this is. A day on a label is good to its end.
    """
    if label is NOTHING and not recalled_lots:  # a plain number: nearly every scan
        return FINE
    blocked, warnings = [], []
    if _expired(label, today, now):
        blocked.append(Sale.EXPIRED)
    if label.lot is not None and label.lot in recalled_lots:
        blocked.append(Sale.RECALLED_LOT)
    if label.lot is None and recalled_lots:
        warnings.append(Sale.LOT_NOT_ON_LABEL)
    if label.best_before is not None and label.best_before < today:
        warnings.append(Sale.BEST_BEFORE_PASSED)
    if label.sell_by is not None and label.sell_by < today:
        warnings.append(Sale.SELL_BY_PASSED)
    return Verdict(tuple(blocked), tuple(warnings))


def _expired(label: Label, today: date, now: time | None) -> bool:
    if label.use_by is None or label.use_by > today:
        return False
    if label.use_by < today:
        return True
    return now is not None and label.use_by_time is not None and label.use_by_time < now
