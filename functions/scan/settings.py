"""This room's own environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """`scan_low_stock`: thousandths of the base unit at or below which stock is called low."""

    scan_low_stock: int = 5_000
