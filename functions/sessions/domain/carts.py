"""The rules of a cart: what a scanned code becomes, which lines are one, what a shopper may change. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from functions.common import products
from functions.common.cart_lines import (
    EXPIRED,
    NOT_PRICED,
    PIECE,
    PLAIN,
    PRODUCT_NOT_FOR_SALE,
    RECALLED_LOT,
    CartLine,
    LineLabel,
    ProductNow,
    offer_of,
    price_of,
    refresh,
    unit_of,
)
from functions.common.retail import pricing
from functions.common.retail.basket import EACH, MOST_UNITS
from functions.common.retail.labels import Label
from functions.common.retail.money import Rounding, exponent, is_currency_number, rescale
from functions.common.retail.promotion_rules import MOST_CODE_LENGTH, normal_code
from functions.common.retail.scancode import Resolved

MOST_LINES = 200
MOST_CODES = 20
MOST_QUANTITY = 999_999_000
MOST_AMOUNT = 10**12
MARKS = 50
"""How many of the last keyed edits a cart remembers, so that one repeated after a crash is made once."""

MESSAGES = {
    EXPIRED: "The use-by date has passed: this must not be sold.",
    RECALLED_LOT: "This lot is recalled: it must not be sold.",
    NOT_PRICED: "There is no price for this product yet.",
    PRODUCT_NOT_FOR_SALE: "This product is not for sale at the moment.",
}


class Invalid(ValueError):
    """What was asked for makes no sense; `code` is stable, `field` the place in the request."""

    def __init__(self, message: str, code: str, field: str) -> None:
        super().__init__(message)
        self.code, self.field = code, field


class Refused(ValueError):
    """The product or the cart does not allow it; `code` is stable, the text is for people."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class NoSuchLine(LookupError):
    """The cart has no line of this id."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a line is made: the store's currency, the time on its wall, the tenant's rounding."""

    currency: str
    local: datetime
    moment: datetime
    rounding: Rounding = Rounding.HALF_EVEN


@dataclass(frozen=True, slots=True)
class Scan:
    """What was scanned: the code as it came, what it was read as, and under which of its barcodes a product was found.

    `quantity` in thousandths, when the shopper gave one.
    """

    code: str
    resolved: Resolved
    barcode: str
    now: ProductNow
    quantity: int | None = None
    note: str = ""


def line_of(line_id: str, scan: Scan, at: Counter) -> CartLine:
    """The line of a scanned code. Raises Refused for what must not be sold, Invalid for a quantity that cannot be."""
    product, label = scan.now.product, scan.resolved.label
    if product["status"] != products.ACTIVE:
        raise Refused(MESSAGES[PRODUCT_NOT_FOR_SALE], PRODUCT_NOT_FOR_SALE)
    unit = unit_of(product, scan.barcode)
    offer = offer_of(product, unit, at.currency)
    if scan.quantity is not None and _says_how_much(label, offer.measure, at.currency):
        raise Refused("The label says how much this is: scan it again for another one.", "QUANTITY_FIXED")
    quantity = pricing.price_item(label, offer, quantity=scan.quantity, rounding=at.rounding).quantity
    kept = _label_of(label, offer.measure, at.currency)
    if quantity is None and kept.price is not None:
        quantity = offer.pack or PIECE  # a stated price, and nobody can tell for how much
    if quantity is None:
        raise Invalid("Say how much it is, in thousandths.", "QUANTITY_REQUIRED", "quantity")
    line = CartLine(
        id=line_id,
        code=scan.code,
        barcode=product["barcode"],
        unit=scan.barcode if unit is not None else None,
        name=product["name"],
        quantity=quantity,
        unit_price=None,
        amount=0,
        ver=scan.now.ver,
        added_at=at.moment,
        measure=product["measure"],
        pack=offer.pack or PIECE,
        fixed=_says_how_much(label, offer.measure, at.currency),
        note=scan.note,
        label=kept,
    )
    return _priced(_checked(line), scan.now, at)


def with_line(lines: Sequence[CartLine], new: CartLine, now: ProductNow, at: Counter) -> tuple[CartLine, ...]:
    """The cart with one more scan: in the line of the same goods where there is one, else as a line of its own.

    Raises Refused when the cart is full, or has this very item (by its serial number) already.
    """
    if new.label.serial is not None and any(_is_same_item(line, new) for line in lines):
        raise Refused("This very item is in the cart already.", "ITEM_IN_CART")
    for index, line in enumerate(lines):
        if _goes_with(line, new):
            more = replace(line, quantity=line.quantity + new.quantity, note=new.note or line.note)
            return _fitting([*lines[:index], _priced(_checked(more), now, at), *lines[index + 1 :]])
    return _fitting([*lines, new])


def with_quantity(
    lines: Sequence[CartLine], line_id: str, quantity: int | None, note: str | None, now: ProductNow | None, at: Counter
) -> tuple[CartLine, ...]:
    """The cart with another quantity or note of one line; None leaves it.

    Raises NoSuchLine, Invalid for a quantity that cannot be, Refused for one that a label states.
    """
    index = _index(lines, line_id)
    line = lines[index]
    if note is not None:
        line = replace(line, note=note)
    if quantity is not None and quantity != line.quantity:
        if line.fixed:
            raise Refused("The label says how much this is: take the line out instead.", "QUANTITY_FIXED")
        line = _checked(replace(line, quantity=quantity))
        if now is None:
            raise Refused(MESSAGES[PRODUCT_NOT_FOR_SALE], PRODUCT_NOT_FOR_SALE)
        line = _priced(line, now, at)
    return _fitting([*lines[:index], line, *lines[index + 1 :]])


def without(lines: Sequence[CartLine], line_id: str) -> tuple[CartLine, ...]:
    """The cart without a line. Raises NoSuchLine."""
    index = _index(lines, line_id)
    return (*lines[:index], *lines[index + 1 :])


def with_code(codes: Sequence[str], text: str) -> tuple[str, ...]:
    """The cart's coupon codes and one more; the same one again changes nothing. Raises Refused when there are many."""
    code = normal_code(text)
    if code in codes:
        return tuple(codes)
    if len(codes) >= MOST_CODES:
        raise Refused(f"A cart takes {MOST_CODES} codes at most.", "TOO_MANY_CODES")
    return (*codes, code)


def without_code(codes: Sequence[str], text: str) -> tuple[str, ...]:
    """The cart's coupon codes without this one."""
    code = normal_code(text)
    return tuple(each for each in codes if each != code)


def is_code(text: str) -> bool:
    """Whether a promotion can have this code, as far as a cart takes it: letters, digits, hyphens, underscores."""
    code = normal_code(text)
    return 0 < len(code) <= MOST_CODE_LENGTH and all(char.isalnum() or char in "-_" for char in code)


def line_id_of(key: str) -> str:
    """The id of the line that a keyed request makes, the same whenever it is repeated."""
    return key[:8]


def mark_of(key: str) -> str:
    """How a cart remembers a keyed request."""
    return key[:24]


# ---- parts ---------------------------------------------------------------------------------------------------


def _index(lines: Sequence[CartLine], line_id: str) -> int:
    for index, line in enumerate(lines):
        if line.id == line_id:
            return index
    raise NoSuchLine(line_id)


def _says_how_much(label: Label, measure: str, currency: str) -> bool:
    """Whether the label states the amount, the measure or the count."""
    if measure != EACH:
        measured = label.quantity is not None and label.measure == measure
        return measured or _stated(label, currency) is not None
    return label.count is not None or _stated(label, currency) is not None


def _stated(label: Label, currency: str) -> int | None:
    """What the label says to pay, minor units; None when it says nothing, or in another currency."""
    if label.price is None:
        return None
    if label.price_currency is not None and not is_currency_number(label.price_currency, currency):
        return None
    return rescale(label.price, label.price_decimals, exponent(currency))


def _label_of(label: Label, measure: str, currency: str) -> LineLabel:
    unit_price = None
    if label.unit_price is not None and label.measure == measure:
        unit_price = rescale(label.unit_price, label.unit_price_decimals, exponent(currency))
    return LineLabel(
        price=_stated(label, currency),
        unit_price=unit_price,
        lot=label.lot,
        serial=label.serial,
        use_by=label.use_by,
        use_by_time=label.use_by_time,
        best_before=label.best_before,
        sell_by=label.sell_by,
    )


def _checked(line: CartLine) -> CartLine:
    """The line, if there can be so much of it. What is sold by the piece comes in whole packs."""
    if not 0 < line.quantity <= MOST_QUANTITY:
        raise Invalid(f"A quantity lies between 1 and {MOST_QUANTITY} thousandths.", "QUANTITY_INVALID", "quantity")
    if line.measure == EACH and not line.fixed and line.quantity % line.pack:
        raise Invalid(f"This is sold in whole packs of {line.pack} thousandths.", "QUANTITY_INVALID", "quantity")
    return line


def _priced(line: CartLine, now: ProductNow, at: Counter) -> CartLine:
    unit = unit_of(now.product, line.unit)
    priced = price_of(line.label, offer_of(now.product, unit, at.currency), line.quantity, at.rounding)
    if priced is not None and line.unit_price is None:
        # A line that was never priced has no price of before.
        line = replace(line, unit_price=priced[0])
    done = refresh(line, now, at.currency, at.local, at.moment, at.rounding)
    if done.blocked is not None:
        raise Refused(MESSAGES.get(done.blocked, "This cannot be sold now."), done.blocked)
    if done.line.amount > MOST_AMOUNT:
        raise Invalid("This is more than a cart can hold.", "QUANTITY_INVALID", "quantity")
    return done.line


def _fitting(lines: Sequence[CartLine]) -> tuple[CartLine, ...]:
    if len(lines) > MOST_LINES:
        raise Refused(f"A cart has {MOST_LINES} lines at most.", "CART_FULL")
    if sum(line.units for line in lines) > MOST_UNITS:
        raise Refused(f"A cart has {MOST_UNITS} pieces at most.", "CART_FULL")
    return tuple(lines)


def _is_same_item(line: CartLine, new: CartLine) -> bool:
    return (line.barcode, line.label.serial) == (new.barcode, new.label.serial)


def _goes_with(line: CartLine, new: CartLine) -> bool:
    """Whether both are pieces of the same goods: labels with anything to say stay lines of their own."""
    return (
        line.measure == new.measure == EACH
        and not line.fixed
        and not new.fixed
        and (line.barcode, line.unit, line.pack) == (new.barcode, new.unit, new.pack)
        and line.label == new.label == PLAIN
        and (not new.note or not line.note or line.note == new.note)
    )
