"""A chunk on its way to the live catalogue: its rows, the plan for them, and what they came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.common.mongo import Document
from functions.common.product_edits import Editor, micros
from functions.common.retail.stocktaking import Entry
from functions.import_publish.domain import codes, failures, plan
from functions.import_publish.domain.plan import Context, Decision, Record
from functions.import_publish.gently import Gait

_BY_PLACE = ("rows", "failed", "stale")


class Chunk:
    """The rows of a chunk and the plan for them."""

    def __init__(self, document: Document, chunk: Document, made: Document, gait: Gait) -> None:
        self._document = document
        self.rows: list[Document] = chunk["rows"]
        self.confirmed = frozenset((*document["confirmed"], *chunk.get("confirmed", ())))
        self.plan = made
        self.context = self._context()
        self.gait = gait
        self.packs: Mapping[str, str] = {}
        self._decided = {_place(each) for name in _BY_PLACE for each in made[name]}

    def adopt(self, made: Document) -> None:
        """Go by another worker's plan, which came first."""
        self.plan = made
        self.context = self._context()
        self._decided = {_place(each) for name in _BY_PLACE for each in made[name]}

    def _context(self) -> Context:
        document, made = self._document, self.plan
        return Context(
            tenant_id=document["tenantId"],
            store_id=document["storeId"],
            currency=document["currency"],
            import_id=document["_id"],
            op=made["op"],
            editor=Editor(made["by"], made["role"], document["_id"], made["op"], made["at"]),
            stated_at=micros(document["createdAt"]),
            confirmed=self.confirmed,
        )

    def row(self, record: Record) -> Mapping[str, Any]:
        """The row of the file that a record was made of."""
        return self.rows[record["row"]]

    def counted_at(self, place: int, live: Mapping[str, Any] | None) -> int | None:
        """See `plan.counted_at`."""
        return plan.counted_at(self.rows[place], live, self.context)

    def decide(self, place: int, live: Mapping[str, Any] | None, moves: Sequence[Entry] | None) -> None:
        """Put the record of a row into the plan, in the place of the one before, or what else becomes of the row."""
        self._clear(place)
        row = self.rows[place]
        taken = self.packs.get(row["b"]) if live is None or live["status"] == "deleted" else None
        if taken is not None and taken != row["b"]:
            self.plan["failed"].append([place, "BARCODE_IN_USE", taken])
        else:
            self._note(place, plan.decide(place, row, live, self.context, moves))

    def _note(self, place: int, decision: Decision) -> None:
        made = self.plan
        if decision.stale:
            made["stale"].append([place, list(decision.stale)])
        if decision.record is not None:
            made["rows"].append({**decision.record, "try": made["attempt"] + 1})
        elif decision.code is not None:
            made["failed"].append([place, decision.code, None])
        elif decision.outcome == plan.UNCHANGED:
            made["rest"][plan.UNCHANGED] = made["rest"].get(plan.UNCHANGED, 0) + 1

    def give_up(self, place: int, code: str) -> None:
        """The row is not published."""
        self._clear(place)
        self.plan["failed"].append([place, code, None])

    def _clear(self, place: int) -> None:
        if place in self._decided:
            for name in _BY_PLACE:
                self.plan[name] = [each for each in self.plan[name] if _place(each) != place]
        self._decided.add(place)

    def held_back(self) -> None:
        """Count the rows that are not looked at: excluded, rejected, and those that change nothing."""
        rest: dict[str, int] = {}
        for row in self.rows:
            end = plan.held_back(row, self.confirmed)
            if end is None and row.get("a", plan.UNCHANGED) == plan.UNCHANGED:
                end = plan.UNCHANGED
            if end is not None:
                rest[end] = rest.get(end, 0) + 1
        self.plan["rest"] = rest

    def result(self) -> dict[str, int]:
        """How many rows came to which end; every row to one."""
        made = self.plan
        result: dict[str, int] = dict(made["rest"])
        for record in made["rows"]:
            end = plan.ENDS[record["action"]]
            result[end] = result.get(end, 0) + 1
        done = {record["row"] for record in made["rows"]}
        result[plan.FAILED] = len(made["failed"])
        result[plan.STALE] = sum(place not in done for place, _ in made["stale"])
        result["staleFields"] = sum(len(fields) for _, fields in made["stale"])
        result["rows"] = len(self.rows)
        return {name: number for name, number in result.items() if number}

    def failed(self) -> dict[int, failures.Item]:
        """What is kept of the rows that were not published, by place and in the order of the file."""
        items = {
            place: failures.item(row)
            for place, row in enumerate(self.rows)
            if plan.held_back(row, self.confirmed) == plan.REJECTED
        }
        for place, code, other in self.plan["failed"]:
            row = self.rows[place]
            items[place] = failures.item(row, [codes.fault(code, "barcode", None, row["b"], other=other)])
        return {place: items[place] for place in sorted(items)}

    def published(self) -> list[Mapping[str, Any]]:
        """The rows that are live now, whether they changed anything or not."""
        lost = {place for place, *_ in self.plan["failed"]}
        return [
            row
            for place, row in enumerate(self.rows)
            if place not in lost and row["b"] is not None and plan.held_back(row, self.confirmed) is None
        ]


def _place(entry: Any) -> int:
    return int(entry["row"] if isinstance(entry, dict) else entry[0])
