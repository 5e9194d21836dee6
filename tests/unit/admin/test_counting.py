"""What facts say about days, whatever order they come in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.admin import counting
from functions.common.contracts import checkout, discount

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 20, 22, 58, tzinfo=UTC)


def sample(kind: tuple[str, int], **changes: Any) -> dict[str, Any]:
    found = checkout.SAMPLES.get(kind) or discount.SAMPLES[kind]
    return {**found, **changes}


def fact(kind: tuple[str, int], event_id: str = "e1", **changes: Any) -> counting.Fact:
    return counting.fact_of(kind[0], event_id, sample(kind, **changes), AT, BERLIN)


def test_the_day_and_the_hour_are_those_of_the_stores_clock() -> None:
    late = fact(checkout.PAID, paidAt="2026-11-20T23:30:00Z")
    assert (late.values["day"], late.values["hour"]) == ("2026-11-21", 0)
    assert fact(discount.CARD_ACCEPTED).values["day"] == "2026-11-20"


def test_payment_and_closing_say_the_same_about_what_they_share() -> None:
    paid, closed = fact(checkout.PAID), fact(checkout.CLOSED)
    assert paid.id == closed.id == sample(checkout.PAID)["checkoutId"]
    for name in ("kind", "day", "hour", "total", "currency", "expiresAt"):
        assert paid.values[name] == closed.values[name]
    assert paid.values["items"] == 3
    assert closed.values["lines"] == [{"b": "4006381333931", "n": "Pen", "q": 3000, "a": 1299}]


def test_a_refund_is_known_by_its_id_and_needs_no_day() -> None:
    refund = fact(checkout.REFUNDED)
    assert "day" not in refund.values
    assert refund.added == {"refunds": {"id": "b1946ac9", "amount": 433}}


def test_a_card_is_used_once_an_event() -> None:
    assert fact(discount.CARD_ACCEPTED, "e1").id != fact(discount.CARD_ACCEPTED, "e2").id
    assert fact(discount.CARD_ACCEPTED, "e1") == fact(discount.CARD_ACCEPTED, "e1")


@pytest.mark.parametrize("changes", [{"paidAt": "soon"}, {"total": "much"}, {"checkoutId": None, "total": None}])
def test_what_is_not_as_its_contract_says_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        fact(checkout.PAID, **changes)


def test_a_day_is_the_sum_of_its_hours() -> None:
    def group(hour: int | None, **sums: Any) -> dict[str, Any]:
        zero = {"count": 1, "total": 0, "items": 0, "discount": 0, "refunds": 0, "refunded": 0, "currency": None}
        return {"_id": {"kind": "purchase", "hour": hour}, **zero, **sums}

    cards = {"_id": {"kind": "card", "hour": 9}, "count": 3}
    morning, evening = (
        group(9, count=2, total=500, items=5, currency="EUR"),
        group(18, total=100, refunds=1, refunded=40),
    )
    best = {"_id": "1", "name": "Milk", "quantity": 3000, "amount": 600}
    day = counting.added_up([morning, cards, evening, group(None)], [best])
    assert (day["receipts"], day["total"], day["items"], day["refunded"], day["cards"]) == (4, 600, 5, 40, 3)
    assert (day["hours"][9], day["hours"][18], sum(day["hours"])) == (500, 100, 600)
    assert day["currency"] == "EUR"
    assert day["products"] == [{"barcode": "1", "name": "Milk", "quantity": 3000, "amount": 600}]


def test_a_basket_that_was_looked_at_belongs_to_the_day_it_was_opened_on_however_its_facts_come() -> None:
    opened, ended = fact(checkout.INTERVENTION_OPENED), fact(checkout.INTERVENTION_ENDED)
    assert opened.id == ended.id
    assert (opened.values["day"], opened.values["hour"]) == ("2026-11-20", 23)
    assert "day" not in ended.values
    assert {**opened.values, **ended.values} == {**ended.values, **opened.values}
    looked_at = {"_id": {"kind": "intervention", "hour": 23}, "count": 4, "rejected": 1, "total": 0}
    day = counting.added_up([looked_at], [])
    assert (day["interventions"], day["rejected"], day["receipts"]) == (4, 1, 0)


def test_of_many_products_a_few_are_shown_and_more_are_kept() -> None:
    many = [{"_id": str(number), "name": "x", "quantity": 1, "amount": 1} for number in range(200)]
    assert len(counting.added_up([], many)["products"]) == counting.SHOWN_PRODUCTS
    assert len(counting.best_of(many)) == 200


def test_a_day_without_anything_is_nothing() -> None:
    day = counting.added_up([], [])
    assert (day["receipts"], day["currency"], day["products"]) == (0, None, [])
