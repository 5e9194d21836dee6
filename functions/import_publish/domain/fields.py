"""The fields a row can carry, and how much each of them may hold. The same limits as the catalogue's door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Kind = Literal[
    "barcode", "name", "prose", "slug", "choice", "flag", "url", "age", "price", "currency", "stock", "moment", "text"
]

MOST_MINOR = 10**12
MOST_THOUSANDTHS = 10**12
MOST_METADATA_KEYS = 50
LONGEST_KEY = 64
LONGEST_NAME = 200
LONGEST_PROSE = 4000
LONGEST_URL = 500
LONGEST_METADATA = 1000
CLOCK_SKEW_MICROS = 300 * 1_000_000
METADATA = "metadata."
STOCK_UNITS: Mapping[str, int] = {
    "piece": 3,
    "kg": 3,
    "l": 3,
    "m": 3,
    "cm": 1,
    "g": 0,
    "ml": 0,
    "mm": 0,
    "thousandths": 0,
}
"""A unit of stock to the decimals with which a number of it is thousandths of a piece, kilogram, litre or metre."""


class Field(NamedTuple):
    """One canonical field."""

    kind: Kind
    clears: bool = False
    """Whether the product may be without it, so that an empty cell can take it away."""
    choices: tuple[str, ...] = ()


FIELDS: dict[str, Field] = {
    "barcode": Field("barcode"),
    "name": Field("name"),
    "description": Field("prose", clears=True),
    "brandId": Field("slug", clears=True),
    "categoryId": Field("slug", clears=True),
    "status": Field("choice", choices=("active", "inactive")),
    "measure": Field("choice", choices=("each", "weight", "volume", "length")),
    "taxClass": Field("slug"),
    "imageUrl": Field("url", clears=True),
    "ageRestriction": Field("age", clears=True),
    "showInQuickProducts": Field("flag"),
    "price": Field("price"),
    "currency": Field("currency"),
    "stock": Field("stock"),
    "asOf": Field("moment"),
}
"""`price` in minor units, `stock` in thousandths, `asOf` in microseconds since the epoch."""

PRODUCT_FIELDS = (
    "name",
    "description",
    "brandId",
    "categoryId",
    "status",
    "measure",
    "taxClass",
    "imageUrl",
    "ageRestriction",
    "showInQuickProducts",
)
"""What the catalogue's editors own; metadata comes on top, price and stock go through their watermarks."""

DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(PRODUCT_FIELDS[1:]),  # all but the name
    "status": "active",
    "measure": "each",
    "taxClass": "standard",
    "showInQuickProducts": False,
}
"""What a new product is where its row says nothing: the same as at the catalogue's own door."""

_METADATA_FIELD = Field("text", clears=True)


def is_field(name: str) -> bool:
    """Whether a profile or a correction may name it; `metadata.` and a key is one too."""
    return name in FIELDS or (name.startswith(METADATA) and is_key(name[len(METADATA) :]))


def field_of(name: str) -> Field:
    """The field of a name that `is_field`."""
    return FIELDS.get(name, _METADATA_FIELD)


def is_key(key: str) -> bool:
    """Whether a metadata key can be stored: no dots, no leading $, nothing that cannot be printed."""
    return 0 < len(key) <= LONGEST_KEY and "." not in key and key[0] != "$" and key.isprintable()


def key_from(column: str, taken: set[str]) -> str:
    """A metadata key for a column of the file that is not in `taken`."""
    plain = "".join(char if char.isprintable() and char not in ".$" else "_" for char in column.strip())
    base = plain[:LONGEST_KEY] or "_"
    key, number = base, 2
    while key in taken:
        key = f"{base[: LONGEST_KEY - 4]}_{number}"
        number += 1
    return key


def camel(name: str) -> str:
    """The name of an attribute as plain data spell it: price_unit is priceUnit."""
    head, *tail = name.split("_")
    return head + "".join(map(str.capitalize, tail))
