"""What goes over the wire of receipts and passes; `functions.checkout.schemas` passes them on."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from functions.common.wire import Wire


class ReceiptLineView(Wire):
    """A line; money in minor units, `quantity` in thousandths. `count` is null for what was weighed or measured."""

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
    tax_rate: str | None = Field(description="in percent")


class ReceiptPromotionView(Wire):
    """A promotion that the basket got, and what it took off."""

    name: str
    code: str | None
    discount: int


class ReceiptShareView(Wire):
    """What was taxed at one rate, in percent; `names` are the taxes it consists of."""

    rate: str
    names: list[str]
    net: int
    tax: int
    gross: int


class ReceiptPaymentView(Wire):
    """What was paid with."""

    provider: str
    type: str | None
    brand: str | None
    last4: str | None
    amount: int


class ReceiptRefundView(Wire):
    """What has gone back since."""

    refund_id: str
    amount: int
    at: datetime
    reason: str


class ReceiptView(Wire):
    """A receipt. The numbers of a store's receipts are 1, 2, 3 and so on, without gaps."""

    number: int
    checkout_id: str
    store_id: str
    store_name: str
    address: list[str]
    issued_at: datetime
    time_zone: str
    currency: str
    lines: list[ReceiptLineView]
    promotions: list[ReceiptPromotionView]
    subtotal: int
    discount: int
    net: int
    tax: int
    total: int
    inclusive: bool = Field(description="whether prices contain the tax")
    shares: list[ReceiptShareView]
    payment: ReceiptPaymentView | None
    refunds: list[ReceiptRefundView]
    refunded: int
    footer: str


class ReceiptLink(Wire):
    """A link that opens the receipt without signing in. The token is told this once."""

    token: str
    path: str = Field(description="below the address of this API: a page; with `/pdf` and `/json` the other forms")
    expires_at: datetime


class PassView(Wire):
    """What opens the gate, once. `text` is the content of the code that the gate reads; show it as `pass.svg` does."""

    checkout_id: str
    text: str
    items: int
    issued_at: datetime
    expires_at: datetime
