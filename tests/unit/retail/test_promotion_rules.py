"""A rule that could not be applied does not come to be, and what is wrong with it is said by its place."""

from __future__ import annotations

from typing import Any

import bson
import pytest

from functions.common.retail import promotion_codec
from functions.common.retail.basket import Line
from functions.common.retail.promotion_codec import from_dict, to_dict
from functions.common.retail.promotion_rules import (
    BENEFITS,
    FREE,
    BuyGet,
    CartThreshold,
    Choose,
    Limits,
    Match,
    MemberPrice,
    MixAndMatch,
    Off,
    Percentage,
    Rule,
    RuleInvalid,
    Slot,
    Stacking,
    matches,
    normal_code,
)
from functions.common.retail.time_windows import Hours, Window

MILK = Line("l1", "100", 1000, 99, category="dairy", brand="alp", tax_class="reduced")
TEN = {"type": "percentage", "match": {}, "basisPoints": 1000}


def rule(**more: Any) -> dict[str, Any]:
    return {"id": "r1", "benefit": TEN, **more}


WHOLE = Rule(
    "r1",
    MixAndMatch(
        targets=(Slot(Match(categories=frozenset({"sauce"})), 1),),
        off=Off("price", 99),
        triggers=(Slot(Match(brands=frozenset({"alp"}), excluded=Match(barcodes=frozenset({"100"}))), 2),),
        choose=Choose.MOST_EXPENSIVE,
        max_occurrences=3,
    ),
    version=4,
    name="Pasta night",
    priority=-5,
    stacking=Stacking.EXCLUSIVE,
    window=Window(weekdays=frozenset({5}), hours=(Hours(1020, 1440),)),
    stores=frozenset({"s1", "s2"}),
    groups=frozenset({"gold"}),
    codes=frozenset({"PASTA", "SAUCE"}),
    limits=Limits(per_code=1, per_user=2, total=3, budget=4),
)
PLAIN = {
    "id": "r1",
    "benefit": {
        "type": "mix_and_match",
        "targets": [
            {
                "match": {
                    "barcodes": [],
                    "categories": ["sauce"],
                    "brands": [],
                    "taxClasses": [],
                    "measures": [],
                    "excluded": None,
                },
                "quantity": 1,
            }
        ],
        "off": {"kind": "price", "value": 99},
        "triggers": [
            {
                "match": {
                    "barcodes": [],
                    "categories": [],
                    "brands": ["alp"],
                    "taxClasses": [],
                    "measures": [],
                    "excluded": {
                        "barcodes": ["100"],
                        "categories": [],
                        "brands": [],
                        "taxClasses": [],
                        "measures": [],
                        "excluded": None,
                    },
                },
                "quantity": 2,
            }
        ],
        "choose": "most_expensive",
        "maxOccurrences": 3,
    },
    "version": 4,
    "name": "Pasta night",
    "priority": -5,
    "stacking": "exclusive",
    "window": {"starts": None, "ends": None, "weekdays": [5], "hours": [{"opens": "17:00", "closes": "24:00"}]},
    "stores": ["s1", "s2"],
    "groups": ["gold"],
    "codes": ["PASTA", "SAUCE"],
    "limits": {"perCode": 1, "perUser": 2, "total": 3, "budget": 4},
}


def test_a_rule_is_plain_data_and_comes_back_from_it() -> None:
    assert to_dict(WHOLE) == PLAIN
    assert from_dict(PLAIN) == WHOLE


def test_what_a_rule_leaves_out_has_its_default() -> None:
    assert from_dict(rule()) == Rule("r1", Percentage(Match(), 1000))
    assert from_dict(rule(benefit={"type": "buy_get", "match": {}, "buy": 2, "get": 1})).benefit == BuyGet(
        Match(), 2, 1, FREE, Choose.CHEAPEST, None
    )


def test_every_benefit_has_a_name_of_its_own() -> None:
    assert len({benefit.TYPE for benefit in BENEFITS}) == len(BENEFITS) == 8


@pytest.mark.parametrize(
    ("match", "accepted"),
    [
        ({}, True),
        ({"barcodes": ["100", "200"]}, True),
        ({"barcodes": ["200"]}, False),
        ({"categories": ["dairy"], "brands": ["alp"], "taxClasses": ["reduced"], "measures": ["each"]}, True),
        ({"categories": ["bread"]}, False),
        ({"brands": ["other"]}, False),
        ({"taxClasses": ["standard"]}, False),
        ({"measures": ["weight"]}, False),
        ({"excluded": {"brands": ["alp"]}}, False),
        ({"categories": ["dairy"], "excluded": {"barcodes": ["200"]}}, True),
    ],
)
def test_a_pattern_means_what_is_in_every_set_it_names(match: dict[str, Any], accepted: bool) -> None:
    benefit = from_dict(rule(benefit={**TEN, "match": match})).benefit
    assert isinstance(benefit, Percentage)
    assert benefit.match.accepts(MILK) is accepted


@pytest.mark.parametrize(
    ("plain", "field"),
    [
        ({"id": "r1"}, "benefit"),
        (rule(colour="red"), "colour"),
        (rule(id=7), "id"),
        (rule(version=True), "version"),
        (rule(version="1"), "version"),
        (rule(priority=None), "priority"),
        (rule(stacking="sometimes"), "stacking"),
        (rule(stores="s1"), "stores"),
        (rule(stores=["s1", 2]), "stores.1"),
        (rule(window=[]), "window"),
        (rule(window="always"), "window"),
        (rule(window={"hours": [{"opens": "08:00"}]}), "window"),
        (rule(window={"hours": [{"opens": 8, "closes": 9}]}), "window"),
        (rule(window={"weekdays": [9]}), "window"),
        (rule(window={"weekdays": 1}), "window"),
        (rule(codes=["TEN "]), "codes"),
        (rule(codes=["ten"]), "codes"),
        (rule(codes=[""]), "codes"),
        (rule(codes=["X" * 41]), "codes"),
        (rule(codes=[f"C{n}" for n in range(1001)]), "codes"),
        (rule(limits={"perCode": 1}), "limits.perCode"),
        (rule(limits={"perUser": 0}), "limits.perUser"),
        (rule(limits={"budget": -1}), "limits.budget"),
        (rule(limits=[]), "limits"),
        (rule(benefit=None), "benefit.type"),
        (rule(benefit={}), "benefit.type"),
        (rule(benefit={"type": "magic"}), "benefit.type"),
        (rule(benefit={**TEN, "basisPoints": 0}), "benefit.basisPoints"),
        (rule(benefit={**TEN, "basisPoints": 10_001}), "benefit.basisPoints"),
        (rule(benefit={**TEN, "basisPoints": 10.5}), "benefit.basisPoints"),
        (rule(benefit={**TEN, "amount": 1}), "benefit.amount"),
        (rule(benefit={"type": "percentage", "match": {}}), "benefit.basisPoints"),
        (rule(benefit={**TEN, "match": {"colours": []}}), "benefit.match.colours"),
        (rule(benefit={**TEN, "match": {"measures": ["stone"]}}), "benefit.match.measures"),
        (rule(benefit={**TEN, "match": {"excluded": {}}}), "benefit.match.excluded"),
        (
            rule(benefit={**TEN, "match": {"excluded": {"brands": ["a"], "excluded": {"brands": ["b"]}}}}),
            "benefit.match.excluded",
        ),
        (rule(benefit={"type": "amount", "match": {}, "amount": 0}), "benefit.amount"),
        (rule(benefit={"type": "fixed_price", "match": {}, "price": -1}), "benefit.price"),
        (rule(benefit={"type": "member_price", "match": {}, "price": -1}), "benefit.price"),
        (rule(benefit={"type": "buy_get", "match": {}, "buy": 0, "get": 1}), "benefit.buy"),
        (rule(benefit={"type": "buy_get", "match": {}, "buy": 1, "get": 0}), "benefit.get"),
        (rule(benefit={"type": "buy_get", "match": {}, "buy": 1, "get": 1, "choose": "best"}), "benefit.choose"),
        (
            rule(benefit={"type": "buy_get", "match": {}, "buy": 1, "get": 1, "maxOccurrences": 0}),
            "benefit.maxOccurrences",
        ),
        (
            rule(benefit={"type": "buy_get", "match": {}, "buy": 1, "get": 1, "off": {"kind": "half", "value": 1}}),
            "benefit.off.kind",
        ),
        (
            rule(benefit={"type": "buy_get", "match": {}, "buy": 1, "get": 1, "off": {"kind": 1, "value": 1}}),
            "benefit.off.kind",
        ),
        (rule(benefit={"type": "n_for_price", "match": {}, "quantity": 1, "price": 1}), "benefit.quantity"),
        (rule(benefit={"type": "n_for_price", "match": {}, "quantity": 2, "price": -1}), "benefit.price"),
        (
            rule(benefit={"type": "mix_and_match", "targets": [], "off": {"kind": "price", "value": 1}}),
            "benefit.targets",
        ),
        (
            rule(
                benefit={
                    "type": "mix_and_match",
                    "targets": [{"match": {}, "quantity": 0}],
                    "off": {"kind": "price", "value": 1},
                }
            ),
            "benefit.targets.0.quantity",
        ),
        (
            rule(
                benefit={
                    "type": "mix_and_match",
                    "targets": [{"match": {}, "quantity": 21}],
                    "triggers": [{"match": {}, "quantity": 20}],
                    "off": {"kind": "price", "value": 1},
                }
            ),
            "benefit.targets",
        ),
        (
            rule(benefit={"type": "cart_threshold", "threshold": -1, "off": {"kind": "amount", "value": 1}}),
            "benefit.threshold",
        ),
        (
            rule(benefit={"type": "cart_threshold", "threshold": 1, "off": {"kind": "price", "value": 1}}),
            "benefit.off.kind",
        ),
        (
            rule(benefit={"type": "cart_threshold", "threshold": 1, "off": {"kind": "percent", "value": 10_001}}),
            "benefit.off.value",
        ),
    ],
)
def test_what_no_rule_can_be_is_refused_with_its_place(plain: dict[str, Any], field: str) -> None:
    with pytest.raises(RuleInvalid, match=r"[.]$") as refused:
        from_dict(plain)
    assert refused.value.field == field


def test_a_benefit_is_read_alone_too() -> None:
    assert promotion_codec.benefit_from_dict(TEN) == Percentage(Match(), 1000)
    with pytest.raises(RuleInvalid) as refused:
        promotion_codec.benefit_from_dict({**TEN, "basisPoints": 0}, at="rules.3.benefit")
    assert refused.value.field == "rules.3.benefit.basisPoints"


def test_a_rule_that_was_in_the_database_is_the_same_rule() -> None:
    dear = rule(benefit={"type": "cart_threshold", "threshold": 5_000_000_000, "off": {"kind": "amount", "value": 1}})
    stored = bson.decode(bson.encode(to_dict(from_dict(dear))))
    assert type(stored["benefit"]["threshold"]) is bson.Int64
    assert from_dict(stored) == from_dict(dear)


def test_codes_are_compared_without_case_and_white_space() -> None:
    assert normal_code(" save 10\n") == normal_code("SAVE10") == "SAVE10"


def test_a_member_price_is_for_members_unless_it_names_its_groups() -> None:
    price = MemberPrice(Match(), 99)
    assert Rule("r", price).for_groups == {"member"}
    assert Rule("r", price, groups=frozenset({"gold"})).for_groups == {"gold"}
    assert Rule("r", Percentage(Match(), 1)).for_groups == frozenset()


def test_every_pattern_of_a_benefit_is_known() -> None:
    dairy, bread = Match(categories=frozenset({"dairy"})), Match(categories=frozenset({"bread"}))
    assert list(matches(Percentage(dairy, 1))) == [dairy]
    assert list(matches(CartThreshold(1, FREE, dairy, bread))) == [dairy, bread]
    assert list(matches(MixAndMatch((Slot(dairy, 1),), FREE, (Slot(bread, 1),)))) == [bread, dairy]
