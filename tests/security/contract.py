"""The operations of the suite as docs/openapi.json declares them: what every test here is generated from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from functions.common.migrations import discover
from tests.support import ROOT

SPEC = ROOT / "docs" / "openapi.json"

Path = tuple[str | int, ...]
"""Where something stands in a JSON document."""


@dataclass(frozen=True)
class Operation:
    """One operation: who may call it, with what."""

    id: str
    method: str
    path: str
    scheme: Literal["public", "identity", "session"]
    roles: frozenset[str]
    path_names: tuple[str, ...]
    query_names: tuple[str, ...]
    key_required: bool
    body: Mapping[str, Any] | None
    media: tuple[str, ...]
    """The content types of a body that is not JSON."""
    success: int

    def __str__(self) -> str:
        return self.id


@cache
def spec() -> dict[str, Any]:
    """The committed document; that it is what the code says is another test's matter."""
    loaded: dict[str, Any] = json.loads(SPEC.read_text())
    return loaded


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation, in the order of the document."""
    return tuple(
        _operation(method.upper(), path, found)
        for path, methods in spec()["paths"].items()
        for method, found in methods.items()
    )


def operation(operation_id: str) -> Operation:
    """The operation called so."""
    return next(op for op in operations() if op.id == operation_id)


def _operation(method: str, path: str, found: dict[str, Any]) -> Operation:
    security = found["security"]
    parameters = found.get("parameters", [])

    def names(place: str) -> tuple[str, ...]:
        return tuple(p["name"] for p in parameters if p["in"] == place)

    contents: Mapping[str, Any] = found.get("requestBody", {}).get("content", {})
    media = tuple(contents) if any(each["schema"].get("format") == "binary" for each in contents.values()) else ()
    return Operation(
        id=found["operationId"],
        method=method,
        path=path,
        scheme=next(iter(security[0])) if security else "public",
        roles=frozenset(found.get("x-roles", ())),
        path_names=names("path"),
        query_names=names("query"),
        key_required=any(p["name"] == "Idempotency-Key" and p["required"] for p in parameters),
        body=None if media else contents.get("application/json", {}).get("schema"),
        media=media,
        success=min(int(status) for status in found["responses"] if status.startswith("2")),
    )


def resolved(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The alternatives that a schema stands for, references followed."""
    if "$ref" in schema:
        return resolved(spec()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    options = [option for key in ("anyOf", "oneOf") for option in schema.get(key, ())]
    if options:
        return [each for option in options for each in resolved(option)]
    return [schema]


def closed_objects(schema: Mapping[str, Any], value: Any, at: Path = ()) -> Iterator[tuple[Path, frozenset[str]]]:
    """Where in a body an object stands that takes no other fields, and which fields it takes."""
    for option in resolved(schema):
        if isinstance(value, dict) and option.get("type") == "object":
            if option.get("additionalProperties") is False:
                yield at, frozenset(option.get("properties", ()))
            for name, inner in option.get("properties", {}).items():
                if name in value:
                    yield from closed_objects(inner, value[name], (*at, name))
        elif isinstance(value, list) and option.get("type") == "array":
            for index, each in enumerate(value):
                yield from closed_objects(option.get("items", {}), each, (*at, index))


def object_schemas(schema: Mapping[str, Any]) -> set[str]:
    """The titles of all closed objects that a body may hold."""
    found: set[str] = set()
    for option in resolved(schema):
        if option.get("additionalProperties") is False and option.get("title"):
            found.add(option["title"])
        for inner in option.get("properties", {}).values():
            found |= object_schemas(inner)
        if "items" in option:
            found |= object_schemas(option["items"])
    return found


def leaves(value: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value in a JSON document that holds no others, and where it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*at, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*at, index))
    else:
        yield at, value


def changed(value: Any, at: Path, new: Any) -> Any:
    """A copy of the document with another value in one place."""
    if not at:
        return new
    copy: Any = list(value) if isinstance(value, list) else dict(value)
    inner = copy.get(at[0]) if isinstance(copy, dict) else copy[at[0]]
    copy[at[0]] = changed(inner, at[1:], new)
    return copy


@cache
def collections() -> frozenset[str]:
    """Every collection that a room declares."""
    return frozenset(each.name for declared in discover().values() for each in declared)
