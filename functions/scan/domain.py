"""The rules of a scan: product, label, store and time in; what the shopper is told out. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, TypedDict

from functions.common import products
from functions.common.products import CachedProduct, CachedStock, Unit
from functions.common.retail import pricing
from functions.common.retail.labels import NOTHING, Label, Template
from functions.common.retail.money import exponent, is_currency_number, rescale
from functions.common.retail.pricing import Offer, Priced, Sale, Verdict
from functions.common.retail.scancode import Resolved

# Symbologies by name, and the AIM identifier that tells the resolver (ISO/IEC 15424). Without an identifier a
# resolver has to guess: eight digits, for example, can be an EAN-8 and a UPC-E.
SYMBOLOGIES = {
    "ean_13": "]E0",
    "ean_8": "]E4",
    "upc_a": "]E0",
    "upc_e": "]E0",
    "itf_14": "]I1",
    "gs1_128": "]C1",
    "gs1_databar": "]e0",
    "gs1_datamatrix": "]d2",
    "gs1_qr": "]Q3",
    "gs1_dotcode": "]J1",
    "datamatrix": "]d1",
    "qr": "]Q1",
}

Level = Literal["in_stock", "low", "out_of_stock", "unknown"]

MESSAGES = {
    "AGE_RESTRICTED": "Staff must see that the shopper is old enough.",
    "BEST_BEFORE_PASSED": "The best-before date has passed.",
    "EXPIRED": "The use-by date has passed: this must not be sold.",
    "LABEL_CURRENCY": "The label's price is in another currency and is not used.",
    "LABEL_MEASURE": "The label's measure is not the one this product is sold by.",
    "LOT_NOT_ON_LABEL": "Some lots of this product are recalled and the code does not say which lot this is.",
    "NOT_PRICED": "There is no price for this product yet.",
    "RECALLED_LOT": "This lot is recalled: it must not be sold.",
    "SELL_BY_PASSED": "The sell-by date has passed.",
}


class Remark(TypedDict):
    """Something the shopper or the staff should know."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class StoreRules:
    """What a store decides about scans."""

    currency: str
    time_zone: str
    templates: tuple[Template, ...] = ()

    def local(self, now: datetime) -> datetime:
        """`now` on the clock on the store's wall."""
        from zoneinfo import ZoneInfo  # 6 ms of a cold start that plain numbers never need

        return now.astimezone(ZoneInfo(self.time_zone))


@dataclass(frozen=True, slots=True)
class Found:
    """A product, and under which of the barcodes that a code may stand for it was found."""

    barcode: str
    product: CachedProduct
    ver: int

    @property
    def unit(self) -> Unit | None:
        """The pack that was scanned, when it was not the product's own barcode."""
        if self.barcode == self.product["barcode"]:
            return None
        return next((u for u in self.product["units"] if u.get("barcode") == self.barcode), None)


def symbol(code: str, symbology: str | None) -> str:
    """The raw content with the symbology in front, as the resolver reads it; one sent by the scanner stays."""
    if symbology is None or code.startswith("]"):
        return code
    return SYMBOLOGIES[symbology] + code


def is_timeless(resolved: Resolved) -> bool:
    """Whether a scan of this code says the same at any time, as long as product and store stay the same."""
    return not resolved.label.elements


def is_for_sale(product: CachedProduct) -> bool:
    """Whether the store sells it at the moment."""
    return product["status"] == products.ACTIVE


def describe(
    resolved: Resolved,
    found: Found,
    store: StoreRules,
    *,
    now: datetime,
    low_stock: int,
    quantity: int | None = None,
    symbology: str | None = None,
) -> dict[str, Any]:
    """All that is said about one scanned item, in wire form. `quantity` in thousandths, when the shopper gave one."""
    product, label = found.product, resolved.label
    price = product["price"]
    currency = price["currency"] if price else store.currency
    priced = pricing.price_item(label, _offer(found, currency), quantity=quantity)
    verdict = _judge(label, product, store, now)
    return {
        "product": _product(product),
        "scanned": _scanned(resolved, found, symbology),
        "quantity": priced.quantity,
        "measure": product["measure"],
        "askQuantity": priced.ask_quantity,
        "unitPrice": priced.unit_price,
        "price": priced.amount,
        "currency": currency,
        "priceSource": priced.source.value,
        "stock": stock_view(product["stock"], low_stock),
        "label": None if label is NOTHING else label_view(label, currency),
        "blocked": blocked_view(verdict),
        "warnings": _warnings(resolved, product, priced, verdict),
        "freshness": {
            "priceAsOf": timestamp(price["at"]) if price else None,
            "updatedAt": timestamp(product["updatedAt"]),
            "ver": found.ver,
        },
    }


def stock_view(stock: CachedStock | None, low: int) -> dict[str, Any]:
    """How much is left and what that means; `low` in thousandths."""
    if stock is None:
        return {"available": None, "level": "unknown", "asOf": None}
    available = stock["avail"]
    level: Level = "out_of_stock" if available <= 0 else "low" if available <= low else "in_stock"
    return {"available": available, "level": level, "asOf": timestamp(stock["at"])}


def label_view(label: Label, currency: str) -> dict[str, Any]:
    """What the label said; money in minor units of `currency`, None when it is in another one."""
    places = exponent(currency)
    ours = label.price_currency is None or is_currency_number(label.price_currency, currency)
    price = rescale(label.price, label.price_decimals, places) if label.price is not None and ours else None
    unit_price = None
    if label.unit_price is not None:
        unit_price = rescale(label.unit_price, label.unit_price_decimals, places)
    return {
        "source": label.source or None,
        "measure": label.measure,
        "quantity": label.quantity,
        "count": label.count,
        "price": price,
        "unitPrice": unit_price,
        "percentOff": label.percent_off,
        "lot": label.lot,
        "serial": label.serial,
        "produced": _day(label.produced),
        "packed": _day(label.packed),
        "bestBefore": _day(label.best_before),
        "sellBy": _day(label.sell_by),
        "useBy": _day(label.use_by),
        "useByTime": None if label.use_by_time is None else label.use_by_time.isoformat("minutes"),
        "coupon": label.coupon,
        "elements": [{"ai": ai, "data": data} for ai, data in label.elements],
    }


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(micros: int) -> str | None:
    """Microseconds since the epoch as RFC 3339; None for a time that was never set."""
    if not micros:
        return None
    return (_EPOCH + timedelta(microseconds=micros)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _offer(found: Found, currency: str) -> Offer:
    product, unit = found.product, found.unit
    price = product["price"]
    unit_price = price["amount"] if price else None
    if unit is None:
        return Offer(unit_price, currency, product["measure"])
    return Offer(unit_price, currency, product["measure"], unit.get("quantity", 1000), unit.get("price"))


def _judge(label: Label, product: CachedProduct, store: StoreRules, now: datetime) -> Verdict:
    if not label.elements:
        # Without GS1 data there is no date to compare; the answer may be kept, so it must not depend on the time.
        return pricing.judge(label, today=date.min, recalled_lots=product["recalledLots"])
    local = store.local(now)
    clock: time = local.time()
    return pricing.judge(label, today=local.date(), now=clock, recalled_lots=product["recalledLots"])


def _product(product: CachedProduct) -> dict[str, Any]:
    return {
        "id": product["id"],
        "barcode": product["barcode"],
        "name": product["name"],
        "brandId": product["brandId"],
        "categoryId": product["categoryId"],
        "imageUrl": product["imageUrl"],
        "measure": product["measure"],
        "taxClass": product["taxClass"],
        "ageRestriction": product["ageRestriction"],
    }


def _scanned(resolved: Resolved, found: Found, symbology: str | None) -> dict[str, Any]:
    unit = found.unit
    return {
        "kind": resolved.kind.value,
        "barcode": found.barcode,
        "symbology": symbology,
        "unit": unit and {"name": unit.get("name"), "barcode": found.barcode, "quantity": unit.get("quantity", 1000)},
    }


def blocked_view(verdict: Verdict) -> dict[str, str] | None:
    """Why the item must not be sold, if so."""
    if not verdict.blocked:
        return None
    reason = _gravest(verdict)
    return {"reason": reason, "message": MESSAGES[reason]}


def _gravest(verdict: Verdict) -> str:
    # A recall is the graver of the two, and what staff must act on.
    return (Sale.RECALLED_LOT if Sale.RECALLED_LOT in verdict.blocked else verdict.blocked[0]).value


def _warnings(resolved: Resolved, product: CachedProduct, priced: Priced, verdict: Verdict) -> list[Remark]:
    remarks = [Remark(code=p.code, message=p.message) for p in resolved.warnings]
    codes: list[str] = [sale.value for sale in verdict.warnings]
    if verdict.blocked:
        codes += [sale.value for sale in verdict.blocked if sale.value != _gravest(verdict)]
    codes += priced.warnings
    if priced.amount is None and not (priced.ask_quantity and priced.unit_price is not None):
        codes.append("NOT_PRICED")
    if product["ageRestriction"]:
        codes.append("AGE_RESTRICTED")
    return remarks + [remark(code) for code in codes]


def remark(code: str) -> Remark:
    """A remark with the sentence that belongs to its code."""
    return Remark(code=code, message=MESSAGES.get(code, code))


def batch_counts(results: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many of a batch's items were found and how many were not."""
    found = sum(1 for result in results if result["success"])
    return {"found": found, "failed": len(results) - found}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
