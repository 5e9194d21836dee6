"""Rows that were not published: what is kept of them, what became of them since. Pure.

An item is failed until somebody asks for it again; then it is pending, and in the end resolved, or retried: it was
tried again and failed again, with the faults it has now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from functions.import_publish.domain.codes import Fault

PENDING: Final = "pending"
FAILED: Final = "failed"
RETRIED: Final = "retried"
RESOLVED: Final = "resolved"
STATUSES: Final = (PENDING, FAILED, RETRIED, RESOLVED)

Item = dict[str, Any]
"""line (0: not in the file) · barcode · values that could be read · raw cells, unless all could · action, of a
withdrawal · faults · status · attempts · retry, the chunk it is tried in · asked, by which request · resolvedBy"""


def item(row: Mapping[str, Any], faults: Iterable[Fault] = ()) -> Item:
    """What is kept of a row that was held back by its own faults, or that failed with others."""
    made: Item = {"line": row["r"], "barcode": row["b"], "values": row["v"]}
    if "raw" in row:
        made["raw"] = row["raw"]
    if row.get("a") == "withdraw":
        made["action"] = "withdraw"
    found = [list(fault) for fault in faults]
    return made | {"faults": found or row.get("e", []), "status": FAILED, "attempts": 0}


def summary(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a document says about its items: how many of each status and code, and which of them speaks for it all.

    The reason is the commonest code of what is not resolved yet, or of all when everything is.
    """
    counts = Counter(each["status"] for each in items)
    left = [each for each in items if each["status"] != RESOLVED]
    codes = Counter(code for each in left or items for code in codes_of(each))
    status = next((each for each in (PENDING, FAILED, RETRIED) if counts[each]), RESOLVED)
    return {
        "counts": {name: counts[name] for name in STATUSES},
        "codes": dict(codes),
        "reason": min(codes, key=lambda code: (-codes[code], code)) if codes else "PUBLISH_FAILED",
        "status": status,
    }


def codes_of(item: Mapping[str, Any]) -> list[str]:
    """The codes that kept an item from being published, each once; warnings are not among them."""
    found = {fault[0]: None for fault in item["faults"] if fault[5] != "warning"}
    return list(found)
