"""Faults that tests ask the local Pub/Sub and Cloud Tasks to make. Nothing here happens unless it is asked for."""

from dataclasses import dataclass, field
from random import Random


@dataclass(slots=True)
class Faults:
    """Shares are between 0 and 1, times in seconds. The same seed makes the same decisions in the same order."""

    seed: int = 0
    duplicate: float = 0.0
    """Share of deliveries that are made once more after they succeeded."""
    delay: float = 0.0
    """Share of messages or tasks whose first delivery comes `delay_s` late."""
    delay_s: float = 1.0
    reorder: int = 1
    """Deliveries are picked at random among this many waiting ones (never within one ordering key)."""
    drop_ack: float = 0.0
    """Share of successful answers that are treated as if they had been lost."""
    random: Random = field(init=False)
    counts: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)

    def strikes(self, name: str, share: float) -> bool:
        """Decides one fault and counts it, so that a test can show that it happened."""
        if share <= 0.0 or self.random.random() >= share:
            return False
        self.counts[name] = self.counts.get(name, 0) + 1
        return True
