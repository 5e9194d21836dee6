"""What a row would change in the product that is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from functions.import_publish.domain.fields import DEFAULTS, METADATA, PRODUCT_FIELDS

Action = Literal["create", "update", "unchanged", "return", "withdraw"]
ACTIONS: tuple[Action, ...] = ("create", "update", "unchanged", "return", "withdraw")

LIVE_FIELDS: Mapping[str, int] = dict.fromkeys(
    (
        "_id",
        "barcode",
        "ver",
        *PRODUCT_FIELDS,
        "metadata",
        "price.amount",
        "price.currency",
        "price.w.t",
        "stock.avail",
        "stock.w.t",
    ),
    1,
)
"""The projection of the live products that `diff` and `check_live` need."""


class Difference(NamedTuple):
    """What would become of a product, and every field that changes as [field, before, after].

    A created product has no changes: all it will be is in the row.
    """

    action: Action
    changes: list[list[Any]]


def diff(values: Mapping[str, Any], live: Mapping[str, Any] | None) -> Difference:
    """Compare a row with the product as it is; None when there is none.

    Only what the row carries is compared, but a deleted product comes back whole. Metadata go key by key, a price by
    its amount, a stock by what is free to sell. A metadata value that only differs as a text from the number that is
    there is left as it is.
    """
    if live is None:
        return Difference("create", [])
    changes: list[list[Any]] = []
    if live["status"] == "deleted":
        # It comes back as a new product would: nothing is left of what it was before.
        left = dict.fromkeys(live.get("metadata") or ())
        values = {**DEFAULTS, **values, "metadata": {**left, **values.get("metadata", {})}}
    for name, value in values.items():
        if name == "metadata":
            _metadata(value, live.get("metadata") or {}, changes)
        elif name == "price":
            _amount(name, value, live.get("price"), "amount", changes)
        elif name == "stock":
            _amount(name, value, live.get("stock"), "avail", changes)
        elif name in _COMPARED and live.get(name) != value:
            changes.append([name, live.get(name), value])
    if live["status"] == "deleted":
        return Difference("return", changes)
    return Difference("update" if changes else "unchanged", changes)


def withdrawal(status: str = "active") -> Difference:
    """What becomes of a live product that a full catalogue does not name."""
    return Difference("withdraw", [["status", status, "deleted"]])


_COMPARED = frozenset(PRODUCT_FIELDS)


def _amount(name: str, value: int, live: Mapping[str, Any] | None, key: str, changes: list[list[Any]]) -> None:
    before = None if live is None else live[key]
    if before != value:
        changes.append([name, before, value])


def _metadata(values: Mapping[str, Any], live: Mapping[str, Any], changes: list[list[Any]]) -> None:
    for key, value in values.items():
        before = live.get(key)
        if before != value and not _written_as(before, value):
            changes.append([METADATA + key, before, value])


def _written_as(before: Any, text: str | None) -> bool:
    if isinstance(before, bool):
        return text is not None and text.casefold() == str(before).casefold()
    return isinstance(before, int | float) and text == str(before)
