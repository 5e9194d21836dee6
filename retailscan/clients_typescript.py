"""The generated part of the TypeScript client: models, a file for each room, and the class that has them all.

Calls are written twice from the same lines: as TypeScript into src/, and without types as JavaScript into dist/: so
a browser can load the package as it is committed and a change of the contract needs no compiler. Where there is one,
a test compares dist/ with what it makes of src/.
"""

from __future__ import annotations

import itertools
import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path

from retailscan.clients_contract import (
    Field,
    Operation,
    Schema,
    Words,
    camel,
    models,
    operations,
    pascal,
    spell,
    type_name,
)

NOTE = "Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead."
WIDTH = 120
WORDS = Words(
    scalars={"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"},
    anything="unknown",
    items=lambda inner: f"({inner})[]" if " | " in inner else f"{inner}[]",
    values=lambda inner: f"Record<string, {inner}>",
    choice=lambda values: " | ".join(map(json.dumps, values)),
)
CONNECTION = ("Connection", "Content", "Event", "Keyed", "Listing", "Options")
RESULTS = {"list": "Listing<{}>", "events": "AsyncGenerator<Event<{}>, void>", "text": "Promise<string>"}
VERBS = {"list": "listing", "events": "events", "text": "text", "bytes": "blob", "raw": "raw", "data": "data"}


def files(document: Schema) -> dict[Path, str]:
    """Every generated file and its text."""
    schemas = document["components"]["schemas"]
    purposes = {tag["name"]: tag["description"] for tag in document["tags"]}
    grouped = itertools.groupby(operations(document), key=lambda operation: operation.room)
    rooms = {room: list(members) for room, members in grouped}
    head = _comment(["What is sent and answered, as it is on the wire.", NOTE], 0)
    interfaces = [_interface(model.name, "", model.doc, model.fields, schemas) for model in models(document)]
    texts = {Path("src/models.ts"): "\n".join([*head, *interfaces, ""])}
    texts[Path("dist/models.js")] = "\n".join([*head, "export {};", ""])
    for typed, folder, ending in ((True, "src", "ts"), (False, "dist", "js")):
        for room, members in rooms.items():
            text = _room(room, purposes[room], members, schemas, typed=typed)
            texts[Path(folder) / "rooms" / f"{room}.{ending}"] = text
        text = _client(document["info"]["version"], {room: purposes[room] for room in rooms}, typed=typed)
        texts[Path(folder) / f"client.{ending}"] = text
    return texts


def _interface(name: str, base: str, doc: str, fields: Iterable[Field], schemas: Schema) -> str:
    lines = ["", *_comment([doc], 0), f"export interface {name}{base} {{"]
    for field in fields:
        lines += _comment([field.doc], 4)
        mark = "" if field.required else "?"
        lines += _member(f"    {field.name}{mark}:", spell(field.schema, WORDS, schemas))
    return "\n".join([*lines, "}"])


def _member(head: str, kind: str) -> list[str]:
    line = f"{head} {kind};"
    if len(line) <= WIDTH or "<" in kind:
        return [line]
    lines = [head, *(f"        | {option}" for option in kind.split(" | "))]
    return [*lines[:-1], f"{lines[-1]};"]


def _room(room: str, purpose: str, members: list[Operation], schemas: Schema, *, typed: bool) -> str:
    body = [
        f"export class {pascal(room)} {{",
        "    readonly #connection: Connection;" if typed else "    #connection;",
        *[""] * typed,
        f"    constructor(connection{': Connection' * typed}) {{",
        "        this.#connection = connection;",
        "    }",
        *(line for operation in members for line in _method(operation, schemas, typed=typed)),
        "}",
        "",
    ]
    asked = [_options(operation, schemas) for operation in members if _query(operation)] if typed else []
    text = "\n".join([*asked, *[""] * typed, *_comment([purpose], 0), *body])
    head = [*_comment([purpose, NOTE], 0)]
    if re.search(r"\bpart\(", text):
        head.append('import { part } from "../connection.js";')
    if typed:
        head += _imported(CONNECTION, text, "../connection.js")
        head += _imported(sorted(type_name(name, schemas) for name in schemas), text, "../models.js")
    return "\n".join([*head, text])


def _imported(names: Iterable[str], text: str, source: str) -> list[str]:
    """The import of those types that the code uses."""
    code = re.sub(r"/\*\*.*?\*/|\"[^\"]*\"", "", text, flags=re.DOTALL)
    used = [name for name in names if re.search(rf"\b{name}\b", code)]
    line = f'import type {{ {", ".join(used)} }} from "{source}";'
    if len(line) <= WIDTH:
        return [line] if used else []
    return ["import type {", *(f"    {name}," for name in used), f'}} from "{source}";']


def _query(operation: Operation) -> list[Field]:
    return [field for field in operation.query if not (operation.kind == "list" and field.name == "page")]


def _options(operation: Operation, schemas: Schema) -> str:
    base = " extends Keyed" if operation.keyed else " extends Options"
    doc = f"For {camel(operation.name)}."
    return _interface(f"{pascal(operation.name)}Options", base, doc, _query(operation), schemas)


def _method(operation: Operation, schemas: Schema, *, typed: bool) -> list[str]:
    query = _query(operation)
    given = [(field.name, "string") for field in operation.in_path]
    if operation.body is not None:
        given.append(("body", spell(operation.body, WORDS, schemas)))
    if operation.media:
        given += [("content", "Content"), ("media", WORDS.choice(sorted(operation.media)))]
    kind = f"{pascal(operation.name)}Options" if query else "Keyed" if operation.keyed else "Options"
    default = "" if any(field.required for field in query) else " = {}"
    given.append(("options", f"{kind}{default}" if typed else default))
    arguments = [f"{name}: {kind}" if typed else f"{name}{kind * (name == 'options')}" for name, kind in given]
    doc = _comment([f"{operation.doc[0]}.", *operation.doc[1:]], 4)
    found = RESULTS.get(operation.kind, "Promise<Blob>" if operation.kind == "bytes" else "Promise<{}>")
    returned = f": {found.format(spell(operation.result, WORDS, schemas))}" if typed else ""
    line = f"    {camel(operation.name)}({', '.join(arguments)}){returned} {{"
    if len(line) <= WIDTH:
        head = [line]
    else:
        head = [f"    {camel(operation.name)}(", *(f"        {each}," for each in arguments), f"    ){returned} {{"]
    return [*([""] if typed else []), *doc, *head, *_call(operation, query), "    }"]


def _call(operation: Operation, query: list[Field]) -> list[str]:
    path = json.dumps(operation.path)
    if operation.in_path:
        path = "`" + re.sub(r"\{(\w+)\}", r"${part(\1)}", operation.path) + "`"
    given = [f'method: "{operation.method}"', f"path: {path}"]
    if operation.scheme:
        given.append(f'scheme: "{operation.scheme}"')
    if query:
        given.append(f"query: [{', '.join(json.dumps(field.name) for field in query)}]")
    if operation.body is not None:
        given.append("body")
    if operation.media:
        given += ["content", "media"]
    if operation.keyed:
        given.append("keyed: true")
    elif operation.repeatable and operation.method == "POST":
        given.append("repeatable: true")
    line = f"        return this.#connection.{VERBS[operation.kind]}({{ {', '.join(given)} }}, options);"
    if len(line) <= WIDTH:
        return [line]
    head = f"        return this.#connection.{VERBS[operation.kind]}({{"
    return [head, *(f"            {each}," for each in given), "        }, options);"]


def _client(version: str, purposes: Mapping[str, str], *, typed: bool) -> str:
    lines = [*_comment(["The client with all its rooms.", NOTE], 0), 'import { Connection } from "./connection.js";']
    lines += [f'import {{ {pascal(room)} }} from "./rooms/{room}.js";' for room in purposes]
    lines += [
        *[""] * typed,
        "/** Of the contract that this client was made from. */",
        f'export const VERSION = "{version}";',
        *[""] * typed,
        "/** A suite of RetailScan on behalf of one caller; see Connection for how it is made. */",
        "export class RetailScan extends Connection {",
    ]
    for room, purpose in purposes.items():
        lines += [*_comment([purpose], 4), f"    {'readonly ' * typed}{camel(room)} = new {pascal(room)}(this);"]
    return "\n".join([*lines, "}", ""])


def _comment(paragraphs: Iterable[str], indent: int) -> list[str]:
    margin = " " * indent
    texts = [paragraph for paragraph in paragraphs if paragraph]
    if not texts:
        return []
    if len(texts) == 1 and indent + len(texts[0]) + 7 <= WIDTH:
        return [f"{margin}/** {texts[0]} */"]
    lines: list[str] = []
    for text in texts:
        wrapped = textwrap.wrap(text, WIDTH - indent - 3, break_on_hyphens=False)
        lines += [*([f"{margin} *"] if lines else []), *(f"{margin} * {line}" for line in wrapped)]
    return [f"{margin}/**", *lines, f"{margin} */"]
