"""Which column of a file is which field: the part of a profile that is worked out once for a million lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from functions.import_publish.domain.cells import BLANKS, Convert
from functions.import_publish.domain.codes import storable
from functions.import_publish.domain.fields import FIELDS, METADATA, MOST_METADATA_KEYS, field_of, is_field, key_from
from functions.import_publish.domain.profiles import Profile, ProfileProblem

EXPORTED = "retailscan_"
"""How the columns begin that an export of failed rows adds: they say something about the row, not about the product."""

ReaderOf = Callable[[str], Convert]


class Step(NamedTuple):
    """One column into one field."""

    at: int
    name: str
    key: str | None
    """The key of a field of the metadata."""
    column: str
    convert: Convert
    clears: bool
    """Whether an empty cell takes the value away."""


class Composed(NamedTuple):
    """Several columns into one field."""

    name: str
    column: str
    places: tuple[int, ...]
    join: str
    skip: frozenset[str]
    first: bool
    convert: Convert

    def text(self, cells: Sequence[str | None]) -> str:
        """What the columns say together, "" for nothing."""
        parts = ((cells[at] or "").strip(BLANKS) for at in self.places)
        if self.first:
            return next(filter(None, parts), "")
        head, *tail = parts
        words = [part for part in (head, *tail) if part and part.casefold() not in self.skip]
        # A size and a colour alone are no name.
        return self.join.join(words) if head else ""


class Layout(NamedTuple):
    """The columns that there are and what becomes of each."""

    columns: tuple[str, ...]
    steps: list[Step]
    composed: list[Composed]
    needs: list[tuple[str, int]]
    unknown: list[str]
    kept: dict[int, str]
    """Columns that are no field, and the key of the metadata under which each is kept."""
    by: int | None
    fill: tuple[int, ...]
    own: tuple[int, ...]

    def fields_of(self, at: int) -> tuple[str, ...]:
        """The fields a column goes into."""
        names = [each.name for each in self.steps if each.at == at]
        return (*names, *(each.name for each in self.composed if at in each.places))


def lay_out(
    profile: Profile, columns: Iterable[str], reader_of: ReaderOf, kept: dict[int, str], *, growing: bool
) -> Layout:
    """Find the columns of a profile's fields. `kept` are the keys that unknown columns have from before.

    Raises ProfileProblem when the barcode has no column, unless more may come, or when several could be meant.
    """
    names = tuple(map(storable, columns))
    index = Index(names)
    places = {name: index.some(each.columns) for name, each in profile.compose.items()}
    found = {}
    for name in dict.fromkeys((*FIELDS, *profile.columns)):
        at = None if places.get(name) else index.find(profile.columns.get(name, ()))
        if at is not None:
            found[name] = at
    if "barcode" not in found and not places.get("barcode") and not growing:
        wanted = ", ".join(profile.columns.get("barcode", ())[:5])
        raise ProfileProblem("COLUMN_MISSING", [("barcode", f"name one of the columns {wanted}, or say which it is")])
    used = set(found.values()).union(*places.values())
    unknown, kept = _unknown(profile, names, used, kept)
    found |= {METADATA + key: at for at, key in kept.items()}
    group = profile.group
    return Layout(
        names,
        [_step(profile, name, at, names, reader_of) for name, at in found.items()],
        [_composed(profile, name, at, names, reader_of) for name, at in places.items() if at],
        [(name, at) for name, column in profile.needs.items() if (at := index.find((column,))) is not None],
        unknown,
        kept,
        index.find((group.by,)) if group else None,
        index.some(group.fill) if group else (),
        index.some(group.own) if group else (),
    )


def _step(profile: Profile, name: str, at: int, columns: Sequence[str], reader_of: ReaderOf) -> Step:
    key = name[len(METADATA) :] if name.startswith(METADATA) else None
    # Where the profile states a value, an empty cell leaves that one.
    clears = profile.empty == "clear" and field_of(name).clears and name not in profile.constants
    return Step(at, name, key, columns[at], reader_of(name), clears)


def _composed(
    profile: Profile, name: str, places: tuple[int, ...], columns: Sequence[str], reader_of: ReaderOf
) -> Composed:
    how = profile.compose[name]
    skip = frozenset(map(str.casefold, how.skip))
    return Composed(name, columns[places[0]], places, how.join, skip, how.take == "first", reader_of(name))


def _unknown(
    profile: Profile, columns: Sequence[str], used: set[int], before: dict[int, str]
) -> tuple[list[str], dict[int, str]]:
    """Columns that are no field, and those of the rest that are kept in the metadata: all, if the profile wishes, or
    those that say so themselves, as in metadata.colour. An object has room for so many keys only."""
    taken = {name[len(METADATA) :] for name in (*profile.columns, *profile.compose) if name.startswith(METADATA)}
    unknown, kept = [], dict(before)
    for at, column in enumerate(columns):
        if at in used or column.startswith(EXPORTED):
            continue
        own = column.startswith(METADATA) and is_field(column) and column[len(METADATA) :] not in taken
        if not own:
            unknown.append(column)
        if at in kept or len(taken) + len(kept) >= MOST_METADATA_KEYS:
            continue
        if own or (profile.unknown == "metadata" and column.strip(BLANKS)):
            key = column[len(METADATA) :] if own else column
            kept[at] = key_from(key, {*taken, *kept.values()})
    return unknown, kept


_LETTERS = re.compile(r"[^\w*]|_")


def _plain_name(column: str) -> str:
    """A column's name without case, accents, blanks and punctuation: "EAN-Code" is "eancode"."""
    plain = unicodedata.normalize("NFKD", column).casefold()
    return _LETTERS.sub("", "".join(char for char in plain if not unicodedata.combining(char))) or column.strip()


class Index:
    """The columns of a file by their plain names."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._at: dict[str, list[int]] = {}
        for at, column in enumerate(columns):
            # Templates mark the columns that must be filled: "Name*".
            self._at.setdefault(_plain_name(column.rstrip("* ")), []).append(at)

    def find(self, aliases: Sequence[str]) -> int | None:
        """The column of the first alias that is there. Raises ProfileProblem when two have its name."""
        for alias in aliases:
            plain = _plain_name(alias)
            found = self._at.get(plain, [])
            if not found and plain.endswith("*"):
                found = [at for name, places in self._at.items() if name.startswith(plain[:-1]) for at in places]
            if len(found) > 1:
                names = ", ".join(self._columns[at][:64] for at in found[:5])
                raise ProfileProblem("COLUMN_AMBIGUOUS", [(alias, f"{names} could be meant; name one of them")])
            if found:
                return found[0]
        return None

    def some(self, names: Sequence[str]) -> tuple[int, ...]:
        """The columns of those names that are there."""
        return tuple(at for name in names if (at := self.find((name,))) is not None)
