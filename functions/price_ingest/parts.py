"""A message on its way through a round, and what a round has found out so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
    replayed: bool = False
    """A dead letter tried again. Pub/Sub has given it an id of its own, so its first identity may have to be found."""

    def __post_init__(self) -> None:
        self.keys = {(update.store_id, update.barcode) for update in self.updates}
        self.outcomes = [None] * len(self.updates)

    def recognise(self, position: int, document: Mapping[str, Any]) -> None:
        """Take the identity again that a replayed message had when this product was written, if that was its doing.

        Only then does it announce its changes under the ids of the first time, and renews what was not renewed.
        """
        update = self.updates[position]
        content = f"{self.key[self.key.rindex('-') :]}/{update.place}"
        for name, value in (("price", update.price), ("stock", update.stock)):
            standing = document.get(name)
            if standing is None or value is None:
                continue
            w = standing["w"]
            if (w["t"], w["q"], w["s"]) == (update.t, update.q, update.s) and w["e"].endswith(content):
                self.key = w["e"].rpartition("/")[0]
                self.updates = [each._replace(e=f"{self.key}/{each.place}") for each in self.updates]
                self.replayed = False
                return

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
