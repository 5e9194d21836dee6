"""What the provider said of payments a moment ago, in this process: apps that poll cost it one look at a time.

A client secret is in here for seconds, and nowhere else.
"""

from __future__ import annotations

from functions.checkout.payments.provider import Intent
from functions.common import clock

FRESH_SECONDS = 2.0
_MOST = 5_000


class Recent:
    """The last look at each payment, by checkout."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, Intent]] = {}

    def put(self, checkout_id: str, intent: Intent) -> None:
        """Remember a look for a moment."""
        if len(self._seen) >= _MOST:
            oldest = clock.seconds() - FRESH_SECONDS
            self._seen = {key: each for key, each in self._seen.items() if each[0] > oldest}
            if len(self._seen) >= _MOST:
                self._seen.clear()
        self._seen[checkout_id] = (clock.seconds(), intent)

    def get(self, checkout_id: str) -> Intent | None:
        """The last look, if it was a moment ago."""
        found = self._seen.get(checkout_id)
        return found[1] if found is not None and clock.seconds() - found[0] < FRESH_SECONDS else None

    def forget(self, checkout_id: str) -> None:
        """Look anew the next time."""
        self._seen.pop(checkout_id, None)
