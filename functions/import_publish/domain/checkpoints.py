"""From where a connection goes on: behind what was really staged, never behind what was only fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from functions.import_publish.domain import states

_KEPT: Final = 20
REACHED: Final = frozenset(
    {
        states.STAGED,
        states.SCHEDULED,
        states.PUBLISHING,
        states.PUBLISHED,
        states.PARTLY_PUBLISHED,
        states.ROLLING_BACK,
        # Somebody else's import holds the very same rows.
        states.DUPLICATE,
    }
)
"""In these states the rows have been staged, and nobody has thrown them away since."""

History = list[dict[str, Any]]
"""What was fetched one after the other: `{group, value}`, the imports and where they left off."""


def key(path: str | None, store_ids: Iterable[str], profile: str, mode: str) -> str:
    """What has a checkpoint of its own: the same things, for the same stores, in the same way."""
    text = "\0".join([path or "", profile, mode, *sorted(store_ids)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def settled(
    history: Sequence[Mapping[str, Any]], reached: Mapping[str, Iterable[str]]
) -> tuple[dict[str, Any], History]:
    """Where to go on, and what of the history led there. `reached`: group -> the states of its imports.

    It ends before the first group of which an import failed, was given up or is not staged yet: what such a one
    has brought is fetched again. Groups that nobody knows any more were settled long ago.
    """
    value: dict[str, Any] = {}
    kept: History = []
    for entry in history:
        if not REACHED.issuperset(reached.get(entry["group"], ())):
            break
        value = dict(entry["value"])
        kept.append(dict(entry))
    return value, kept[-_KEPT:]


def usable(value: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """A checkpoint as a pull may use it: a full catalogue is never asked for as changes, it would withdraw the rest."""
    return {name: each for name, each in value.items() if mode != "full" or name != "changes"}
