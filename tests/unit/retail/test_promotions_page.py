"""The page about promotions is true: every example on it is run."""

import json
import re
from pathlib import Path

import pytest

from functions.common.retail.basket import priced_line
from functions.common.retail.promotion_codec import benefit_from_dict, from_dict, to_dict
from functions.common.retail.promotion_explain import CODE_MESSAGES, MESSAGES
from functions.common.retail.promotion_rules import BENEFITS, MixAndMatch, Rule
from functions.common.retail.promotions import Facts
from functions.common.retail.totals import total_up
from tests.unit.retail.baskets import BERLIN, NOW

PAGE = (Path(__file__).parents[3] / "docs" / "promotions.md").read_text(encoding="utf-8")
BASKET = [
    priced_line("1", "1", 1000, 300, category="bread"),
    priced_line("2", "2", 2000, 200, category="jam"),
    priced_line("3", "3", 500, 2000, measure="weight", category="ham"),
]
MEMBER = Facts("s1", NOW, BERLIN, groups=frozenset({"member"}))


def table(heading: str) -> list[list[str]]:
    """The cells of the table whose header begins with a heading."""
    found = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert found is not None
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in found[1].splitlines()]


def test_the_basket_of_the_page_costs_what_the_page_says() -> None:
    assert f"that is {total_up(BASKET, [], MEMBER).total}" in PAGE


@pytest.mark.parametrize("row", table("benefit"), ids=lambda row: row[0])
def test_a_benefit_takes_off_what_the_page_says(row: list[str]) -> None:
    benefit = benefit_from_dict(json.loads(row[2].strip("`")))
    assert row[0] == f"`{benefit.TYPE}`"
    assert total_up(BASKET, [Rule("r", benefit)], MEMBER).discount == int(row[3])


def test_every_benefit_has_an_example() -> None:
    assert [row[0].strip("`") for row in table("benefit")] == [benefit.TYPE for benefit in BENEFITS]


def test_the_promotion_on_the_page_is_one_and_says_all_there_is() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    rule = from_dict(json.loads(block))
    assert isinstance(rule.benefit, MixAndMatch)
    assert set(json.loads(block)) == set(to_dict(rule)) - {"name", "version"}


def test_every_reason_is_on_the_page_with_its_sentence() -> None:
    assert {row[0].strip("`"): row[1] for row in table("reason")} == MESSAGES | CODE_MESSAGES
