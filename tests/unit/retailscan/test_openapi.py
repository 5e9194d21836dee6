"""The OpenAPI document says what the edge does."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import Field

from functions.common import auth, errors
from functions.common.http import Call, Handler, HttpDoor, Reply
from functions.common.wire import Wire
from retailscan import openapi


class TagQuery(Wire):
    page: int = Field(1, ge=1, description="From 1.")
    sort_by: str | None = None


class Tag(Wire):
    shelf_label: str = Field(max_length=20)


class Tagged(Wire):
    shelf_label: str
    price: int | None = None


def handler(name: str) -> Handler:
    async def handle(call: Call) -> Reply:
        return Reply()

    handle.__name__ = name
    return handle


@pytest.fixture
def document() -> dict[str, Any]:
    door = HttpDoor("tags")
    door.get("/v1/tags/{code:path}", summary="Read a tag.", auth=auth.session(), reply="Tagged")(handler("read"))
    door.get(
        "/v1/tags", summary="List tags.", auth=auth.roles("operator"), query="TagQuery", reply="Tagged", listed=True
    )(handler("listing"))
    door.post(
        "/v1/tags",
        summary="Make a tag.",
        auth=auth.roles("erp", "operator"),
        body="Tag",
        reply="Tagged",
        status=201,
        idempotency="required",
        errors=(errors.Conflict,),
    )(handler("make"))
    door.get("/v1/keys", summary="Keys.", auth=auth.public(), raw_reply=True, rate="ip")(handler("keys"))
    kinds = {"TagQuery": TagQuery, "Tag": Tag, "Tagged": Tagged}
    for route in door.routes:
        for role in ("body", "query", "reply"):
            if name := getattr(route, role):
                route.models[role] = kinds[name]
    return openapi.build(door.routes, {"tags": "Labels on shelves."}, "1.2.3")


def test_it_is_valid_openapi(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_it_is_the_same_whatever_the_order_of_declaration(document: dict[str, Any]) -> None:
    assert list(document["paths"]) == ["/v1/keys", "/v1/tags", "/v1/tags/{code}"]


def test_names_are_those_of_the_wire(document: dict[str, Any]) -> None:
    assert list(document["components"]["schemas"]["Tag"]["properties"]) == ["shelfLabel"]
    assert [p["name"] for p in document["paths"]["/v1/tags"]["get"]["parameters"]] == ["page", "sortBy"]


def test_a_parameter_that_holds_the_rest_of_the_path_loses_its_mark(document: dict[str, Any]) -> None:
    (parameter,) = document["paths"]["/v1/tags/{code}"]["get"]["parameters"]
    assert parameter["name"] == "code"
    assert "percent-encode" in parameter["description"]


def test_a_list_has_pagination_and_a_single_thing_has_not(document: dict[str, Any]) -> None:
    def data(path: str) -> Any:
        return document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"]

    assert data("/v1/tags")["data"]["type"] == "array"
    assert "pagination" in data("/v1/tags")
    assert "pagination" not in data("/v1/tags/{code}")


def test_a_write_that_needs_a_key_says_so_and_what_it_may_answer(document: dict[str, Any]) -> None:
    operation = document["paths"]["/v1/tags"]["post"]
    (key,) = operation["parameters"]
    assert (key["name"], key["required"]) == ("Idempotency-Key", True)
    expected = ["201", "400", "401", "403", "409", "413", "415", "422", "500", "503", "504"]
    assert list(operation["responses"]) == expected


def test_who_may_call_is_told_by_scheme_and_role(document: dict[str, Any]) -> None:
    assert document["paths"]["/v1/tags"]["post"]["security"] == [{"identity": []}]
    assert document["paths"]["/v1/tags"]["post"]["x-roles"] == ["erp", "operator"]
    assert document["paths"]["/v1/tags/{code}"]["get"]["security"] == [{"session": []}]
    assert document["paths"]["/v1/keys"]["get"]["security"] == []


def test_a_public_operation_with_a_rate_limit_answers_429_but_never_401(document: dict[str, Any]) -> None:
    responses = document["paths"]["/v1/keys"]["get"]["responses"]
    assert "429" in responses
    assert "401" not in responses


def test_a_schema_with_the_name_of_the_envelopes_is_refused() -> None:
    class Metadata(Wire):
        x: int

    door = HttpDoor("tags")
    door.get("/v1/x", summary="X.", auth=auth.public(), reply="Metadata")(handler("x"))
    door.routes[0].models["reply"] = Metadata
    with pytest.raises(ValueError, match="Metadata"):
        openapi.build(door.routes, {}, "1")
