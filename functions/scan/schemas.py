"""What goes over the wire at the scan door; OpenAPI is generated from these."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StrictInt, StringConstraints

from functions.common.wire import Wire

Code = Annotated[
    str,
    StringConstraints(strict=True, max_length=2048),
    Field(
        description="the raw content of the symbol as the scanner gave it, group separators (U+001D) and a "
        "symbology identifier such as ]C1 included; at most 512 characters are a code",
        examples=["4006381333931", "]C10109040123451234631030012341727013110LOT7"],
    ),
]
Symbology = Literal[
    "ean_13",
    "ean_8",
    "upc_a",
    "upc_e",
    "itf_14",
    "gs1_128",
    "gs1_databar",
    "gs1_datamatrix",
    "gs1_qr",
    "gs1_dotcode",
    "datamatrix",
    "qr",
]
Quantity = Annotated[StrictInt, Field(ge=1, le=100_000_000)]
Measure = Literal["each", "weight", "volume", "length"]


class ScanRequest(Wire):
    """One symbol."""

    code: Code
    symbology: Symbology | None = Field(
        default=None, description="what kind of symbol it was, if the scanner says so and the content does not"
    )
    quantity: Quantity | None = Field(
        default=None,
        description="thousandths of the base unit (a piece, kg, l or m): how many, or the answer to askQuantity",
    )


class ScanBatch(Wire):
    """Several symbols, answered one by one."""

    items: list[ScanRequest] = Field(min_length=1, max_length=50)


class ScannedProduct(Wire):
    """The product behind a code."""

    id: str
    barcode: str = Field(description="the product's own barcode in canonical form")
    name: str
    brand_id: str | None
    category_id: str | None
    image_url: str | None
    measure: Measure
    tax_class: str | None
    age_restriction: int | None = Field(description="the age in years from which it may be sold")


class ScannedUnit(Wire):
    """The pack whose barcode was scanned."""

    name: str | None
    barcode: str
    quantity: int = Field(description="thousandths of the base unit in one pack")


class Scanned(Wire):
    """How the code was read."""

    kind: Literal["gtin", "upc_e", "variable_measure", "gs1", "digital_link", "internal", "coupon"]
    barcode: str = Field(description="the canonical barcode that was looked up")
    symbology: Symbology | None
    unit: ScannedUnit | None


class StockView(Wire):
    """What the shelf should hold."""

    available: int | None = Field(description="thousandths of the base unit")
    level: Literal["in_stock", "low", "out_of_stock", "unknown"]
    as_of: datetime | None = Field(description="the source's time of the figure")


class Element(Wire):
    """One GS1 element as scanned."""

    ai: str
    data: str


class LabelView(Wire):
    """What the label or the GS1 data said besides the product."""

    source: str | None = Field(description="a label template's name, gs1 or digital_link")
    measure: str | None
    quantity: int | None = Field(description="thousandths of kg, l, m or m2")
    count: int | None
    price: int | None = Field(description="minor units")
    unit_price: int | None = Field(description="minor units")
    percent_off: int | None = Field(description="thousandths of a percent; not applied here")
    lot: str | None
    serial: str | None
    produced: date | None
    packed: date | None
    best_before: date | None
    sell_by: date | None
    use_by: date | None
    use_by_time: str | None
    coupon: str | None
    elements: list[Element]


class Remark(Wire):
    """Something the shopper or the staff should know; `code` is stable."""

    code: str
    message: str


class Blocked(Wire):
    """Why the item must not be sold."""

    reason: Literal["EXPIRED", "RECALLED_LOT"]
    message: str


class Freshness(Wire):
    """How fresh the price is."""

    price_as_of: datetime | None = Field(description="the source's time of the price")
    updated_at: datetime | None = Field(description="when the product last changed here")
    ver: int = Field(description="grows with every change; send it along when adding to a cart")


class ScanReply(Wire):
    """Everything about one scanned item."""

    product: ScannedProduct
    scanned: Scanned
    quantity: int | None = Field(description="thousandths of the base unit; null while it must be asked for")
    measure: Measure
    ask_quantity: bool
    unit_price: int | None = Field(description="minor units for one base unit")
    price: int | None = Field(description="minor units for the quantity; null while it is not known")
    currency: str = Field(description="ISO 4217")
    price_source: Literal["list", "label", "label_unit", "pack", "none"]
    stock: StockView
    label: LabelView | None
    blocked: Blocked | None
    warnings: list[Remark]
    freshness: Freshness


class ItemError(Wire):
    """Why one item of a batch has no answer; the same codes as for a single scan."""

    code: str
    message: str
    details: Any = None


class BatchItem(Wire):
    """The answer to one item: `data` or `error`."""

    index: int
    success: bool
    data: ScanReply | None = None
    error: ItemError | None = None


class ScanBatchReply(Wire):
    """The answers in the order of the items."""

    found: int
    failed: int
    items: list[BatchItem]
