"""How a file is read: which column is which field, what its numbers and words mean. Data, per tenant or built in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from functions.import_publish.domain.builtin_profiles import DESCRIPTIONS
from functions.import_publish.domain.codes import Unusable
from functions.import_publish.domain.describing import LONGEST_TEXT, Compose, Group, Problems, plain, read
from functions.import_publish.domain.fields import camel


class ProfileProblem(Unusable):
    """The profile is not one, or does not fit the columns: PROFILE_INVALID or a code that begins with COLUMN_."""


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
    def from_dict(cls, data: Mapping[str, Any]) -> Profile:
        """The profile a caller describes. With `extends` it is a built-in one but for what is said; columns,
        constants, words, needs and compose are then replaced field by field.

        Raises ProfileProblem naming everything that is wrong.
        """
        problems: Problems = []
        known = {camel(each.name): each.name for each in fields(cls)}
        start: dict[str, Any] = {}
        if "extends" in data:
            start = _start(data["extends"], problems)
        foreign = [str(key)[:LONGEST_TEXT] for key in data if key not in known and key != "extends"]
        problems += [(key, "is not part of a profile") for key in foreign]
        given = {known[key]: read(key, value, problems) for key, value in data.items() if key in known}
        if not problems and not given.get("name"):
            problems.append(("name", "is needed"))
        if problems:
            raise ProfileProblem("PROFILE_INVALID", problems)
        for key in _BY_FIELD & start.keys() & given.keys():
            given[key] = {**start[key], **given[key]}
        return cls(**{**start, **given})

    def to_dict(self) -> dict[str, Any]:
        """The profile as plain data; `from_dict` makes the same profile of it."""
        values = {camel(each.name): plain(getattr(self, each.name)) for each in fields(self)}
        return {key: value for key, value in values.items() if value not in (None, [], {}, "")}


_BY_FIELD = frozenset({"columns", "constants", "words", "needs", "compose"})


def _start(name: Any, problems: Problems) -> dict[str, Any]:
    base = BUILT_IN.get(name) if isinstance(name, str) else None
    if base is None:
        problems.append(("extends", f"is one of {', '.join(BUILT_IN)}"))
        return {}
    return {each.name: getattr(base, each.name) for each in fields(base)}


BUILT_IN: Mapping[str, Profile] = {each["name"]: Profile.from_dict(each) for each in DESCRIPTIONS}
"""The profiles everybody has, by name."""
