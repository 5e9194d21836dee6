"""The environment of the room of discounts alone; what every room reads is in `functions.common.settings`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from functions.common import settings
from functions.common.once import Once


@dataclass(frozen=True, slots=True)
class Discount:
    """Where the loyalty system is. Without a URL every card is accepted as one that nobody could ask about."""

    loyalty_url: str = ""
    loyalty_key: str = dataclasses.field(default="", repr=False)
    loyalty_timeout_seconds: float = 2.0


load = Once(lambda: settings.load(Discount))
