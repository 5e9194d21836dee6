"""The environment of this room alone; what every room reads is in `functions.common.settings`."""

from __future__ import annotations

from dataclasses import dataclass

from functions.common import settings
from functions.common.once import Once


@dataclass(frozen=True, slots=True)
class PriceIngest:
    """How messages are put together into rounds. The defaults were measured; see the room's README."""

    price_round_updates: int = 1_000
    price_rounds_in_flight: int = 4


load = Once(lambda: settings.load(PriceIngest))
