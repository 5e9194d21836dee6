"""A file of products of any length: real titles over and over, each row with a barcode of its own."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from functions.common.retail.barcode import check_digit
from local.suite import ROOT

REAL = ROOT.parent / "shared" / "data" / "products-openfoodfacts-20k.csv"
"""Open Food Facts contributors, Open Database License; not part of the project, so it may not be there."""
HEADER = "barcode,name,category,price,stock,tax class\n"
LONGEST_NAME = 80
_CATEGORIES = ("bakery", "care", "dairy", "drinks", "frozen", "household", "pantry", "pets", "snacks")
_SIZES = (
    "100 g",
    "150 g",
    "200 g",
    "250 g",
    "330 ml",
    "400 g",
    "500 g",
    "750 g",
    "1 kg",
    "1 l",
    "2 x 150 g",
    "6 x 1 l",
)
_KINDS = ("Apple", "Oat", "Rye", "Hazelnut", "Lemon", "Tomato", "Spinach", "Elderflower", "Pumpkin", "Chestnut")
_THINGS = ("Biscuits", "Bread", "Cream", "Drink", "Jam", "Juice", "Müsli", "Pâté", "Purée", "Sauce", "Soup", "Tarte")


class Goods(NamedTuple):
    """One row. Price in minor units of a currency with cents, stock in whole pieces."""

    barcode: str
    name: str
    category: str
    price: int
    stock: int
    tax_class: str


def barcode(number: int) -> str:
    """The n-th valid GTIN-13; none of them is in the demo catalogue."""
    body = f"5{number:011d}"
    return body + check_digit(body)


def titles(source: Path = REAL) -> list[str]:
    """What real products are called, or made-up names when the data is not there."""
    if not source.exists():
        return [f"{kind} {thing}" for kind in _KINDS for thing in _THINGS]
    with source.open(newline="", encoding="utf-8") as file:
        found = [" ".join(row["title"].split())[:LONGEST_NAME].strip() for row in csv.DictReader(file)]
    # A row is rejected for a name that is empty; this is about speed, not about dirt.
    return [title for title in found if title and title.isprintable()]


def goods(count: int, names: Sequence[str], *, first: int = 0) -> Iterator[Goods]:
    """`count` products from the `first` on; the same every time."""
    chance = random.Random(f"assortment {first}")
    for number in range(first, first + count):
        lap, place = divmod(number, len(names))
        yield Goods(
            barcode(number),
            f"{names[place]} {_SIZES[lap % len(_SIZES)]}",
            _CATEGORIES[number % len(_CATEGORIES)],
            chance.randrange(29, 4999),
            chance.randrange(0, 500),
            "reduced" if number % 3 else "standard",
        )


def write(target: Path, rows: Iterator[Goods]) -> int:
    """Write them as CSV; returns its size in bytes."""
    with target.open("w", newline="", encoding="utf-8") as file:
        file.write(HEADER)
        lines = csv.writer(file, lineterminator="\n")
        for row in rows:
            price = f"{row.price // 100}.{row.price % 100:02d}"
            lines.writerow((row.barcode, row.name, row.category, price, row.stock, row.tax_class))
    return target.stat().st_size
