"""What comes back of a purchase, and what that is worth."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.checkout import refund_rules as rules
from functions.common.retail import refunds
from functions.common.retail.basket import Line
from functions.common.retail.promotion_rules import Rule
from functions.common.retail.refunds import NotReturnable
from functions.common.retail.taxes import Rate, TaxRules
from functions.common.retail.totals import total_up

TAXES = TaxRules({"standard": (Rate(190_000, "VAT"),)}, inclusive=True, default="standard")
LINES = [
    {"id": "a", "barcode": "1", "quantity": 3000, "pack": 1000, "measure": "each"},
    {"id": "b", "barcode": "2", "quantity": 12_000, "pack": 6000, "measure": "each"},
    {"id": "c", "barcode": "3", "quantity": 354, "pack": 1000, "measure": "weight"},
]
AMOUNTS = {"a": 300, "b": 1800, "c": 563}


def purchase(**more: Any) -> dict[str, Any]:
    lines = [
        Line(each["id"], each["barcode"], each["quantity"], AMOUNTS[each["id"]], measure=each["measure"],  # type: ignore[arg-type, index]
             pack=each["pack"])  # type: ignore[arg-type]
        for each in LINES
    ]  # fmt: skip
    account = refunds.Account(refunds.sale_of(_totals(lines), TAXES))
    return {"lines": LINES, "account": refunds.to_dict(account), "refunds": [], "refunded": 0, **more}


def _totals(lines: list[Line], chosen: tuple[Rule, ...] = ()) -> Any:
    from zoneinfo import ZoneInfo

    from functions.common.retail.promotions import Facts

    facts = Facts("s", datetime(2026, 11, 21, tzinfo=UTC), ZoneInfo("UTC"))
    return total_up(lines, chosen, facts, TAXES)


def entry(given: rules.Given, source: dict[str, Any], state: str = rules.SUCCEEDED, **more: Any) -> dict[str, Any]:
    return {
        "state": state, "amount": given.amount, "approvedBy": None,
        "units": [list(unit) for unit in given.units], "taken": rules.plain_taken(source, given), **more,
    }  # fmt: skip


def test_pieces_packs_and_what_was_weighed_come_back_in_their_own_steps() -> None:
    given = rules.give(purchase(), [("a", 1000), ("b", 6000), ("c", 354)])
    assert (given.amount, given.goods) == (100 + 900 + 563, {"1": 1000, "2": 6000, "3": 354})


@pytest.mark.parametrize("wanted", [("a", 500), ("a", 4000), ("b", 1000), ("c", 200), ("nobody", 1000)])
def test_what_was_not_sold_like_that_does_not_come_back(wanted: tuple[str, int]) -> None:
    with pytest.raises(NotReturnable):
        rules.give(purchase(), [wanted])


def test_everything_is_what_is_left() -> None:
    source = purchase()
    first = rules.give(source, [("a", 2000)])
    rest = rules.give({**source, "account": refunds.to_dict(first.account)}, None)
    assert first.amount + rest.amount == sum(AMOUNTS.values())
    with pytest.raises(NotReturnable):
        rules.give({**source, "account": refunds.to_dict(rest.account)}, None)


@given(st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=4), st.data())
def test_a_refund_that_came_to_nothing_leaves_no_trace(lines: list[str], data: st.DataObject) -> None:
    """Whichever of several fails, in whatever order they were made."""
    source, made = purchase(), []
    for line in lines:
        try:
            given = rules.give(source, [(line, 1000 if line == "a" else 6000)])
        except NotReturnable:
            continue
        made.append(entry(given, source))
        source = {**source, "account": refunds.to_dict(given.account)}
    failed = data.draw(st.sampled_from(made))
    kept = refunds.from_dict(rules.undone(source, failed))
    assert kept.paid_back == sum(each["amount"] for each in made) - failed["amount"]
    rest = rules.give({**source, "account": refunds.to_dict(kept)}, None)
    assert kept.paid_back + rest.amount == sum(AMOUNTS.values())


@pytest.mark.parametrize(
    ("before", "amount", "limit", "second"),
    [
        ([], 500, None, False), ([], 500, 500, False), ([], 501, 500, True),
        ([(300, "succeeded", None)], 200, 500, False), ([(300, "succeeded", None)], 201, 500, True),
        ([(300, "pending", None)], 201, 500, True), ([(300, "failed", None)], 500, 500, False),
        ([(300, "awaiting_approval", None)], 500, 500, False), ([(900, "succeeded", "lee")], 500, 500, False),
    ],
)  # fmt: skip
def test_a_second_person_is_needed_for_what_one_alone_gave_in_all(
    before: list[tuple[int, str, str | None]], amount: int, limit: int | None, second: bool
) -> None:
    entries = [{"amount": a, "state": state, "approvedBy": by} for a, state, by in before]
    assert rules.needs_second_person({"refunds": entries}, amount, limit) is second
