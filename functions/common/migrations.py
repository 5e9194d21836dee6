"""Collections declared as data (indexes, TTLs, validators) and brought about: repeatable, reported, nothing dropped.

Each room declares what it owns in `collections.py` as `COLLECTIONS`. An index that exists under the same name with
another definition is reported, never replaced behind anybody's back.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase


@dataclass(frozen=True, slots=True)
class Index:
    """One index: `keys` as (field, 1 or -1), `ttl_seconds` after the date in its single field."""

    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    ttl_seconds: int | None = None
    partial: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The name MongoDB itself would give."""
        return "_".join(f"{key}_{direction}" for key, direction in self.keys)

    def options(self) -> dict[str, Any]:
        """What makes two indexes on the same keys different."""
        options: dict[str, Any] = {}
        if self.unique:
            options["unique"] = True
        if self.ttl_seconds is not None:
            options["expireAfterSeconds"] = self.ttl_seconds
        if self.partial is not None:
            options["partialFilterExpression"] = dict(self.partial)
        return options


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection with its indexes and `$jsonSchema` validator. `scope` names the field every document must carry."""

    name: str
    indexes: Sequence[Index] = field(default_factory=tuple)
    validator: Mapping[str, Any] | None = None


SHARED = [
    Collection("idempotency", [Index((("expireAt", 1),), ttl_seconds=0)]),
    Collection(
        "dead_letters",
        [
            Index((("tenantId", 1), ("createdAt", -1))),
            Index((("tenantId", 1), ("status", 1), ("createdAt", -1))),
        ],
        {"$jsonSchema": {"required": ["tenantId", "status", "code", "createdAt"]}},
    ),
]
"""What the ground floor itself keeps."""


def discover() -> dict[str, Sequence[Collection]]:
    """Room -> its declarations, for every room in this image; raises ValueError when two rooms own one collection."""
    import functions

    found: dict[str, Sequence[Collection]] = {"common": SHARED}
    owners = {collection.name: "common" for collection in SHARED}
    for module in sorted(pkgutil.iter_modules(functions.__path__), key=lambda m: m.name):
        if not module.ispkg or module.name == "common":
            continue
        name = f"functions.{module.name}.collections"
        try:
            declared: Sequence[Collection] = importlib.import_module(name).COLLECTIONS
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            continue
        for collection in declared:
            if owners.setdefault(collection.name, module.name) != module.name:
                raise ValueError(f"{collection.name} is owned by {owners[collection.name]} and by {module.name}")
        found[module.name] = declared
    return found


async def apply(
    database: AsyncDatabase[dict[str, Any]], collections: Iterable[Collection], *, dry_run: bool = False
) -> list[str]:
    """Bring the collections about; returns one sentence for each change made (or, on a dry run, still to be made)."""
    report: list[str] = []
    existing = {info["name"]: info async for info in await database.list_collections()}
    for collection in collections:
        info = existing.get(collection.name)
        await _collection(database, collection, info, report, dry_run)
        present = await database[collection.name].index_information() if info is not None else {}
        for index in collection.indexes:
            await _index(database, collection.name, index, present, report, dry_run)
    return report


async def _collection(
    database: AsyncDatabase[dict[str, Any]],
    wanted: Collection,
    info: Mapping[str, Any] | None,
    report: list[str],
    dry_run: bool,
) -> None:
    validator = dict(wanted.validator or {})
    if info is None:
        report.append(f"create collection {wanted.name}")
        if not dry_run:
            options: dict[str, Any] = {"validator": validator} if validator else {}
            await database.create_collection(wanted.name, **options)
    elif info.get("options", {}).get("validator", {}) != validator:
        report.append(f"set the validator of {wanted.name}")
        if not dry_run:
            await database.command({"collMod": wanted.name, "validator": validator})


async def _index(
    database: AsyncDatabase[dict[str, Any]],
    collection: str,
    wanted: Index,
    present: Mapping[str, Any],
    report: list[str],
    dry_run: bool,
) -> None:
    current = present.get(wanted.name)
    if current is None:
        report.append(f"create index {collection}.{wanted.name} {wanted.options() or ''}".rstrip())
        if not dry_run:
            await database[collection].create_index(list(wanted.keys), name=wanted.name, **wanted.options())
        return
    compared = ("unique", "expireAfterSeconds", "partialFilterExpression")
    actual = {key: _plain(current[key]) for key in compared if current.get(key)}
    if "expireAfterSeconds" in current:
        actual["expireAfterSeconds"] = int(current["expireAfterSeconds"])
    if actual == wanted.options():
        return
    if set(actual) == set(wanted.options()) == {"expireAfterSeconds"}:
        report.append(f"set the TTL of {collection}.{wanted.name} to {wanted.ttl_seconds} s")
        if not dry_run:
            await database.command(
                {
                    "collMod": collection,
                    "index": {"name": wanted.name, "expireAfterSeconds": wanted.ttl_seconds},
                }
            )
        return
    report.append(
        f"LEFT ALONE: index {collection}.{wanted.name} is {actual}, declared {wanted.options()}; drop it by hand"
    )


def _plain(value: Any) -> Any:
    return {k: _plain(v) for k, v in value.items()} if isinstance(value, Mapping) else value
