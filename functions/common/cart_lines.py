"""A line of a cart: what was scanned, what it costs now, and whether it can still be bought. No I/O, no clock.

Money in minor units, quantities in thousandths. A line keeps what its label said, so that it can be priced and judged
again at any time from the product alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, NamedTuple

from functions.common import products
from functions.common.products import CachedProduct, Unit
from functions.common.retail import pricing
from functions.common.retail.basket import EACH, Line
from functions.common.retail.labels import Label
from functions.common.retail.money import Rounding, divide, times_thousandths
from functions.common.retail.pricing import Offer

PIECE = 1000

PRODUCT_NOT_FOUND = "PRODUCT_NOT_FOUND"
PRODUCT_NOT_FOR_SALE = "PRODUCT_NOT_FOR_SALE"
PRODUCT_CHANGED = "PRODUCT_CHANGED"
NOT_PRICED = "NOT_PRICED"
CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
EXPIRED = pricing.Sale.EXPIRED.value
RECALLED_LOT = pricing.Sale.RECALLED_LOT.value


@dataclass(frozen=True, slots=True)
class LineLabel:
    """What a label said that counts until the line is paid; money in minor units of the store's currency."""

    price: int | None = None
    unit_price: int | None = None
    lot: str | None = None
    serial: str | None = None
    use_by: date | None = None
    use_by_time: time | None = None
    best_before: date | None = None
    sell_by: date | None = None


PLAIN = LineLabel()


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line. `barcode` is the product's own, `unit` that of the pack that was scanned, if it was one.

    `unit_price` is per pack (`pack` thousandths of the product), or per kilogram, litre or metre; None when the label
    stated the amount. `fixed`: the label stated amount, measure or count, so the quantity cannot be changed. `was` is
    the unit price before the last change of it, `ver` the version of the product that the price is from.
    """

    id: str
    code: str
    barcode: str
    name: str
    quantity: int
    unit_price: int | None
    amount: int
    ver: int
    added_at: datetime
    measure: str = EACH
    pack: int = PIECE
    unit: str | None = None
    fixed: bool = False
    category: str | None = None
    brand: str | None = None
    tax_class: str | None = None
    age_restriction: int | None = None
    image_url: str | None = None
    note: str = ""
    was: int | None = None
    changed_at: datetime | None = None
    label: LineLabel = PLAIN

    @property
    def sold_as(self) -> str:
        """The barcode that promotions look at: that of the pack, when a pack was scanned."""
        return self.unit or self.barcode

    @property
    def units(self) -> int:
        """How many units the line is; what was weighed is one."""
        return self.basket_line().units

    def basket_line(self) -> Line:
        """The line as prices, promotions and taxes look at it."""
        return Line(
            self.id,
            self.sold_as,
            self.quantity,
            self.amount,
            self.unit_price,
            self.measure,
            self.pack,
            self.category,
            self.brand,
            self.tax_class,
        )


class ProductNow(NamedTuple):
    """A product as it was read, and its version."""

    product: CachedProduct
    ver: int


class Refreshed(NamedTuple):
    """A line with what its product says now. `blocked` is why it must not be sold, `warnings` what should be known."""

    line: CartLine
    blocked: str | None
    warnings: tuple[str, ...] = ()


def unit_of(product: CachedProduct, barcode: str | None) -> Unit | None:
    """The pack of the product with this barcode; None when it is the product's own or nobody's."""
    if barcode is None or barcode == product["barcode"]:
        return None
    return next((unit for unit in product["units"] if unit.get("barcode") == barcode), None)


def offer_of(product: CachedProduct, unit: Unit | None, currency: str) -> Offer:
    """How the product, or a pack of it, is sold."""
    price = product["price"]
    unit_price = price["amount"] if price else None
    if unit is None:
        return Offer(unit_price, currency, product["measure"])
    return Offer(unit_price, currency, product["measure"], unit.get("quantity", PIECE), unit.get("price"))


def price_of(
    label: LineLabel, offer: Offer, quantity: int, rounding: Rounding = Rounding.HALF_EVEN
) -> tuple[int | None, int] | None:
    """Unit price and amount of a quantity; None when there is no price. The label goes before the offer."""
    if label.price is not None:
        return None, label.price
    if label.unit_price is not None:
        return label.unit_price, times_thousandths(label.unit_price, quantity, rounding)
    if offer.pack_price is not None:
        return offer.pack_price, divide(offer.pack_price * quantity, offer.pack or PIECE, rounding)
    if offer.unit_price is None:
        return None
    each = offer.unit_price
    if offer.measure == EACH and offer.pack is not None:
        each = times_thousandths(offer.unit_price, offer.pack, rounding)
    return each, times_thousandths(offer.unit_price, quantity, rounding)


def refresh(
    line: CartLine, now: ProductNow | None, currency: str, local: datetime, moment: datetime, rounding: Rounding
) -> Refreshed:
    """The line with the price and the facts of its product as they are now.

    `local` is `moment` on the store's clock. A line that is blocked keeps what it was.
    """
    if now is None:
        return Refreshed(line, PRODUCT_NOT_FOUND)
    product = now.product
    unit = unit_of(product, line.unit)
    if product["status"] != products.ACTIVE or (line.unit is not None and unit is None):
        return Refreshed(line, PRODUCT_NOT_FOR_SALE)
    pack = unit.get("quantity", PIECE) if unit is not None else PIECE
    if product["measure"] != line.measure or pack != line.pack:
        return Refreshed(line, PRODUCT_CHANGED)
    price = product["price"]
    if price is not None and price["currency"] != currency:
        return Refreshed(line, CURRENCY_MISMATCH)
    verdict = pricing.judge(
        _judged(line.label), today=local.date(), now=local.time(), recalled_lots=product["recalledLots"]
    )
    warnings = tuple(sale.value for sale in verdict.warnings)
    priced = price_of(line.label, offer_of(product, unit, currency), line.quantity, rounding)
    if priced is None:
        return Refreshed(line, NOT_PRICED, warnings)
    fresh = _with(line, now, *priced, moment)
    if verdict.blocked:
        # A recall is the graver of the two, and what staff must act on.
        return Refreshed(fresh, RECALLED_LOT if pricing.Sale.RECALLED_LOT in verdict.blocked else EXPIRED, warnings)
    return Refreshed(fresh, None, warnings)


def _with(line: CartLine, now: ProductNow, unit_price: int | None, amount: int, moment: datetime) -> CartLine:
    product = now.product
    changed = unit_price != line.unit_price
    return replace(
        line,
        name=product["name"],
        unit_price=unit_price,
        amount=amount,
        ver=now.ver,
        category=product["categoryId"],
        brand=product["brandId"],
        tax_class=product["taxClass"],
        age_restriction=product["ageRestriction"],
        image_url=product["imageUrl"],
        was=line.unit_price if changed else line.was,
        changed_at=moment if changed else line.changed_at,
    )


def _judged(label: LineLabel) -> Label:
    return Label(
        lot=label.lot,
        best_before=label.best_before,
        sell_by=label.sell_by,
        use_by=label.use_by,
        use_by_time=label.use_by_time,
    )


# ---- as the document has it ---------------------------------------------------------------------------------


def to_document(line: CartLine) -> dict[str, Any]:
    """The line as MongoDB has it; `from_document` reads it back."""
    return {
        "id": line.id,
        "code": line.code,
        "barcode": line.barcode,
        "unit": line.unit,
        "name": line.name,
        "quantity": line.quantity,
        "unitPrice": line.unit_price,
        "amount": line.amount,
        "measure": line.measure,
        "pack": line.pack,
        "fixed": line.fixed,
        "categoryId": line.category,
        "brandId": line.brand,
        "taxClass": line.tax_class,
        "ageRestriction": line.age_restriction,
        "imageUrl": line.image_url,
        "note": line.note,
        "addedAt": line.added_at,
        "price": {"was": line.was, "changedAt": line.changed_at},
        "label": _label_document(line.label),
        "ver": line.ver,
    }


def from_document(document: Mapping[str, Any]) -> CartLine:
    """The line of a document; fields it does not know (those of a purchase, say) are left alone."""
    price = document.get("price") or {}
    return CartLine(
        id=document["id"],
        code=document["code"],
        barcode=document["barcode"],
        unit=document.get("unit"),
        name=document["name"],
        quantity=document["quantity"],
        unit_price=document["unitPrice"],
        amount=document["amount"],
        measure=document["measure"],
        pack=document["pack"],
        fixed=document["fixed"],
        category=document.get("categoryId"),
        brand=document.get("brandId"),
        tax_class=document.get("taxClass"),
        age_restriction=document.get("ageRestriction"),
        image_url=document.get("imageUrl"),
        note=document.get("note", ""),
        added_at=document["addedAt"],
        was=price.get("was"),
        changed_at=price.get("changedAt"),
        label=_label(document.get("label")),
        ver=document["ver"],
    )


def _label_document(label: LineLabel) -> dict[str, Any] | None:
    if label == PLAIN:
        return None
    return {
        "price": label.price,
        "unitPrice": label.unit_price,
        "lot": label.lot,
        "serial": label.serial,
        "useBy": label.use_by and label.use_by.isoformat(),
        "useByTime": None if label.use_by_time is None else label.use_by_time.isoformat(),
        "bestBefore": label.best_before and label.best_before.isoformat(),
        "sellBy": label.sell_by and label.sell_by.isoformat(),
    }


def _label(document: Mapping[str, Any] | None) -> LineLabel:
    if document is None:
        return PLAIN
    clock = document.get("useByTime")
    return LineLabel(
        price=document.get("price"),
        unit_price=document.get("unitPrice"),
        lot=document.get("lot"),
        serial=document.get("serial"),
        use_by=_day(document.get("useBy")),
        use_by_time=None if clock is None else time.fromisoformat(clock),
        best_before=_day(document.get("bestBefore")),
        sell_by=_day(document.get("sellBy")),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
