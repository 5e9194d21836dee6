"""What the simulated ERPs sell. Every change has a revision, so that a client may ask for what is new since one."""

from __future__ import annotations

from dataclasses import dataclass

from functions.common.retail.barcode import check_digit

_SUPPLIERS = ("Nordkap", "Alma", "Terrazza", "Hof Linde", "Kaffa")
_GOODS = ("Oat drink", "Rye bread", "Olive oil", "Dark chocolate", "Ground coffee", "Tomatoes", "Butter", "Apple juice")
_FIRST = 400_900_000_000


@dataclass(slots=True)
class Item:
    """One product. `cents` is its price; prices leave as decimal numbers with two places (1.10, not 1.1)."""

    barcode: str
    name: str
    supplier: str
    cents: int
    stock: int
    revision: int

    @property
    def price(self) -> str:
        """As a decimal number."""
        return f"{self.cents // 100}.{self.cents % 100:02d}"


def gtin(number: int) -> str:
    """A GTIN-13 with its check digit."""
    digits = str(_FIRST + number)
    return digits + check_digit(digits)


class Assortment:
    """`count` products, the same every time."""

    def __init__(self, count: int = 120) -> None:
        self.revision = 1
        self.items = [
            Item(
                barcode=gtin(number),
                name=f"{_GOODS[number % len(_GOODS)]} {number + 1}",
                supplier=_SUPPLIERS[number % len(_SUPPLIERS)],
                cents=110 + (number * 37) % 2_500,
                stock=number % 90,
                revision=1,
            )
            for number in range(count)
        ]

    def touch(self, count: int = 1) -> int:
        """Make the first `count` products ten cents dearer; the new revision."""
        self.revision += 1
        for item in self.items[:count]:
            item.cents += 10
            item.revision = self.revision
        return self.revision

    def since(self, revision: int) -> list[Item]:
        """What has changed after a revision; 0: everything."""
        return [item for item in self.items if item.revision > revision]

    def csv(self) -> str:
        """As a file."""
        lines = ["barcode;name;supplier;price;stock"]
        lines += [f"{i.barcode};{i.name};{i.supplier};{i.price.replace('.', ',')};{i.stock}" for i in self.items]
        return "\r\n".join(lines) + "\r\n"
