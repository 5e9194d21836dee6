"""A message on its way through a round, and what a round has found out so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from functions.common import mongo, stock
from functions.common.retail.stocktaking import Stock
from functions.price_ingest import announcing, domain
from functions.price_ingest.domain import REJECTED, Disagreement, Outcome, Update, Verdict
from functions.price_ingest.reading import Refusal
from functions.price_ingest.repository import Key


@dataclass(slots=True, eq=False)
class Part:
    """One message on its way through a round."""

    tenant_id: str
    key: str
    """The message's identity: the same on every delivery, and on a replay."""
    batch_id: str | None
    offset: int
    """Where its first update stands in the batch."""
    updates: list[Update]
    refusals: list[Refusal]
    keys: set[Key] = field(init=False)
    outcomes: list[Outcome | None] = field(init=False)
    disagreements: list[Disagreement] = field(default_factory=list)
    failure: BaseException | None = None

    def __post_init__(self) -> None:
        self.keys = {(update.store_id, update.barcode) for update in self.updates}
        self.outcomes = [None] * len(self.updates)

    @property
    def weight(self) -> int:
        """How many updates it brings to a round."""
        return len(self.updates)

    def counts(self) -> dict[Outcome, int]:
        """How many of its updates came to which end."""
        counts = domain.add_up(outcome for outcome in self.outcomes if outcome is not None)
        counts[REJECTED] += len(self.refusals)
        return counts


Item = tuple[Part, int]
"""A message and the position of an update in it."""


@dataclass(slots=True)
class Round:
    """What one round has found out so far."""

    tenant_id: str
    now: datetime
    left: dict[Key, list[Item]]
    fields: list[str]
    """Which of `price` and `stock` its updates are about: half the cost of reading a product is the other one."""
    touched: list[mongo.Document] = field(default_factory=list)
    counted: list[mongo.Document] = field(default_factory=list)
    changes: list[announcing.Announced] = field(default_factory=list)
    parked: bool = False

    def settle(self, items: list[Item], verdict: Verdict, document: mongo.Document) -> None:
        """Note what became of the updates of one product, whose document is as it is stored now."""
        for (part, position), outcome in zip(items, verdict.outcomes, strict=True):
            part.outcomes[position] = outcome
        for disagreement in verdict.disagreements:
            for part, position in items:
                if part.updates[position] is disagreement.update:
                    part.disagreements.append(disagreement)
                    break
        if not verdict.writes and not verdict.repeats:
            return
        self.touched.append(document)
        kept: Stock | None = document.get("stock")
        if kept is not None and "count" in kept and (verdict.stock is not None or verdict.repeats):
            self.counted.append(stock.count_entry(document["_id"], document, document["barcode"], kept, self.now))
        for change in verdict.changes:
            self.changes.append(announcing.Announced(document["storeId"], document["barcode"], change))
