"""The rules of a checkout that need nothing but what they are told: what is looked at, what is scarce, what differs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["age", "spot_check", "risk"]
AGE: Final = "age"
SPOT_CHECK: Final = "spot_check"
RISK: Final = "risk"
OPEN, CLAIMED, APPROVED, REJECTED = "open", "claimed", "approved", "rejected"
UNDECIDED = frozenset({OPEN, CLAIMED})
MILLION = 1_000_000
PLENTY = 20
"""A product of which so many times the wanted quantity is left is not scarce."""


def checks_for(
    visit: str, total: int, age_limit: int | None, *, age_check: bool, share: int, risk_amount: int | None
) -> list[Kind]:
    """What staff have to look at before the basket is paid.

    `share` is in millionths of all visits. Which ones follows from what names the `visit`, the same every time it is
    asked: who is picked stays so, however often he cancels and checks out again.
    """
    kinds: list[Kind] = []
    if age_check and age_limit:
        kinds.append(AGE)
    if risk_amount is not None and total >= risk_amount:
        kinds.append(RISK)
    elif lot(visit) < share:
        kinds.append(SPOT_CHECK)
    return kinds


def lot(visit: str) -> int:
    """A number below a million, as good as drawn."""
    return int.from_bytes(hashlib.sha256(f"spot check {visit}".encode()).digest()[:8]) % MILLION


def scarce(demand: Mapping[str, int], left: Mapping[str, int]) -> list[str]:
    """The products that others may be after too; what `left` does not name is kept by nobody."""
    return [barcode for barcode, wanted in demand.items() if left.get(barcode, wanted * PLENTY) < wanted * PLENTY]


def is_clear(statuses: Iterable[str]) -> bool:
    """Whether staff have let everything pass."""
    return all(status == APPROVED for status in statuses)


def intervention_id(checkout_id: str, number: int) -> str:
    """The id of a checkout's intervention, counted from 1."""
    return f"{checkout_id}.{number}"


def checkout_of(intervention: str) -> tuple[str, int] | None:
    """The checkout and the number in an intervention's id; None when it cannot be one."""
    checkout_id, _, number = intervention.rpartition(".")
    if not number.isascii() or not number.isdigit() or len(number) > 2 or "." not in checkout_id:
        return None
    return checkout_id, int(number)


@dataclass(frozen=True, slots=True)
class Difference:
    """A product of which staff found another quantity than the basket says; thousandths."""

    barcode: str
    name: str
    basket: int
    found: int

    @property
    def missing(self) -> bool:
        """Less was found: it is taken off."""
        return self.found < self.basket


def differences(basket: Sequence[tuple[str, str, int]], found: Mapping[str, int]) -> list[Difference]:
    """Where the goods differ from the basket, given as (barcode, name, quantity) by line; sorted by barcode."""
    names: dict[str, str] = {}
    wanted: dict[str, int] = {}
    for barcode, name, quantity in basket:
        names.setdefault(barcode, name)
        wanted[barcode] = wanted.get(barcode, 0) + quantity
    return [
        Difference(barcode, names.get(barcode, ""), wanted.get(barcode, 0), found.get(barcode, 0))
        for barcode in sorted({*wanted, *found})
        if wanted.get(barcode, 0) != found.get(barcode, 0)
    ]


def without_missing(lines: Sequence[tuple[str, str, int, int, bool]], missing: Iterable[Difference]) -> dict[str, int]:
    """The quantity of each line that stays, given as (line, barcode, quantity, pack, divisible); 0: the line goes.

    The last line of a product goes first, in whole packs; a line that cannot be divided goes as a whole, and never
    less is taken off than is missing: nobody pays for what is not there.
    """
    kept = {line: quantity for line, _, quantity, _, _ in lines}
    for difference in missing:
        excess = difference.basket - difference.found
        for line, barcode, quantity, pack, divisible in reversed(lines):
            if barcode != difference.barcode or excess <= 0:
                continue
            packs = -(-excess // pack)
            taken = min(quantity, packs * pack) if divisible else quantity
            kept[line] = quantity - taken
            excess -= taken
    return kept
