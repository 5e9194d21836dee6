"""What a receipt says: made from the purchase alone, so that it says the same whenever it is asked for. No I/O."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from functions.common import cart_lines
from functions.common.retail.basket import EACH
from functions.common.retail.money import format_decimal, format_money

MEASURED_IN = {"weight": "kg", "volume": "l", "length": "m"}
_METHODS = {"card": "Card", "paypal": "PayPal", "link": "Link", "sepa_debit": "SEPA direct debit"}
_BRANDS = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "maestro": "Maestro"}


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One line: `amount` less `discount` is `payable`; money in minor units, `quantity` in thousandths.

    `count` is how many pieces or packs it is, None for what was weighed or measured.
    """

    line_id: str
    barcode: str
    name: str
    quantity: int
    count: int | None
    measure: str
    unit_price: int | None
    amount: int
    discount: int
    payable: int
    tax_rate: str | None


@dataclass(frozen=True, slots=True)
class ReceiptPromotion:
    """A promotion that the basket got."""

    name: str
    code: str | None
    discount: int


@dataclass(frozen=True, slots=True)
class ReceiptShare:
    """What was taxed at one rate, a percentage as text; `names` are the taxes it consists of."""

    rate: str
    names: tuple[str, ...]
    net: int
    tax: int
    gross: int


@dataclass(frozen=True, slots=True)
class ReceiptPayment:
    """What was paid with."""

    provider: str
    type: str | None
    brand: str | None
    last4: str | None
    amount: int


@dataclass(frozen=True, slots=True)
class ReceiptRefund:
    """What has gone back since."""

    refund_id: str
    amount: int
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt. `inclusive`: prices contain the tax; otherwise it is added to them. Times are aware."""

    number: int
    checkout_id: str
    store_id: str
    store_name: str
    address: tuple[str, ...]
    issued_at: datetime
    time_zone: str
    currency: str
    lines: tuple[ReceiptLine, ...]
    promotions: tuple[ReceiptPromotion, ...]
    subtotal: int
    discount: int
    net: int
    tax: int
    total: int
    inclusive: bool
    shares: tuple[ReceiptShare, ...]
    payment: ReceiptPayment | None
    refunds: tuple[ReceiptRefund, ...]
    refunded: int
    footer: str

    @property
    def local_time(self) -> str:
        """When it was issued, on the store's clock."""
        return self.issued_at.astimezone(ZoneInfo(self.time_zone)).strftime("%Y-%m-%d %H:%M:%S")

    def money(self, minor: int) -> str:
        """An amount without its currency."""
        return format_money(minor, self.currency)


def of(purchase: Mapping[str, Any]) -> Receipt:
    """The receipt of a purchase that has one."""
    kept, totals = purchase["receipt"], purchase["totals"]
    return Receipt(
        number=kept["number"],
        checkout_id=purchase["_id"],
        store_id=purchase["storeId"],
        store_name=plain(kept["store"]["name"]),
        address=_address(kept["store"].get("address")),
        issued_at=kept["at"],
        time_zone=purchase["zone"],
        currency=purchase["currency"],
        lines=tuple(_line(line) for line in purchase["lines"]),
        promotions=tuple(_promotion(each) for each in purchase.get("promotions") or () if each.get("discount")),
        **{name: totals[name] for name in ("subtotal", "discount", "net", "tax", "total")},
        inclusive=totals["subtotal"] - totals["discount"] == totals["total"],
        shares=tuple(_share(each) for each in totals.get("shares") or ()),
        payment=_payment(purchase),
        refunds=tuple(_refund(each) for each in purchase.get("refunds") or () if each["state"] == "succeeded"),
        refunded=purchase.get("refunded") or 0,
        footer=plain(kept.get("footer") or "", keep="\n"),
    )


def plain(text: str, keep: str = "") -> str:
    """Text as it may be printed: composed, without characters that control what stands around them.

    A name that turns the direction of writing would make the amount beside it another one.
    """
    composed = unicodedata.normalize("NFC", text)
    return "".join(c if c in keep or unicodedata.category(c)[0] != "C" else " " for c in composed).strip()


def quantity_text(line: ReceiptLine) -> str:
    """How much of it: a count, or a measure with its unit."""
    if line.count is not None:
        return str(line.count)
    unit = MEASURED_IN.get(line.measure, "")
    return f"{format_decimal(line.quantity, 3)} {unit}".strip()


def method_text(payment: ReceiptPayment) -> str:
    """What was paid with, for people."""
    kind = _METHODS.get(payment.type or "", plain(payment.type or payment.provider).capitalize())
    brand = _BRANDS.get(payment.brand or "", plain(payment.brand or "").capitalize())
    digits = f"**** {plain(payment.last4)}" if payment.last4 else ""
    return " ".join(filter(None, (kind, brand, digits)))


def _line(line: Mapping[str, Any]) -> ReceiptLine:
    basket_line = cart_lines.from_document(line).basket_line()
    whole = basket_line.measure == EACH and basket_line.quantity % basket_line.pack == 0
    return ReceiptLine(
        line_id=line["id"],
        barcode=line["barcode"],
        name=plain(line["name"]),
        quantity=line["quantity"],
        count=basket_line.units if whole else None,
        measure=line["measure"],
        unit_price=line["unitPrice"],
        amount=line["amount"],
        discount=line["discount"],
        payable=line["payable"],
        tax_rate=_combined(line.get("rates") or ()),
    )


def _combined(rates: Sequence[Mapping[str, Any]]) -> str | None:
    if not rates:
        return None
    # A rate is stored in parts per million, so a percentage has four decimals.
    text = format_decimal(sum(int(each["millionths"]) for each in rates), 4)
    return text.rstrip("0").removesuffix(".")


def _promotion(row: Mapping[str, Any]) -> ReceiptPromotion:
    return ReceiptPromotion(plain(row.get("name") or ""), row.get("code"), row["discount"])


def _share(share: Mapping[str, Any]) -> ReceiptShare:
    names = tuple(filter(None, (plain(part.get("name") or "") for part in share.get("parts") or ())))
    return ReceiptShare(share["rate"], names, share["net"], share["tax"], share["gross"])


def _payment(purchase: Mapping[str, Any]) -> ReceiptPayment | None:
    payment = purchase.get("payment")
    if not payment:
        return None
    method = payment.get("method") or {}
    amount = payment.get("captured")
    return ReceiptPayment(
        payment["provider"],
        method.get("type"),
        method.get("brand"),
        method.get("last4"),
        purchase["totals"]["total"] if amount is None else amount,
    )


def _refund(refund: Mapping[str, Any]) -> ReceiptRefund:
    return ReceiptRefund(refund["id"], refund["amount"], refund["at"], plain(refund.get("reason") or ""))


def _address(address: Mapping[str, str | None] | None) -> tuple[str, ...]:
    if not address:
        return ()
    town = " ".join(filter(None, (address.get("postalCode"), address.get("city"))))
    return tuple(plain(part) for part in (address.get("street"), town, address.get("country")) if part)
