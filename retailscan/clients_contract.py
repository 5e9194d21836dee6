"""The OpenAPI document as generators of clients want it: operations with arguments and a result, and models."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Schema = Mapping[str, Any]
Kind = Literal["data", "list", "raw", "text", "bytes", "events"]
"""What a result is: `data` of the envelope, a list in pages, JSON without an envelope, a text, a file, a stream."""

NOT_FOR_CLIENTS = frozenset({"checkout.stripe_webhook"})
"""Only Stripe can call it: it signs the body."""
READS = frozenset({"scan.scan_symbol", "scan.scan_batch", "discount.dry_run", "import_publish.preview_import"})
"""Asked by POST because the question does not fit into an address; they change nothing, so may be repeated."""


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a model, or one argument in the path or query."""

    name: str
    schema: Schema
    required: bool
    doc: str


@dataclass(frozen=True, slots=True)
class Model:
    """One schema with a name."""

    name: str
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of a client. `body` is a schema when it is JSON, `media` the content types when it is a file."""

    room: str
    name: str
    method: str
    path: str
    scheme: str | None
    doc: tuple[str, ...]
    in_path: tuple[Field, ...]
    query: tuple[Field, ...]
    body: Schema | None
    media: tuple[str, ...]
    keyed: bool
    kind: Kind
    result: Schema

    @property
    def repeatable(self) -> bool:
        """Whether a client may send it twice: with a key, or because it reads or says how things shall be."""
        return self.keyed or self.method in ("GET", "PUT", "DELETE") or f"{self.room}.{self.name}" in READS


@dataclass(frozen=True, slots=True)
class Words:
    """How a language spells types."""

    scalars: Mapping[str, str]
    anything: str
    items: Callable[[str], str]
    values: Callable[[str], str]
    choice: Callable[[list[Any]], str]


def operations(document: Schema) -> list[Operation]:
    """Every operation that is for clients, by room and then by path."""
    found = [
        _operation(path, method, entry)
        for path, methods in document["paths"].items()
        for method, entry in methods.items()
        if entry["operationId"] not in NOT_FOR_CLIENTS
    ]
    return sorted(found, key=lambda operation: operation.room)


def models(document: Schema) -> list[Model]:
    """Every schema that a client sees; the envelope is unpacked before."""
    schemas = document["components"]["schemas"]
    return [
        Model(type_name(name, schemas), schema.get("description", ""), tuple(_fields(schema)))
        for name, schema in sorted(schemas.items())
        if name not in ("Failure", "Metadata", "Pagination")
    ]


def type_name(name: str, schemas: Schema) -> str:
    """`Taxes-Input` as `TaxesInput`; without the ending when only one of the two is in the contract."""
    stem, _, ending = name.partition("-")
    alone = stem not in schemas and sum(other.startswith(f"{stem}-") for other in schemas) == 1
    return stem if alone else stem + ending


def spell(schema: Schema, words: Words, schemas: Schema) -> str:
    """A schema as a type of the language."""
    if "$ref" in schema:
        return type_name(schema["$ref"].rpartition("/")[2], schemas)
    if "const" in schema or "enum" in schema:
        return words.choice(schema["enum"] if "enum" in schema else [schema["const"]])
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return _union(options, words, schemas)
    if schema.get("type") == "array":
        return words.items(spell(schema["items"], words, schemas))
    if schema.get("type") == "object":
        inner = schema.get("patternProperties", {}).values()
        inner = list(inner) or [rule for rule in [schema.get("additionalProperties")] if isinstance(rule, dict)]
        return words.values(_union(inner, words, schemas) or words.anything)
    return words.scalars.get(schema.get("type", ""), words.anything)


def _union(options: Iterable[Schema], words: Words, schemas: Schema) -> str:
    # Nothing comes last, as people write it.
    ordered = sorted(options, key=lambda option: option == {"type": "null"})
    return " | ".join(dict.fromkeys(spell(option, words, schemas) for option in ordered))


def snake(name: str) -> str:
    """`storeId` as `store_id`."""
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda found: "_" + found[0].lower(), name).replace("-", "_")


def camel(name: str) -> str:
    """`check_in` as `checkIn`."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def pascal(name: str) -> str:
    """`price_ingest` as `PriceIngest`."""
    return "".join(part.capitalize() for part in name.split("_"))


def _operation(path: str, method: str, entry: Schema) -> Operation:
    room, _, name = entry["operationId"].partition(".")
    given = entry["parameters"]
    content = entry.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {}).get("schema") if len(content) == 1 else None
    kind, result = _result(entry["responses"])
    return Operation(
        room=room,
        name=name,
        method=method.upper(),
        path=path,
        scheme=next((scheme for rule in entry["security"] for scheme in rule), None),
        doc=(entry["summary"], *entry.get("description", "").split("\n\n")),
        in_path=tuple(_argument(each) for each in given if each["in"] == "path"),
        query=tuple(_argument(each) for each in given if each["in"] == "query"),
        body=body,
        media=() if body is not None else tuple(content),
        keyed=any(each["name"] == "Idempotency-Key" for each in given),
        kind=kind,
        result=result,
    )


def _argument(parameter: Schema) -> Field:
    schema = parameter["schema"]
    return Field(parameter["name"], schema, parameter["required"], _doc(parameter.get("description", ""), schema))


def _fields(schema: Schema) -> list[Field]:
    needed = schema.get("required", ())
    return [
        Field(name, rule, name in needed, _doc(rule.get("description", ""), rule))
        for name, rule in schema.get("properties", {}).items()
    ]


def _doc(text: str, schema: Schema) -> str:
    text = text or next((option["description"] for option in schema.get("anyOf", ()) if "description" in option), "")
    default = schema.get("default")
    told = [text] if text else []
    if default not in (None, "", [], {}) and "default" not in text:
        told.append(f"default: {str(default).lower() if isinstance(default, bool) else default}")
    return "; ".join(told)


def _result(responses: Schema) -> tuple[Kind, Schema]:
    answer = next(found for status, found in responses.items() if status.startswith("2"))
    ((media, found),) = answer["content"].items()
    schema = found["schema"]
    if media == "text/event-stream":
        return "events", schema["properties"]["data"]["contentSchema"]
    if media != "application/json":
        return ("text" if media.startswith("text/") else "bytes"), schema
    members = schema.get("properties", {})
    if "success" not in members:
        return "raw", schema
    if "pagination" in members:
        return "list", members["data"]["items"]
    return "data", members["data"]
