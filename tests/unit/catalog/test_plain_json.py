"""Free-form JSON is bounded in every direction, and MongoDB stores it as it is."""

from __future__ import annotations

from typing import Any

import pytest

from functions.catalog import plain_json
from functions.catalog.plain_json import CONFIG, METADATA, NotPlain


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"leaf": 1}
    for _ in range(depth - 1):
        value = {"k": value}
    return value


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"bio": True, "fat": 3.5, "origin": "FR", "none": None, "allergens": ["milk", 1]},
        {"ключ": "значение", "a b": 1, "a-b_c": 2**53 - 1},
        {"x": "y" * 1000},
        {f"k{n}": n for n in range(50)},
    ],
)
def test_plain_values_pass(value: dict[str, Any]) -> None:
    plain_json.check(value, METADATA)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([], "must be an object"),
        ("x", "must be an object"),
        ({"a.b": 1}, "keys must be"),
        ({"$set": 1}, "keys must be"),
        ({"": 1}, "keys must be"),
        ({"a\x00b": 1}, "keys must be"),
        ({"k" * 65: 1}, "keys must be"),
        ({"ok": [{"$where": 1}]}, "nested deeper"),
        ({"x": "y" * 1001}, "longer than 1000"),
        ({"x": "a\x00b"}, "NUL"),
        ({"x": 2**53}, "2\\^53"),
        ({"x": -(2**63) - 1}, "2\\^53"),
        ({"x": float("nan")}, "texts, numbers"),
        ({"x": float("inf")}, "texts, numbers"),
        ({"x": object()}, "texts, numbers"),
        ({f"k{n}": n for n in range(51)}, "more than 50 keys"),
        ({"x": {"y": [1]}}, "nested deeper than 2"),
        ({"x": [0] * 400}, "more than 400 values"),
        ({1: 1}, "keys must be"),
    ],
)
def test_everything_else_is_refused_with_its_reason(value: Any, why: str) -> None:
    with pytest.raises(NotPlain, match=why):
        plain_json.check(value, METADATA)


def test_settings_of_a_module_may_be_nested_six_levels_deep() -> None:
    plain_json.check(nested(6), CONFIG)
    with pytest.raises(NotPlain, match="nested deeper than 6"):
        plain_json.check(nested(7), CONFIG)


def test_a_bomb_of_a_hundred_thousand_levels_is_refused_without_recursion() -> None:
    with pytest.raises(NotPlain):
        plain_json.check(nested(100_000), CONFIG)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "\x1b[31m", "\x7f", "a\u2028b", "\x85", "\x00"])
def test_characters_that_break_a_log_line_are_seen(text: str) -> None:
    assert plain_json.has_control_characters(text)


def test_ordinary_text_has_no_control_characters() -> None:
    assert not plain_json.has_control_characters("Crème brûlée 250 g, 🥚 & “milk” \u00a0")
