"""What the pages about imports show and send, worked out without a door. Pure."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

MOVING = frozenset({"waiting_for_upload", "fetching", "staging", "publishing", "rolling_back"})
"""States in which something happens without anybody's doing: their pages look again by themselves."""
DECIDABLE = frozenset({"staged", "scheduled"})
DONE = frozenset({"published", "partly_published"})
STOPPABLE = frozenset({"waiting_for_upload", "fetching", "staging", "staged", "scheduled"})
TONES = {
    "published": "good", "partly_published": "warn", "failed": "bad", "rejected": "bad", "staged": "warn",
    "scheduled": "warn", "error": "bad", "confirm": "warn", "warning": "warn", "valid": "good", "resolved": "good",
}  # fmt: skip
"""Which colour a word has; the word itself says it too."""
FIELDS = (
    *("barcode", "name", "description", "brandId", "categoryId", "status", "measure", "taxClass", "imageUrl"),
    *("ageRestriction", "showInQuickProducts", "price", "currency", "stock", "asOf"),
)
"""What a column of a file can be."""
_LONGEST_HEADER, _MOST_COLUMNS = 20_000, 200
VALUE, COLUMN = "v.", "map."
"""How the names of form fields begin that put a row right, or say what a column is."""


def percent(progress: Mapping[str, Any] | None) -> int | None:
    """How far a step is, 0 to 100; None while nobody knows how much there is."""
    if progress is None or not progress.get("rowsTotal"):
        return None
    return max(0, min(100, int(100 * progress["rowsDone"] // progress["rowsTotal"])))


def fixes(form: Mapping[str, Sequence[str]]) -> dict[str, str | None]:
    """The values that a form puts right, by field or column; an empty one takes the value away."""
    return {
        name.removeprefix(VALUE): texts[0].strip() or None for name, texts in form.items() if name.startswith(VALUE)
    }


def columns_of(query: Mapping[str, str]) -> dict[str, list[str]]:
    """field -> its columns, of a form that says for every column which field it is; several may be one field's."""
    found: dict[str, list[str]] = {}
    for name, wanted in query.items():
        if name.startswith(COLUMN) and wanted in FIELDS:
            found.setdefault(wanted, []).append(name.removeprefix(COLUMN))
    return found


def profile_of(name: str, base: str, query: Mapping[str, str]) -> dict[str, Any]:
    """The profile that reads files as the form says; its columns go before those of `base`."""
    return {"extends": base, "name": name, "columns": columns_of(query)}


def header_of(sample: bytes, delimiter: str | None) -> list[dict[str, Any]]:
    """The columns of a table that the API could make no sense of, so that a person can say what they are."""
    line = sample.partition(b"\n")[0][:_LONGEST_HEADER].strip(b"\r\xef\xbb\xbf")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("cp1252", "replace")
    if not text.isprintable() and "\t" not in text:
        return []
    sign = delimiter or max(";,\t|", key=text.count)
    names = next(csv.reader([text], delimiter=sign), [])
    return [{"column": name, "use": "ignored", "fields": []} for name in names[:_MOST_COLUMNS] if name.strip()]


def to_fix(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields of a row that a person can put right, each once, with what is wrong."""
    found: dict[str, dict[str, Any]] = {}
    for fault in row["faults"]:
        name = fault.get("field") or fault.get("column") or ""
        if name:
            entry = found.setdefault(
                name, {"name": name, "value": fault["value"], "wrong": [], "column": fault["column"]}
            )
            entry["wrong"].append(fault["message"])
    return list(found.values())


def moment_of(text: str, zone: tzinfo) -> str:
    """What a date-and-time field of a browser says, on the clock of the store, as RFC 3339. Raises ValueError."""
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None:
        raise ValueError("a time on the store's clock has no zone")
    return local.replace(tzinfo=zone).isoformat()


def shown(field: str, value: Any, money: Any, quantity: Any) -> str:
    """A value of a row as people read it: prices are minor units, stock is thousandths."""
    if value is None or value == "":
        return "\u2013"
    if field == "price" and isinstance(value, int):
        return str(money(value))
    if field == "stock" and isinstance(value, int):
        return str(quantity(value))
    return str(value)
