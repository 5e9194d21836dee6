"""What goes over the wire about carts; OpenAPI is generated from these.

Money is minor units, quantities are thousandths.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from functions.common.wire import Wire

Version = Annotated[int, Field(ge=0, le=10**9, description="the version of the cart that this was decided on")]
Quantity = Annotated[int, Field(strict=True, gt=0, le=999_999_000, description="thousandths: of a piece, kg, l or m")]
Note = Annotated[str, StringConstraints(strict=True, max_length=200)]


class AddLine(Wire):
    """What was scanned: the raw content of a symbol, as for a scan."""

    code: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=512)] = Field(
        description="as the scanner read it; a symbology identifier in front is understood"
    )
    quantity: Quantity | None = None
    note: Note = ""
    cart_version: Version | None = None


class ChangeLine(Wire):
    """What is to change; what is left out stays."""

    quantity: Quantity | None = None
    note: Note | None = None
    cart_version: Version | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ChangeLine:
        if self.quantity is None and self.note is None:
            raise ValueError("say a quantity or a note")
        return self


class CartQuery(Wire):
    """How an edit without a body says which cart it is about."""

    cart_version: Version | None = None


class LookQuery(Wire):
    """How much is to be said."""

    explain: bool = Field(
        default=False, description="every promotion, also those that have nothing to do with the cart"
    )


class CartRemark(Wire):
    """Something the shopper should know, by a stable code."""

    code: str
    message: str


class OldPrice(Wire):
    """What a unit cost before its price changed."""

    unit_price: int
    changed_at: datetime


class CartLineView(Wire):
    """One line. `amount` less `discount` is `payable`; `net` and `tax` are `gross`."""

    line_id: str
    code: str
    barcode: str
    unit_barcode: str | None = Field(description="of the pack that was scanned")
    name: str
    quantity: int
    measure: Literal["each", "weight", "volume", "length"]
    pack: int = Field(description="thousandths of the product in one unit of this line")
    fixed: bool = Field(description="the label says how much it is: the quantity cannot be changed")
    unit_price: int | None
    old_price: OldPrice | None
    amount: int
    discount: int
    payable: int
    net: int
    tax: int
    gross: int
    category_id: str | None
    brand_id: str | None
    tax_class: str | None
    age_restriction: int | None
    image_url: str | None
    note: str
    added_at: datetime
    unavailable: CartRemark | None = Field(description="why it cannot be bought; it is not in the totals")
    warnings: list[CartRemark]


class CartTaxPart(Wire):
    """One tax's part in a share."""

    name: str
    rate: str
    tax: int


class CartTaxShare(Wire):
    """What is taxed at one rate (a percentage as text)."""

    rate: str
    net: int
    tax: int
    gross: int
    parts: list[CartTaxPart]


class CartTouch(Wire):
    """A unit of a line (counted from 0) that a promotion used, and how much less it costs for it."""

    line_id: str
    unit: int
    role: Literal["discounted", "trigger"]
    amount: int


class CartPromotion(Wire):
    """A promotion's part in the cart, or the reason why it has none (docs/promotions.md)."""

    promotion_id: str
    ver: int
    name: str
    discount: int
    times: int
    code: str | None
    touches: list[CartTouch]
    reason: str | None
    message: str | None
    missing: int


class CartPromotions(Wire):
    """What made the cart cheaper, and what nearly did."""

    applied: list[CartPromotion]
    not_applied: list[CartPromotion]


class CartCode(Wire):
    """A coupon code and what became of it."""

    code: str
    promotion_id: str | None
    reason: str | None
    message: str | None


class CartCard(Wire):
    """The brand card of the visit."""

    brand_id: str
    masked_number: str | None
    attached_until: datetime


class CartChange(Wire):
    """A unit price that is another than the cart had."""

    line_id: str
    barcode: str
    name: str
    old: int | None
    new: int | None


class CartView(Wire):
    """The cart and what it costs now."""

    session_id: str
    store_id: str
    cart_version: int
    currency: str
    lines: list[CartLineView]
    touched_line_id: str | None = Field(description="the line that the edit was about")
    units: int
    subtotal: int
    discount: int
    net: int
    tax: int
    total: int = Field(description="what is to be paid")
    tax_shares: list[CartTaxShare]
    promotions: CartPromotions
    codes: list[CartCode]
    card: CartCard | None
    checkout_id: str | None = Field(description="the checkout that holds the cart; it cannot be edited meanwhile")
    expires_at: datetime = Field(description="when the visit ends if nothing is done in it")
    changes: list[CartChange]


class HandoverCode(Wire):
    """One of the codes: its text, and a QR code of it as an SVG document."""

    number: int
    of: int
    lines: int
    text: str
    svg: str


class Handover(Wire):
    """The cart for a till: all codes for one without a network, any of them (or the id alone) for one that has it."""

    handover_id: str
    cart_version: int
    expires_at: datetime
    codes: list[HandoverCode]


class HandedCart(Wire):
    """The cart behind a code; `handed_over` once a till has taken it."""

    status: Literal["active", "handed_over"]
    cart: CartView
