"""What a form says about a promotion is the rule that the API gets, and the other way round."""

from __future__ import annotations

from typing import Any

import pytest

from functions.admin import promoting
from functions.common.errors import Malformed

BENEFITS: list[dict[str, Any]] = [
    {"type": "percentage", "match": {"categories": ["jam", "bread"]}, "basisPoints": 1250},
    {"type": "amount", "match": {}, "amount": 50},
    {"type": "fixed_price", "match": {"barcodes": ["4009999000004"]}, "price": 1800},
    {"type": "member_price", "match": {"brands": ["acme"], "excluded": {"barcodes": ["1", "2"]}}, "price": 5},
    {"type": "buy_get", "match": {}, "buy": 2, "get": 1},
    {"type": "buy_get", "match": {}, "buy": 2, "get": 1, "off": {"kind": "percent", "value": 5000},
     "choose": "most_expensive", "maxOccurrences": 3},
    {"type": "n_for_price", "match": {}, "quantity": 3, "price": 600, "maxOccurrences": 2},
    {"type": "mix_and_match", "targets": [{"match": {"categories": ["sauce"]}, "quantity": 1}],
     "triggers": [{"match": {"categories": ["pasta"]}, "quantity": 2}], "off": {"kind": "price", "value": 50}},
    {"type": "cart_threshold", "threshold": 1500, "off": {"kind": "amount", "value": 170}},
]  # fmt: skip


@pytest.mark.parametrize("benefit", BENEFITS, ids=lambda each: each["type"])
def test_what_a_promotion_does_can_be_shown_as_fields_and_read_back(benefit: dict[str, Any]) -> None:
    form = promoting.form_of(benefit, "EUR")
    assert form["type"] == [benefit["type"]]
    assert promoting.benefit_of(form, "EUR") == benefit


@pytest.mark.parametrize(
    "benefit",
    [
        {"type": "cart_threshold", "threshold": 1, "off": {"kind": "amount", "value": 1}, "counts": {"brands": ["a"]}},
        {"type": "percentage", "match": {"excluded": {"brands": ["a"]}}, "basisPoints": 5},
        {"type": "something_new", "of": 1},
    ],
)
def test_what_the_fields_cannot_say_is_shown_as_it_is(benefit: dict[str, Any]) -> None:
    form = promoting.form_of(benefit, "EUR")
    assert form["type"] == ["json"]
    assert promoting.benefit_of(form, "EUR") == benefit


def test_a_form_says_when_for_whom_and_how_often() -> None:
    form = {
        "name": ["Pasta night"], "status": ["active"], "type": ["percentage"], "percent": ["10"], "description": [""],
        "starts": ["2026-12-01T00:00"], "ends": [""], "weekdays": ["5", "x", "9"], "opens": ["17:00"],
        "closes": ["24:00"], "groups": ["member, staff"], "codes": ["PASTA\nSAUCE"], "perUser": ["1"],
        "budget": ["1000"], "priority": ["-2"], "storeIds": ["berlin"],
    }  # fmt: skip
    assert promoting.body_of(form, "EUR") == {
        "name": "Pasta night", "description": None, "status": "active", "storeIds": ["berlin"], "priority": -2,
        "stacking": "stack", "groups": ["member", "staff"], "codes": ["PASTA", "SAUCE"],
        "window": {"starts": "2026-12-01T00:00", "weekdays": [5], "hours": [{"opens": "17:00", "closes": "24:00"}]},
        "limits": {"perUser": 1, "budget": 100000},
        "benefit": {"type": "percentage", "match": {}, "basisPoints": 1000},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "form"),
    [
        ("type", {}),
        ("type", {"type": ["give it away"]}),
        ("percent", {"type": ["percentage"], "percent": ["ten"]}),
        ("percent", {"type": ["percentage"], "percent": ["1.234"]}),
        ("amount", {"type": ["amount"], "amount": [""]}),
        ("quantity", {"type": ["n_for_price"], "quantity": ["1.5"], "price": ["1"]}),
        ("json", {"type": ["json"], "json": ["{"]}),
        ("json", {"type": ["json"], "json": ["[]"]}),
        ("budget", {"type": ["amount"], "amount": ["1"], "budget": ["much"]}),
    ],
)
def test_what_is_wrong_is_named_by_its_field(field: str, form: dict[str, list[str]]) -> None:
    with pytest.raises(Malformed) as problem:
        promoting.body_of(form, "EUR")
    assert problem.value.details[0]["field"] == field


def test_amounts_have_the_decimals_of_the_currency() -> None:
    benefit = {"type": "amount", "match": {}, "amount": 150}
    assert promoting.form_of(benefit, "JPY")["amount"] == ["150"]
    assert promoting.form_of(benefit, "EUR")["amount"] == ["1.50"]
    assert promoting.written_amount(5, "KWD") == "0.005"


def test_a_basket_is_written_line_by_line() -> None:
    assert promoting.lines_of("4009999000004 3\r\n\r\n4009999000011\n") == [
        {"lineId": "1", "barcode": "4009999000004", "quantity": 3000},
        {"lineId": "3", "barcode": "4009999000011"},
    ]
    with pytest.raises(Malformed):
        promoting.lines_of("4009999000004 three")


def test_every_part_of_the_form_belongs_to_a_kind() -> None:
    assert {kind for kinds in promoting.USES.values() for kind in kinds} == set(promoting.TYPES)
