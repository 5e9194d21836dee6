"""What ERPs' answers are taken for: numbers stay text, and what is not where it was is not guessed."""

from decimal import Decimal
from typing import Any

import pytest

from functions.import_publish.sources.erp_pages import MISSING, Shape, at, cursor, decode, items_of, parse_json
from functions.import_publish.sources.erp_soap import plain
from functions.import_publish.sources.problems import SourceProblem


def shape(**settings: Any) -> Shape:
    return Shape.of(settings)


def test_numbers_stay_the_text_they_came_as() -> None:
    text = '{"a": 1.10, "b": 4006381333931, "c": 1e400, "d": -0, "e": true, "f": null, "g": 12345678901234567890123}'
    assert parse_json(text) == {
        "a": "1.10", "b": "4006381333931", "c": "1e400", "d": "-0", "e": True, "f": None,
        "g": "12345678901234567890123",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "{", '{"a": 1', "[1,]", "<html>", "NaN", "[Infinity]", "[" * 100_000])
def test_what_is_no_json_is_a_bad_answer(text: str) -> None:
    with pytest.raises(SourceProblem) as caught:
        parse_json(text)
    assert caught.value.code == "ERP_BAD_ANSWER"


@pytest.mark.parametrize(
    ("data", "media", "text"),
    [
        ("Käse".encode(), "application/json", "Käse"),
        (b"\xef\xbb\xbfx", "application/json", "x"),
        ("Käse".encode("latin-1"), "application/json; charset=ISO-8859-1", "Käse"),
        ("Käse 5 €".encode("cp1252"), 'text/x; charset="windows-1252"', "Käse 5 €"),
        ("Käse".encode("utf-16"), "application/json", "Käse"),
    ],
)
def test_encodings_are_those_that_are_named(data: bytes, media: str, text: str) -> None:
    assert decode(data, media) == text


@pytest.mark.parametrize(
    ("data", "media"),
    [(b"K\xe4se", "application/json"), (b"x", "text/x; charset=utf-7"), (b"x", "text/x; charset=zlib_codec")],
)
def test_no_encoding_is_guessed(data: bytes, media: str) -> None:
    with pytest.raises(SourceProblem) as caught:
        decode(data, media)
    assert caught.value.code == "ERP_BAD_ENCODING"


def test_a_path_leads_through_objects_only() -> None:
    document = {"a": {"b": [1]}, "n": None}
    assert at(document, "a.b") == [1]
    assert at(document, None) is document
    assert [at(document, path) for path in ("a.c", "a.b.c", "n.x")] == [MISSING] * 3


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({}, "data.items"),
        ({"data": None}, "data.items"),
        ({"data": {"items": {}}}, "data.items"),
        ({"data": {"items": ["x"]}}, "data.items[0]"),
        ({"data": {"items": [{"sku": 1}, {"price": 2}]}}, "data.items[1].sku"),
    ],
)
def test_items_that_are_not_what_they_were_are_not_taken(document: Any, where: str) -> None:
    with pytest.raises(SourceProblem) as caught:
        items_of(shape(items="data.items", required=["sku"]), document)
    assert (caught.value.code, caught.value.where) == ("ERP_SCHEMA_CHANGED", where)


@pytest.mark.parametrize("next_", ["", None])
def test_an_empty_cursor_is_the_end(next_: Any) -> None:
    assert cursor(shape(paging={"next": "next"}), {"next": next_}) is None


@pytest.mark.parametrize("document", [{}, {"next": {}}, {"next": True}, {"next": "x" * 5_000}])
def test_a_cursor_that_is_none_is_not_the_end(document: Any) -> None:
    with pytest.raises(SourceProblem) as caught:
        cursor(shape(paging={"next": "next"}), document)
    assert caught.value.code == "ERP_SCHEMA_CHANGED"


@pytest.mark.parametrize(
    "document", [{"next": "c"}, {"more": "yes", "next": "c"}, {"more": True}, {"more": True, "next": ""}]
)
def test_more_without_a_cursor_is_not_the_end_either(document: Any) -> None:
    with pytest.raises(SourceProblem) as caught:
        cursor(shape(paging={"next": "next", "more": "more"}), document)
    assert caught.value.code == "ERP_SCHEMA_CHANGED"
    assert cursor(shape(paging={"next": "next", "more": "more"}), {"more": False}) is None


@pytest.mark.parametrize("count", [True, "x", -1, 1.5, "9" * 20])
def test_a_count_is_a_whole_number(count: Any) -> None:
    with pytest.raises(SourceProblem) as caught:
        items_of(shape(items="items", paging={"count": "n"}), {"items": [], "n": count})
    assert caught.value.code == "ERP_SCHEMA_CHANGED"


def test_xml_becomes_what_json_would_have_brought() -> None:
    found = plain({"price": Decimal("1.10"), "stock": 3, "none": None, "list": [Decimal("1E+2"), True], "raw": b"x"})
    assert found == {"price": "1.10", "stock": "3", "list": ["100", True], "raw": None}
    assert plain(Decimal("1E+999999")) == "1E+999999"
