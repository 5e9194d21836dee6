from typing import Any

import pytest

from functions.common import auth
from functions.common.routing import Route, RouteTable


async def handler(call: Any) -> None:
    """Stands for any verb."""


def table(*paths: str, method: str = "GET") -> RouteTable:
    made = RouteTable()
    for path in paths:
        made.add(Route("scan", method, path, handler, auth.public(), "summary"))
    return made


def found(made: RouteTable, path: str, method: str = "GET") -> tuple[str, dict[str, str]] | None:
    result = made.find(method, path)
    return None if result is None else (result[0].path, result[1])


def test_an_exact_path_wins_over_a_template() -> None:
    made = table("/v1/sessions/{id}", "/v1/sessions/current")
    assert found(made, "/v1/sessions/current") == ("/v1/sessions/current", {})
    assert found(made, "/v1/sessions/abc") == ("/v1/sessions/{id}", {"id": "abc"})


def test_a_parameter_is_one_segment_and_decoded_after_splitting() -> None:
    made = table("/v1/stores/{storeId}/products/{barcode}")
    assert found(made, "/v1/stores/a%2Fb/products/1") == (
        "/v1/stores/{storeId}/products/{barcode}",
        {"storeId": "a/b", "barcode": "1"},
    )
    assert found(made, "/v1/stores/a/b/products/1") is None
    assert found(made, "/v1/stores//products/1") is None


def test_a_path_parameter_takes_the_rest_with_its_slashes() -> None:
    made = table("/v1/scan/{code:path}")
    assert found(made, "/v1/scan/https%3A%2F%2Fid.gs1.org%2F01%2F04006381333931") == (
        "/v1/scan/{code:path}",
        {"code": "https://id.gs1.org/01/04006381333931"},
    )
    assert found(made, "/v1/scan/01/0400") == ("/v1/scan/{code:path}", {"code": "01/0400"})
    assert found(made, "/v1/scan/") is None


def test_a_rest_after_another_parameter_keeps_both() -> None:
    made = table("/v1/stores/{storeId}/files/{name:path}")
    assert found(made, "/v1/stores/s1/files/a/b.csv") == (
        "/v1/stores/{storeId}/files/{name:path}",
        {"storeId": "s1", "name": "a/b.csv"},
    )


def test_the_methods_of_a_path_are_known_for_the_allow_header() -> None:
    made = table("/v1/scan/{code:path}")
    made.add(Route("scan", "POST", "/v1/scan/batch", handler, auth.public(), "summary"))
    assert made.methods("/v1/scan/batch") == ["GET", "POST"]
    assert made.methods("/v2/scan") == []


def test_one_path_is_declared_once() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        table("/v1/scan", "/v1/scan")
