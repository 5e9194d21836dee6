"""`retailscan openapi`: the whole suite's HTTP contract, OpenAPI 3.1, from the routes and their Pydantic schemas."""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaValue, models_json_schema

from functions.common.cards import load_cards
from functions.common.routing import Route
from retailscan import rooms
from retailscan.files import deliver

FILE = Path("docs/openapi.json")
REF = "#/components/schemas/{model}"
Mode = Literal["validation", "serialization"]
Models = Mapping[tuple[Any, Mode], JsonSchemaValue]

FAILURES = {
    400: "The request is malformed, or a value is outside its schema; `details` says where.",
    401: "No token, or one that does not verify.",
    403: "The token is genuine but does not allow this.",
    404: "There is no such thing, or it is not yours.",
    409: "The state of the thing does not allow this now, or the same idempotency key is in flight.",
    413: "The body is larger than this operation accepts; it was not read.",
    415: "The body's content type is not one that this operation reads.",
    422: "The idempotency key was used before with another body.",
    429: "Too many requests; `Retry-After` says when to come back.",
    500: "A mistake on our side; quote the request id.",
    503: "A dependency is down; repeat after `Retry-After` seconds.",
    504: "The time budget was used up; repeat with the same idempotency key.",
}
AUTH = {
    "identity": "A token of the identity provider (Firebase): `sub`, `role`, `tenantId`, `storeIds`.",
    "session": "A session token from check-in: bound to one store, short-lived, signed by us (EdDSA).",
}
_REQUEST_ID = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}


def run(options: argparse.Namespace) -> int:
    """Write docs/openapi.json; raises Complaint on `--check` when it is out of date."""
    cards = load_cards(options.root / "functions")
    version = tomllib.loads((options.root / "pyproject.toml").read_text())["project"]["version"]
    document = build(rooms.http_routes(cards), {card.room: card.purpose for card in cards}, version)
    deliver(options.root, {FILE: render(document)}, check=options.check, command="openapi")
    return 0


def render(document: dict[str, Any]) -> str:
    """The document as it is committed."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    # Two rooms may use one name; Pydantic then puts the whole module in front of it.
    return (
        re.sub(r"functions__(\w+?)__(?:\w+_)?schemas__", lambda found: found[1].title().replace("_", ""), text) + "\n"
    )


def build(routes: Iterable[Route], purposes: dict[str, str], version: str) -> dict[str, Any]:
    """The OpenAPI document of these operations."""
    routes = sorted(routes, key=lambda route: (route.path, route.method))
    models, definitions = _schemas(routes)
    common = _envelope_schemas()
    if taken := common.keys() & definitions.keys():
        raise ValueError(f"a room's schema has the name of the envelope's: {', '.join(sorted(taken))}")
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = re.sub(r":path\}", "}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, models)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "RetailScan",
            "version": version,
            "description": "Every HTTP operation of the suite. Answers come in an envelope: `success`, then `data` "
            "or `error`, and `metadata` with the request id. Money is integer minor units, quantities are integer "
            "thousandths, times are RFC 3339 in UTC.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": room, "description": purposes.get(room, "")} for room in _rooms(routes)],
        "paths": paths,
        "components": {
            "schemas": common | definitions,
            "responses": {f"Failure{status}": _failure(status, text) for status, text in FAILURES.items()},
            "headers": {
                "RequestId": {
                    "description": "The caller's `X-Request-Id` when it sent a harmless one, otherwise ours.",
                    "schema": {"type": "string"},
                },
                "RetryAfter": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}},
            },
            "securitySchemes": {
                name: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": text}
                for name, text in AUTH.items()
            },
        },
    }


def statuses(route: Route) -> list[int]:
    """The error statuses an operation may answer: what the edge adds, and what the route declares."""
    found = {400, 500, 503, 504} | {problem.status for problem in route.errors}
    if route.auth.scheme != "public":
        found |= {401, 403}
    if route.names:
        found.add(404)
    if route.body is not None or route.media:
        found |= {413, 415}
    if route.idempotency is not None:
        found |= {409, 422}
    if route.rate is not None:
        found.add(429)
    return sorted(found)


def _rooms(routes: Iterable[Route]) -> list[str]:
    return sorted({route.room for route in routes})


def _schemas(routes: Iterable[Route]) -> tuple[Models, dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], Mode], None] = {}
    for route in routes:
        if route.body is not None:
            wanted[route.model("body"), "validation"] = None
        if route.reply is not None:
            wanted[route.model("reply"), "serialization"] = None
    models, top = models_json_schema(list(wanted), ref_template=REF)
    return models, dict(sorted(top.get("$defs", {}).items()))


def _operation(route: Route, models: Models) -> dict[str, Any]:
    description = [route.description] if route.description else []
    operation: dict[str, Any] = {
        "operationId": route.operation_id,
        "tags": [route.room],
        "summary": route.summary,
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_headers(route)],
    }
    if route.body is not None:
        schema = models[route.model("body"), "validation"]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        description.append(f"The body may have {route.max_body:,} bytes.")
    if route.media:
        content = {media: {"schema": {"type": "string", "format": "binary"}} for media in route.media}
        operation["requestBody"] = {"required": True, "content": content}
        description.append(f"The body may have {route.max_body:,} bytes.")
    operation["responses"] = {str(route.status): _success(route, models)} | {
        str(status): {"$ref": f"#/components/responses/Failure{status}"} for status in statuses(route)
    }
    if route.auth.scheme == "public":
        operation["security"] = []
    else:
        operation["security"] = [{route.auth.scheme: []}]
        roles = sorted(route.auth.allowed)
        operation["x-roles"] = roles
        description.append(f"Roles: {', '.join(roles)}.")
    if description:
        operation["description"] = "\n\n".join(description)
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    parameters = []
    for name in route.names:
        parameter = {
            "name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1},
        }  # fmt: skip
        if name == route.rest:
            parameter["description"] = "The rest of the path; percent-encode it when it holds `/`, `?` or `#`."
        parameters.append(parameter)
    return parameters


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = route.model("query").model_json_schema(ref_template=REF)
    required = schema.get("required", ())
    definitions = schema.get("$defs", {})
    parameters = []
    for name, found in schema.get("properties", {}).items():
        rule = _without_null(_inline(found, definitions))
        description = rule.pop("description", None)
        rule.pop("title", None)
        parameter = {"name": name, "in": "query", "required": name in required, "schema": rule}
        if description:
            parameter["description"] = description
        parameters.append(parameter)
    return parameters


def _inline(rule: Any, definitions: dict[str, Any]) -> Any:
    """A parameter's schema with what it refers to written out: parameters are few and small."""
    if isinstance(rule, list):
        return [_inline(item, definitions) for item in rule]
    if not isinstance(rule, dict):
        return rule
    if "$ref" in rule:
        name = rule["$ref"].rpartition("/")[2]
        return _inline(definitions[name], definitions) | {key: value for key, value in rule.items() if key != "$ref"}
    return {key: _inline(value, definitions) for key, value in rule.items()}


def _without_null(rule: dict[str, Any]) -> dict[str, Any]:
    """What may be left out of a query is left out of it, never sent as null."""
    options = [option for option in rule.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        rule = {key: value for key, value in rule.items() if key != "anyOf"} | options[0]
    return {key: value for key, value in rule.items() if not (key == "default" and value is None)}


def _headers(route: Route) -> list[dict[str, Any]]:
    if route.idempotency is None:
        return []
    return [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": route.idempotency == "required",
            "description": "One per intended effect. The same key with the same body is answered from the first "
            "reply for 72 hours; with another body it is refused.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        }
    ]


def _streamed(route: Route, models: Models) -> dict[str, Any]:
    """What a reply that is not JSON is: text; of server-sent events, what each of them is."""
    if route.reply_media != "text/event-stream" or route.reply is None:
        return {"type": "string"}
    content = models[route.model("reply"), "serialization"]
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": content}
    fields: dict[str, Any] = {"id": {"type": "string"}, "event": {"type": "string"}, "data": data}
    return {"type": "object", "description": "One event.", "required": [*fields], "properties": fields}


def _success(route: Route, models: Models) -> dict[str, Any]:
    if route.reply_media is not None:
        content = {route.reply_media: {"schema": _streamed(route, models)}}
        return {"description": route.summary, "headers": _REQUEST_ID, "content": content}
    data: JsonSchemaValue = {"type": "null"}
    if route.reply is not None:
        data = models[route.model("reply"), "serialization"]
    if route.raw_reply:
        return _response("The document itself, without an envelope.", data)
    properties: dict[str, Any] = {
        "success": {"const": True},
        "data": {"type": "array", "items": data} if route.listed else data,
    }
    if route.listed:
        properties["pagination"] = {"$ref": "#/components/schemas/Pagination"}
    properties["metadata"] = {"$ref": "#/components/schemas/Metadata"}
    return _response(route.summary, _closed(properties))


def _failure(status: int, text: str) -> dict[str, Any]:
    response = _response(text, {"$ref": "#/components/schemas/Failure"})
    if status in (429, 503):
        response["headers"] = {**_REQUEST_ID, "Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    return response


def _response(text: str, schema: JsonSchemaValue) -> dict[str, Any]:
    return {"description": text, "headers": _REQUEST_ID, "content": {"application/json": {"schema": schema}}}


def _closed(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}


def _envelope_schemas() -> dict[str, Any]:
    count = {"type": "integer", "minimum": 0}
    return {
        "Failure": _closed(
            {
                "success": {"const": False},
                "error": _closed(
                    {
                        "code": {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$", "description": "Stable."},
                        "message": {"type": "string", "description": "For people; may change."},
                        "details": {"description": "For a validation failure: a list of field, code, message."},
                    },
                    optional=("details",),
                ),
                "metadata": {"$ref": "#/components/schemas/Metadata"},
            }
        ),
        "Metadata": _closed(
            {
                "requestId": {"type": "string"},
                "timestamp": {"type": "string", "format": "date-time"},
                "processingTime": {"type": "number", "minimum": 0, "description": "Milliseconds."},
            }
        ),
        "Pagination": _closed({"page": count, "limit": count, "total": count, "totalPages": count}),
    }
