"""How a file is read: which column is which field, what its numbers and words mean. Data, per tenant or built in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC
from typing import Any, Literal

from functions.import_publish.domain import moments
from functions.import_publish.domain.codes import Unusable
from functions.import_publish.domain.fields import FIELDS, STOCK_UNITS, camel, is_field

MOST_ALIASES = 100
MOST_WORDS = 200
MOST_DATES = 10
LONGEST_TEXT = 200
Problems = list[tuple[str, str]]


class ProfileProblem(Unusable):
    """The profile is not one, or does not fit the columns: PROFILE_INVALID, COLUMN_MISSING or COLUMN_AMBIGUOUS."""


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


@dataclass(frozen=True, slots=True)
class Profile:
    """How the files of one source are read. Built by `Profile.from_dict`, which checks everything."""

    name: str
    title: str = ""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Field to the names its column can have, the first that is there wins; a name ending in * is a beginning."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Field to the text it has where the file says nothing."""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Field to the file's own names of values, in small letters: "aktiv" is "active"; "" is nothing."""
    decimal: Literal[".", ",", "auto"] = "."
    price_unit: Literal["major", "minor"] = "major"
    stock_unit: str = "piece"
    unknown: Literal["metadata", "ignore"] = "ignore"
    """Whether columns that are no field are kept in the product's metadata."""
    mode: Literal["partial", "full"] = "partial"
    """Whether products that the file does not name are withdrawn."""
    empty: Literal["keep", "clear"] = "keep"
    """Whether an empty cell leaves the field alone or takes its value away, where a product can be without it."""
    html: tuple[str, ...] = ()
    slugify: tuple[str, ...] = ()
    """Fields whose texts are made into identifiers: "Ben & Jerry's" is "ben-and-jerry-s"."""
    text_marks: bool = False
    """Whether an apostrophe, a tab or ="..." around a barcode is a spreadsheet's and removed."""
    restore_zeros: bool = False
    """Whether barcodes of 7 and of 9 to 11 digits get back the zeros in front that a spreadsheet took."""
    dates: tuple[str, ...] = ()
    """Forms of times besides ISO 8601, such as "DD.MM.YYYY HH:mm"."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """Field to a column: the field counts only in lines that fill it."""
    compose: Mapping[str, Compose] = field(default_factory=dict)
    group: Group | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], base: Profile | None = None) -> Profile:
        """The profile a caller describes, on top of another when `base` is given: whatever is not said is as there,
        and columns, constants and words are added to its field by field.

        Raises ProfileProblem naming everything that is wrong.
        """
        problems: Problems = []
        known = {camel(each.name): each.name for each in fields(cls)}
        problems += [(str(key)[:LONGEST_TEXT], "is not part of a profile") for key in data if key not in known]
        given = {known[key]: _read(key, value, problems) for key, value in data.items() if key in known}
        if problems:
            raise ProfileProblem("PROFILE_INVALID", problems)
        start = {} if base is None else {each.name: getattr(base, each.name) for each in fields(cls)}
        for key in ("columns", "constants", "words", "needs", "compose"):
            if key in given:
                given[key] = {**start.get(key, {}), **given[key]}
        if not (start | given).get("name"):
            raise ProfileProblem("PROFILE_INVALID", [("name", "is needed")])
        return cls(**{**start, **given})

    def to_dict(self) -> dict[str, Any]:
        """The profile as plain data; `from_dict` makes the same profile of it."""
        plain = {camel(each.name): _plain(getattr(self, each.name)) for each in fields(self)}
        return {key: value for key, value in plain.items() if value not in (None, [], {}, "")}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Group | Compose):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return value


# ---- reading a description --------------------------------------------------------------------------------

_CHOICES: Mapping[str, Sequence[str]] = {
    "decimal": (".", ",", "auto"),
    "priceUnit": ("major", "minor"),
    "stockUnit": tuple(STOCK_UNITS),
    "unknown": ("metadata", "ignore"),
    "mode": ("partial", "full"),
    "empty": ("keep", "clear"),
}
_FLAGS = frozenset({"textMarks", "restoreZeros"})
_SLUGS = frozenset(name for name, each in FIELDS.items() if each.kind == "slug")
_PROSE = frozenset({"description"})


def _read(key: str, value: Any, problems: Problems) -> Any:
    if key in _CHOICES:
        if value not in _CHOICES[key]:
            problems.append((key, f"is one of {', '.join(_CHOICES[key])}"))
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
            return value if value is None and key in ("encoding", "delimiter", "sheet") else _text(key, value, problems)


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
    parts = _parts(where, value, problems, ("columns", "join", "skip"), "columns")
    if not parts:
        return None
    return Compose(
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
