"""The catalogue's own rules: what a caller may state about a product, and when. Data and time in, decision out.

How an edit is made, with its audit entry and its event, is in `common/product_edits.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from functions.common.product_edits import Editor, Initial, Invalid, micros
from functions.common.products import Unit, Watermark, price_field, stock_field
from functions.common.retail import barcode

SLUG_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$"
MOST_MINOR = 10**12
MOST_THOUSANDTHS = 10**12
MOST_UNITS = 20
MOST_BULK = 500
CLOCK_SKEW_SECONDS = 300


def outdated(seen: int | None, edited: int) -> bool:
    """True when an editor saw version `seen` and somebody has edited since: the last edit made `edited`.

    Price and stock move `ver` all day; only another edit of the catalogue is a conflict.
    """
    return seen is not None and seen < edited


def canonical_barcode(code: str) -> str:
    """The form a product is stored under. Eight digits that are no GTIN-8 are tried as a UPC-E.

    Raises Invalid with the reason of `retail.barcode`.
    """
    try:
        return barcode.canonical(code)
    except barcode.InvalidCode as problem:
        upc_a = barcode.expand_upc_e(code)
        if upc_a is not None:
            return barcode.canonical(upc_a)
        raise Invalid(problem.message, code=str(problem.code), field="barcode") from None


def canonical_units(own: str, units: Sequence[Mapping[str, Any]]) -> list[Unit]:
    """Packs with canonical barcodes, each with one of its own.

    Raises Invalid when a barcode cannot be read, two packs share one, or a pack has the product's.
    """
    seen, result = {own}, list[Unit]()
    for unit in units:
        try:
            code = canonical_barcode(unit["barcode"])
        except Invalid as problem:
            raise Invalid(str(problem), code=problem.code, field="units.barcode") from None
        if code in seen:
            message = "every unit needs a barcode of its own"
            raise Invalid(message, code="DUPLICATE_UNIT_BARCODE", field="units")
        seen.add(code)
        pack: Unit = {"name": unit["name"], "barcode": code, "quantity": unit["quantity"], "price": unit["price"]}
        result.append(pack)
    return result


def stated(value: Mapping[str, Any], currency: str, editor: Editor) -> Initial:
    """The initial price and stock of a body that has checked fields.

    Raises Invalid for a currency that is not the store's and for a time in the future.
    """
    price, stock = value.get("price"), value.get("stock")
    if price is not None:
        check_currency(price["currency"], currency)
    return Initial(
        price=price_field(price["amount"], currency, _watermark(price.get("asOf"), "price", editor))
        if price is not None
        else None,
        stock=stock_field(stock["quantity"], _watermark(stock.get("asOf"), "stock", editor))
        if stock is not None
        else None,
    )


def _watermark(as_of: datetime | None, field: str, editor: Editor) -> Watermark:
    return {"t": stated_at(as_of, editor.now, field), "q": 0, "s": "catalog", "e": editor.op}


def stated_at(as_of: datetime | None, now: datetime, field: str) -> int:
    """The watermark time of an initial value in microseconds since the epoch.

    Raises Invalid for a time that lies in the future by more than clocks differ.
    """
    moment = as_of or now
    if (moment - now).total_seconds() > CLOCK_SKEW_SECONDS:
        raise Invalid("asOf lies in the future", code="AS_OF_IN_FUTURE", field=f"{field}.asOf")
    return micros(moment)


def check_currency(given: str, of_store: str) -> None:
    """Prices are stored in the store's currency.

    Raises Invalid for any other.
    """
    if given != of_store:
        raise Invalid(f"the store's currency is {of_store}", code="WRONG_CURRENCY", field="price.currency")


def ambiguous(codes: Mapping[str, Sequence[str]], others: Sequence[Mapping[str, Any]]) -> set[str]:
    """Which of the products (barcode -> barcodes of its packs) would make a barcode mean two things.

    `others` are the products on sale that share some barcode with them.
    """
    owners: dict[str, set[str]] = {}
    for own, packs in codes.items():
        for code in (own, *packs):
            owners.setdefault(code, set()).add(own)
    for other in others:
        for code in (other["barcode"], *(unit["barcode"] for unit in other.get("units") or ())):
            owners.setdefault(code, set()).add(other["barcode"])
    shared = [names for names in owners.values() if len(names) > 1]
    return {own for own in codes if any(own in names for names in shared)}
