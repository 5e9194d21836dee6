"""One look at the platform for everybody in this process, and the last known figures while the source is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from functions.admin.health import Away, Figures, Source
from functions.common import log

PATIENCE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Seen:
    """The last known figures, if any; `away` says why they are not of now, or is empty."""

    figures: Figures | None
    away: str = ""


class Watch:
    """Of one event loop. `seconds` is a clock that never goes back."""

    def __init__(
        self, source: Source, *, patience: float = PATIENCE_SECONDS, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self.source, self._patience, self._seconds = source, patience, seconds
        self._seen = Seen(None)
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    async def seen(self) -> Seen:
        """Figures at most a few seconds old, or the last known. Never raises for what a source does."""
        if self._looking is None and self._seconds() - self._looked_at >= self.source.keep_seconds:
            self._looking = asyncio.create_task(self._look())
        if self._looking is not None:
            # Whoever began it may hang up; the others still want to know.
            await asyncio.shield(self._looking)
        return self._seen

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                self._seen = Seen(await self.source.look())
        except (Away, TimeoutError) as error:
            why = str(error) or f"the source did not answer within {self._patience:g} s"
            log.warning("health.source_away", source=self.source.name, reason=why)
            self._seen = Seen(self._seen.figures, why)
        finally:
            self._looked_at, self._looking = self._seconds(), None


class NoSource:
    """Where nobody has said which source there is."""

    name = "none"
    keep_seconds = 60.0

    async def look(self) -> Figures:
        """Raises Away."""
        raise Away("no source is set (OPERATIONS_SOURCE)")
