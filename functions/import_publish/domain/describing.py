"""A profile as its caller describes it, checked word by word. Nothing of it is trusted, everything is bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC
from typing import Any, Literal

from functions.import_publish.domain import moments
from functions.import_publish.domain.fields import FIELDS, STOCK_UNITS, is_field

MOST_ALIASES = 100
MOST_WORDS = 200
MOST_DATES = 10
LONGEST_TEXT = 200
Problems = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Group:
    """Several lines make one product: what is written only in the first of them, and what makes a line a product."""

    by: str
    """The column whose equal values hold neighbouring lines together."""
    fill: tuple[str, ...] = ()
    """Columns that are empty in the later lines and hold there what they hold in the first."""
    own: tuple[str, ...] = ()
    """Columns of which a line that is a product fills at least one; any other line carries on the one before it."""


@dataclass(frozen=True, slots=True)
class Compose:
    """A field made of several columns, such as a name with its size and colour."""

    columns: tuple[str, ...]
    join: str = " "
    skip: tuple[str, ...] = ()
    """Texts that say nothing, such as "Default Title"."""
    take: Literal["all", "first"] = "all"
    """All columns, and nothing when the first of them is empty; or only the first that is filled."""


def plain(value: Any) -> Any:
    """A part of a profile as plain data."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, Group | Compose):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    return value


_CHOICES: Mapping[str, Sequence[str | None]] = {
    "decimal": (".", ",", "auto"),
    "priceUnit": ("major", "minor"),
    "stockUnit": tuple(STOCK_UNITS),
    "unknown": ("metadata", "ignore"),
    "mode": ("partial", "full"),
    "empty": ("keep", "clear"),
    "delimiter": (None, ",", ";", "\t", "|"),
}
_FLAGS = frozenset({"textMarks", "restoreZeros"})
_OPTIONAL = frozenset({"encoding", "sheet"})
_SLUGS = frozenset(name for name, each in FIELDS.items() if each.kind == "slug")
_PROSE = frozenset({"description"})


def read(key: str, value: Any, problems: Problems) -> Any:
    """One part of a description as the profile keeps it; what is wrong with it is added to `problems`."""
    if key in _CHOICES:
        if value not in _CHOICES[key]:
            problems.append((key, f"is one of {', '.join(filter(None, _CHOICES[key]))}"))
        return value
    if key in _FLAGS:
        if not isinstance(value, bool):
            problems.append((key, "is true or false"))
        return value
    match key:
        case "columns":
            return _by_field(key, value, problems, _aliases)
        case "constants":
            return _by_field(key, value, problems, _text)
        case "words":
            return _by_field(key, value, problems, _words)
        case "needs":
            return _by_field(key, value, problems, _text)
        case "compose":
            return _by_field(key, value, problems, _compose)
        case "group":
            return _group(value, problems)
        case "html":
            return _names(key, value, problems, _PROSE)
        case "slugify":
            return _names(key, value, problems, _SLUGS)
        case "dates":
            return _dates(value, problems)
        case _:
            return None if value is None and key in _OPTIONAL else _text(key, value, problems)


def _text(where: str, value: Any, problems: Problems) -> str:
    if isinstance(value, str) and len(value) <= LONGEST_TEXT and not any(map(_breaks, value)):
        return value
    problems.append((where, f"is a text of at most {LONGEST_TEXT} characters"))
    return ""


def _breaks(char: str) -> bool:
    return "\ud800" <= char <= "\udfff" or char == "\x00"


def _texts(where: str, value: Any, problems: Problems, most: int = MOST_ALIASES) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > most:
        problems.append((where, f"is a list of at most {most} texts"))
        return ()
    return tuple(_text(where, each, problems) for each in value)


def _aliases(where: str, value: Any, problems: Problems) -> tuple[str, ...]:
    found = _texts(where, [value] if isinstance(value, str) else value, problems)
    if not all(each.strip("* ") for each in found):
        problems.append((where, "needs names of columns that are not empty"))
    return found


def _words(where: str, value: Any, problems: Problems) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > MOST_WORDS:
        problems.append((where, f"is an object of at most {MOST_WORDS} words"))
        return {}
    return {_text(where, key, problems).casefold(): _text(where, each, problems) for key, each in value.items()}


def _by_field(key: str, value: Any, problems: Problems, read: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or len(value) > MOST_ALIASES:
        problems.append((key, f"is an object of at most {MOST_ALIASES} fields"))
        return {}
    result = {}
    for name, each in value.items():
        if not isinstance(name, str) or not is_field(name):
            problems.append((f"{key}.{str(name)[:LONGEST_TEXT]}", "is not a field of a product"))
        else:
            result[name] = read(f"{key}.{name}", each, problems)
    return result


def _parts(where: str, value: Any, problems: Problems, known: Sequence[str], needed: str) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not set(value) <= set(known) or needed not in value:
        problems.append((where, f"is an object of {', '.join(known)}; {needed} is needed"))
        return {}
    return dict(value)


def _compose(where: str, value: Any, problems: Problems) -> Compose | None:
    parts = _parts(where, value, problems, ("columns", "join", "skip", "take"), "columns")
    if not parts:
        return None
    if parts.get("take", "all") not in ("all", "first"):
        problems.append((f"{where}.take", "is one of all, first"))
    return Compose(
        take=parts.get("take", "all"),
        columns=_texts(f"{where}.columns", parts["columns"], problems),
        join=_text(f"{where}.join", parts.get("join", " "), problems),
        skip=_texts(f"{where}.skip", parts.get("skip", ()), problems),
    )


def _group(value: Any, problems: Problems) -> Group | None:
    if value is None:
        return None
    parts = _parts("group", value, problems, ("by", "fill", "own"), "by")
    if not parts:
        return None
    return Group(
        by=_text("group.by", parts["by"], problems),
        fill=_texts("group.fill", parts.get("fill", ()), problems),
        own=_texts("group.own", parts.get("own", ()), problems),
    )


def _names(key: str, value: Any, problems: Problems, allowed: frozenset[str]) -> tuple[str, ...]:
    found = _texts(key, value, problems)
    if not allowed.issuperset(found):
        problems.append((key, f"is made of {', '.join(sorted(allowed))}"))
    return found


def _dates(value: Any, problems: Problems) -> tuple[str, ...]:
    forms = _texts("dates", value, problems, MOST_DATES)
    try:
        moments.reader(forms, UTC)
    except ValueError as problem:
        problems.append(("dates", str(problem)))
    return forms
