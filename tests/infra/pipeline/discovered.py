"""Google's descriptions of its APIs (discovery/*.json), to hold our requests and files against."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

FOLDER = Path(__file__).with_name("discovery")
DURATION = re.compile(r"\d+(\.\d{1,9})?s")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@dataclass(frozen=True)
class Method:
    """One method of an API, and what a request gave it."""

    api: str
    name: str
    description: Mapping[str, Any]
    path: Mapping[str, str]


@cache
def document(api: str) -> dict[str, Any]:
    """The description of one API."""
    read: dict[str, Any] = json.loads((FOLDER / f"{api}.json").read_text())
    return read


def complaints(api: str, schema: str, value: Any) -> list[str]:
    """What is wrong with a value that is sent as this schema; nothing when it is right."""
    return list(_wrong(document(api)["schemas"], {"$ref": schema}, value, schema))


def method_of(http_method: str, url: str) -> Method:
    """The method that answers there. Raises AssertionError when Google has none that we know."""
    for api in sorted(path.stem for path in FOLDER.glob("*.json")):
        root = document(api)["rootUrl"]
        if not url.startswith(root):
            continue
        for name, description in document(api)["methods"].items():
            if description["httpMethod"] != http_method:
                continue
            for template in _templates(document(api), description):
                if found := _pattern(template, description).fullmatch(url.removeprefix(root)):
                    path = {key.replace("_0", ""): unquote(text) for key, text in found.groupdict().items()}
                    return Method(api, name, description, path)
    raise AssertionError(f"Google has no {http_method} {url}")


def check_request(method: Method, params: Mapping[str, Any], body: Any) -> None:
    """Raises AssertionError for a parameter or a body that the method does not take."""
    known = {**document(method.api)["parameters"], **method.description.get("parameters", {})}
    # Google's front end takes it for every upload; descriptions do not list it.
    sent = {key: value for key, value in params.items() if key != "uploadType"}
    for key, value in sent.items():
        assert key in known, f"{method.name} does not take {key}"
        assert known[key]["location"] == "query", f"{key} is no part of the query"
        assert isinstance(value, str) or known[key].get("repeated"), f"{key} can be given only once"
        for each in [value] if isinstance(value, str) else value:
            number = known[key].get("type") == "integer" and each.isdigit()
            if wrong := list(_wrong({}, known[key], int(each) if number else each, key)):
                raise AssertionError("; ".join(wrong))
    if "mediaUpload" in method.description and params.get("uploadType") == "media":
        return
    expected = method.description.get("request")
    assert (body is None) == (expected is None), f"{method.name} and its body: {body!r}"
    if expected is not None:
        assert (found := complaints(method.api, expected["$ref"], body)) == [], "\n".join(found)


def _templates(described: Mapping[str, Any], method: Mapping[str, Any]) -> Iterator[str]:
    yield described["servicePath"] + method.get("path", "")
    if "mediaUpload" in method:
        yield method["mediaUpload"]["protocols"]["simple"]["path"].removeprefix("/")


def _pattern(template: str, method: Mapping[str, Any]) -> re.Pattern[str]:
    def group(found: re.Match[str]) -> str:
        reserved, name = found[1], found[2]
        wanted = method["parameters"][name].get("pattern", "").strip("^$") if reserved else "[^/]+"
        return f"(?P<{name}>{wanted or '.+'})"

    escaped = re.sub(r"[.]", r"\\.", template)
    return re.compile(re.sub(r"\{(\+?)(\w+)\}", group, escaped))


def _wrong(schemas: Mapping[str, Any], schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    kind = schema.get("type", "any")
    if not _is(kind, schema.get("format", ""), value):
        yield f"{where}: {value!r} is no {schema.get('format', kind)}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {', '.join(schema['enum'])}"
    elif kind == "array":
        for number, each in enumerate(value):
            yield from _wrong(schemas, schema["items"], each, f"{where}[{number}]")
    elif kind == "object":
        properties, more = schema.get("properties", {}), schema.get("additionalProperties")
        for key, each in value.items():
            inner = properties.get(key, more)
            if inner is None:
                yield f"{where} has no {key}"
            elif inner.get("readOnly"):
                yield f"{where}.{key} is Google's to say"
            else:
                yield from _wrong(schemas, inner, each, f"{where}.{key}")


def _is(kind: str, form: str, value: Any) -> bool:
    if form == "google-duration":
        return isinstance(value, str) and bool(DURATION.fullmatch(value))
    if form == "google-datetime":
        return isinstance(value, str) and bool(MOMENT.fullmatch(value))
    if form in ("int64", "uint64"):
        return isinstance(value, str) and value.lstrip("-").isdigit()
    kinds: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "array": list,
        "object": dict,
        "any": object,
    }
    return isinstance(value, kinds[kind]) and (kind == "boolean" or kind == "any" or not isinstance(value, bool))
