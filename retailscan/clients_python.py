"""The generated part of the Python client: models.py, a file for each room, and the class that has them all."""

from __future__ import annotations

import itertools
import json
import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from retailscan import Complaint
from retailscan.clients_contract import (
    Field,
    Model,
    Operation,
    Schema,
    Words,
    models,
    operations,
    pascal,
    snake,
    spell,
    type_name,
)

NOTE = "Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead."
PACKAGE = Path("retailscan_client")
WIDTH = 120
WORDS = Words(
    scalars={"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"},
    anything="Any",
    items=lambda inner: f"list[{inner}]",
    values=lambda inner: f"dict[str, {inner}]",
    choice=lambda values: f"Literal[{', '.join(map(_literal, values))}]",
)


def files(document: Schema) -> dict[Path, str]:
    """Every generated file and its text."""
    schemas = document["components"]["schemas"]
    found = operations(document)
    rooms = {room: list(each) for room, each in itertools.groupby(found, key=lambda operation: operation.room)}
    purposes = {tag["name"]: tag["description"] for tag in document["tags"]}
    texts = {PACKAGE / "models.py": _models(models(document), schemas)}
    for room, members in rooms.items():
        texts[PACKAGE / "rooms" / f"{room}.py"] = _room(room, purposes[room], members, schemas)
    texts[PACKAGE / "client.py"] = _client(document["info"]["version"], {room: purposes[room] for room in rooms})
    return {name: formatted(text) for name, text in texts.items()}


def formatted(text: str) -> str:
    """A file without imports it does not need, laid out as ruff does. Raises Complaint when ruff cannot."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    common = ["--isolated", f"--config=line-length={WIDTH}", "--config=target-version='py311'", "-"]
    own = f"--config=lint.isort.known-first-party=['{PACKAGE}']"
    for command in ([ruff, "check", "--quiet", "--fix", "--select=F401,I", own, *common], [ruff, "format", *common]):
        result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Complaint(f"ruff cannot lay out what was generated: {result.stdout}{result.stderr}")
        text = result.stdout
    return text


def _models(found: Iterable[Model], schemas: Schema) -> str:
    classes = "\n\n".join(_model(model, schemas) for model in found)
    head = "\n".join(_docstring(["What is sent and answered, as it is on the wire.", NOTE], 0))
    names = "Any, Literal, NotRequired, TypedDict"
    return f"{head}\n\nfrom __future__ import annotations\n\nfrom typing import {names}\n\n{classes}\n"


def _model(model: Model, schemas: Schema) -> str:
    if any(keyword.iskeyword(field.name) for field in model.fields):
        return _odd_model(model, schemas)
    lines = [f"class {model.name}(TypedDict):", *_docstring([model.doc or model.name], 4), ""]
    for field in model.fields:
        kind = spell(field.schema, WORDS, schemas)
        lines.append(f"    {field.name}: {kind if field.required else f'NotRequired[{kind}]'}")
        lines += _docstring([field.doc], 4)
    return "\n".join(lines) + "\n"


def _odd_model(model: Model, schemas: Schema) -> str:
    """A model with a member whose name is a word of Python, such as `pass`."""
    members = []
    for field in model.fields:
        kind = spell(field.schema, WORDS, schemas)
        members.append(f"{_literal(field.name)}: {_literal(kind if field.required else f'NotRequired[{kind}]')}")
    told = [model.doc, *(f"`{field.name}`: {field.doc}." for field in model.fields if field.doc)]
    head = f'{model.name} = TypedDict("{model.name}", {{{", ".join(members)}}})'
    return "\n".join([head, *_docstring(told, 0)]) + "\n"


def _room(room: str, purpose: str, members: list[Operation], schemas: Schema) -> str:
    methods = "\n".join(_method(operation, schemas) for operation in members)
    names = ", ".join(type_name(name, schemas) for name in schemas)
    return "\n".join(
        [
            *_docstring([purpose, NOTE], 0),
            "\nfrom __future__ import annotations\n",
            "from collections.abc import Iterator",
            "from typing import Any, Literal",
            "from retailscan_client.connection import Connection, Content, Event, Listing, new_key, part",
            f"from retailscan_client.models import {names}",
            f"class {pascal(room)}:",
            *_docstring([purpose], 4),
            "\n    def __init__(self, connection: Connection) -> None:",
            "        self._connection = connection\n",
            methods,
        ]
    )


def _method(operation: Operation, schemas: Schema) -> str:
    arguments = ["self", *(f"{_name(field)}: str" for field in operation.in_path)]
    if operation.body is not None:
        arguments.append(f"body: {spell(operation.body, WORDS, schemas)}")
    if operation.media:
        arguments += ["content: Content", f"media: {WORDS.choice(sorted(operation.media))}"]
    query = [field for field in operation.query if not (operation.kind == "list" and field.name == "page")]
    named = [_keyword(field, schemas) for field in sorted(query, key=lambda field: not field.required)]
    named += ["idempotency_key: str | None = None"] * operation.keyed
    arguments += ["*", *named] if named else []
    lines = [f"    def {operation.name}({', '.join(arguments)}) -> {_returned(operation, schemas)}:"]
    told = [f"`{_name(field)}`: {field.doc}." for field in query if field.doc]
    lines += _docstring([f"{operation.doc[0]}.", *(text for text in operation.doc[1:] if text), "\n".join(told)], 8)
    return "\n".join([*lines, *_call(operation, query, schemas), ""])


def _call(operation: Operation, query: list[Field], schemas: Schema) -> list[str]:
    path = json.dumps(operation.path)
    if operation.in_path:
        filled = re.sub(r"\{(\w+)\}", lambda found: f"{{part({_argument(found[1])})}}", operation.path)
        path = f'f"{filled}"'
    given = [f'"{operation.method}"', path, f"scheme={_literal(operation.scheme)}"]
    if query:
        given.append(f"query={{{', '.join(f'{_literal(field.name)}: {_name(field)}' for field in query)}}}")
    if operation.body is not None:
        given.append("body=body")
    if operation.media:
        given += ["content=content", "media=media"]
    if operation.keyed:
        given.append("key=idempotency_key or new_key()")
    elif operation.repeatable and operation.method == "POST":
        given.append("repeatable=True")
    verb = {"list": "listing", "events": "events", "text": "text", "bytes": "bytes", "raw": "raw"}
    if operation.kind in ("list", "events"):
        given = given[1:]
    call = f"self._connection.{verb.get(operation.kind, 'data')}({', '.join(given)})"
    if operation.kind in ("text", "bytes"):
        return [f"        return {call}"]
    return [f"        answer: {_returned(operation, schemas)} = {call}", "        return answer"]


def _returned(operation: Operation, schemas: Schema) -> str:
    if operation.kind in ("text", "bytes"):
        return {"text": "str", "bytes": "bytes"}[operation.kind]
    found = spell(operation.result, WORDS, schemas)
    return {"list": f"Listing[{found}]", "events": f"Iterator[Event[{found}]]"}.get(operation.kind, found)


def _client(version: str, purposes: Mapping[str, str]) -> str:
    lines = [
        *_docstring(["The client with all its rooms.", NOTE], 0),
        "",
        "from __future__ import annotations\n",
        "from functools import cached_property\n",
        "from retailscan_client.connection import Connection",
        *(f"from retailscan_client.rooms.{room} import {pascal(room)}" for room in purposes),
        f'\nVERSION = "{version}"\n\n',
        "class RetailScan(Connection):",
        '    """A suite of RetailScan on behalf of one caller; see Connection for how it is made."""\n',
        "    version = VERSION\n",
    ]
    for room, purpose in purposes.items():
        lines += ["    @cached_property", f"    def {room}(self) -> {pascal(room)}:", *_docstring([purpose], 8)]
        lines.append(f"        return {pascal(room)}(self)\n")
    return "\n".join(lines)


def _keyword(field: Field, schemas: Schema) -> str:
    kind = spell(field.schema, WORDS, schemas)
    return f"{_name(field)}: {kind}" if field.required else f"{_name(field)}: {kind} | None = None"


def _name(field: Field) -> str:
    return _argument(field.name)


def _argument(name: str) -> str:
    found = snake(name)
    return f"{found}_" if keyword.iskeyword(found) else found


def _literal(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _docstring(paragraphs: Iterable[str], indent: int) -> list[str]:
    """As many lines as it needs; none for no text."""
    margin = " " * indent
    texts = [paragraph.replace("\\", "\\\\") for paragraph in paragraphs if paragraph]
    if not texts:
        return []
    if len(texts) == 1 and "\n" not in texts[0] and indent + len(texts[0]) + 6 < WIDTH:
        return [f'{margin}"""{texts[0]}"""']
    wrapped = ["\n".join(_wrapped(line, margin) for line in text.splitlines()) for text in texts]
    text = "\n\n".join(wrapped).lstrip()
    return f'{margin}"""{text}\n{margin}"""'.split("\n")


def _wrapped(text: str, margin: str) -> str:
    return textwrap.fill(text, WIDTH - 8, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False)
