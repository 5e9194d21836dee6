"""The rules of promotions as things that are edited: what a version is, who is told, whose stores they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from functions.common.product_edits import Editor, Invalid
from functions.common.products import CachedProduct
from functions.common.retail.money import Rounding
from functions.common.retail.promotion_rules import Percentage
from functions.discount import domain
from functions.discount.domain import Refused, Write

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ANN = Editor("ann", "brand_manager", "req-1", "op1", NOW)
BOB = Editor("bob", "brand_manager", "req-2", "op2", NOW)
MATCH: dict[str, Any] = {"categories": ["wine"]}
FIELDS: dict[str, Any] = {
    "name": "Wine week",
    "description": None,
    "status": "draft",
    "storeIds": ["s2", "s1", "s2"],
    "priority": 0,
    "stacking": "stack",
    "window": {},
    "groups": [],
    "codes": ["B", "A"],
    "limits": {},
    "benefit": {"type": "percentage", "match": MATCH, "basisPoints": 1000},
}


def content(**more: Any) -> dict[str, Any]:
    return domain.content_of("wine-week", FIELDS | more)


def stored(**more: Any) -> dict[str, Any]:
    """A promotion as it is in the database."""
    write = domain.created("acme", "wine-week", content(**more) | {"status": "draft"}, ANN)
    document = {**write.fresh, "tenantId": "acme", "promotionId": "wine-week"}
    return document | {"status": more.get("status", "draft")}


def next_version(before: dict[str, Any], **more: Any) -> Write:
    write = domain.replaced(before, {name: before[name] for name in domain.FIELDS} | more, BOB)
    assert write is not None
    return write


def told(write: Write) -> tuple[str, list[str] | None] | None:
    """What the event says: the state and the stores."""
    if write.event is None:
        return None
    (promotion,) = write.event["data"]["promotions"]
    assert (promotion["promotionId"], promotion["ver"]) == ("wine-week", write.entry["ver"])
    return promotion["status"], promotion["storeIds"]


# ---- what a promotion says -----------------------------------------------------------------------------------


def test_two_ways_to_say_the_same_are_stored_the_same() -> None:
    assert content()["storeIds"] == ["s1", "s2"]
    assert content()["codes"] == ["A", "B"]
    assert content(window={"weekdays": []}) == content(codes=["A", "B", "A"], storeIds=["s1", "s2"])
    assert content(storeIds=None)["storeIds"] is None


def test_a_stored_promotion_is_a_rule_of_its_version() -> None:
    rule = domain.rule_of("wine-week", 3, content())
    assert (rule.id, rule.version, rule.name, sorted(rule.stores)) == ("wine-week", 3, "Wine week", ["s1", "s2"])
    assert isinstance(rule.benefit, Percentage)
    assert domain.rule_of("wine-week", 3, content(storeIds=None)).stores == frozenset()


def test_what_could_not_be_applied_is_refused_with_its_place() -> None:
    with pytest.raises(Invalid) as refused:
        content(window={"starts": "2026-12-02T00:00", "ends": "2026-12-01T00:00"})
    assert (refused.value.code, refused.value.field) == ("INVALID_PROMOTION", "window")


# ---- how it is edited ----------------------------------------------------------------------------------------


def test_a_new_promotion_is_version_one() -> None:
    write = domain.created("acme", "wine-week", content(), ANN)
    assert (write.fresh["ver"], write.fresh["deletedAt"], write.fresh["createdAt"]) == (1, None, NOW)
    assert (write.entry["action"], write.entry["who"], write.entry["ver"]) == ("created", "ann", 1)
    assert write.entry["content"] == content()
    changed = {change["field"] for change in write.entry["changes"]}
    assert {"name", "status", "storeIds", "benefit"} <= changed
    assert not {"description", "groups"} & changed
    assert domain.made_by({**write.fresh}, ANN)
    assert not domain.made_by({**write.fresh}, BOB)


def test_a_draft_tells_nobody_and_an_active_one_its_stores() -> None:
    assert told(domain.created("acme", "wine-week", content(), ANN)) is None
    assert told(domain.created("acme", "wine-week", content(status="active"), ANN)) == ("active", ["s1", "s2"])
    assert told(domain.created("acme", "wine-week", content(status="active", storeIds=None), ANN)) == ("active", None)


def test_a_promotion_does_not_begin_with_its_end() -> None:
    with pytest.raises(Refused) as refused:
        domain.created("acme", "wine-week", content(status="ended"), ANN)
    assert refused.value.code == "STATUS_NOT_ALLOWED"


def test_a_version_holds_all_it_says_and_what_is_new_in_it() -> None:
    write = next_version(stored(), priority=7)
    assert write.entry["changes"] == [{"field": "priority", "before": 0, "after": 7}]
    assert (write.entry["action"], write.entry["ver"]) == ("updated", 2)
    assert write.entry["content"] == content(priority=7)
    assert "createdAt" not in write.fresh


def test_a_version_that_says_the_same_is_none() -> None:
    assert domain.replaced(stored(), content(), BOB) is None
    assert domain.replaced(stored(status="ended"), content(status="ended"), BOB) is None


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [("draft", "active", "activated"), ("active", "ended", "ended")],
)
def test_states_go_forward(before: str, after: str, action: str) -> None:
    assert next_version(stored(status=before), status=after).entry["action"] == action


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("active", "draft", "STATUS_NOT_ALLOWED"),
        ("draft", "ended", "STATUS_NOT_ALLOWED"),
        ("ended", "active", "PROMOTION_ENDED"),
        ("ended", "draft", "PROMOTION_ENDED"),
    ],
)
def test_and_never_back(before: str, after: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        next_version(stored(status=before), status=after)
    assert refused.value.code == code


def test_what_has_ended_stays_as_it_is() -> None:
    with pytest.raises(Refused):
        next_version(stored(status="ended"), name="Beer week")


def test_everybody_is_told_whose_prices_may_be_others_now() -> None:
    draft, active = stored(), stored(status="active")
    assert told(next_version(draft, priority=1)) is None
    assert told(next_version(draft, status="active", storeIds=["s3"])) == ("active", ["s3"])
    assert told(next_version(active, storeIds=["s2", "s3"])) == ("active", ["s1", "s2", "s3"])
    assert told(next_version(active, storeIds=None)) == ("active", None)
    assert told(next_version(active, status="ended")) == ("ended", ["s1", "s2"])
    everywhere = stored(status="active", storeIds=None)
    assert told(next_version(everywhere, storeIds=["s1"])) == ("active", None)


def test_a_removed_promotion_keeps_its_history_and_is_removed_once() -> None:
    active = stored(status="active")
    write = domain.removed(active, BOB)
    assert write is not None
    assert (write.fresh["deletedAt"], write.entry["action"], write.entry["ver"]) == (NOW, "removed", 2)
    assert told(write) == ("removed", ["s1", "s2"])
    assert domain.removed({**active, **write.fresh}, BOB) is None
    quiet = domain.removed(stored(), BOB)
    assert quiet is not None
    assert told(quiet) is None


# ---- whose it is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claimed", "store_ids", "covers", "sees", "shown"),
    [
        ({"*"}, None, True, True, (None, False)),
        ({"*"}, ["s1"], True, True, (["s1"], False)),
        ({"s1"}, None, False, True, (None, False)),
        ({"s1", "s2"}, ["s1"], True, True, (["s1"], False)),
        ({"s1"}, ["s1", "s2"], False, True, (["s1"], True)),
        ({"s1"}, ["s2"], False, False, ([], True)),
        (set(), ["s2"], False, False, ([], True)),
    ],
)
def test_a_token_decides_for_its_stores_and_sees_what_is_on_in_them(
    claimed: set[str], store_ids: list[str] | None, covers: bool, sees: bool, shown: object
) -> None:
    assert domain.covers(claimed, store_ids) is covers
    assert domain.sees(claimed, store_ids) is sees
    assert domain.shown(claimed, store_ids) == shown


# ---- a dry run's basket --------------------------------------------------------------------------------------


def item(**more: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("quantity", "unitPrice", "amount", "measure", "pack", "categoryId", "brandId", "taxClass"))
    return {"lineId": "l1", "barcode": "100", **nothing, **more}


def product(**more: Any) -> CachedProduct:
    units = [{"name": "six", "barcode": "600", "quantity": 6000, "price": 899}, {"barcode": "900", "quantity": 9000}]
    made = {
        "barcode": "100",
        "measure": "each",
        "categoryId": "milk",
        "brandId": "alp",
        "taxClass": "reduced",
        "price": {"amount": 159, "currency": "EUR", "at": 0},
        "units": units,
    }
    return cast(CachedProduct, made | more)


@pytest.mark.parametrize(
    ("said", "quantity", "amount", "units"),
    [
        ({"unitPrice": 100}, 1000, 100, 1),
        ({"unitPrice": 100, "quantity": 3000}, 3000, 300, 3),
        ({"unitPrice": 899, "pack": 6000}, 6000, 899, 1),
        ({"unitPrice": 1000, "measure": "weight"}, 1000, 1000, 1),
        ({"unitPrice": 1000, "measure": "weight", "quantity": 333}, 333, 333, 1),
        ({"amount": 250, "quantity": 2000}, 2000, 250, 2),
        ({"amount": 250}, 1000, 250, 1),
    ],
)
def test_a_line_may_state_its_price(said: dict[str, Any], quantity: int, amount: int, units: int) -> None:
    line = domain.line_of(item(**said), None, Rounding.HALF_EVEN)
    assert (line.quantity, line.amount, line.units) == (quantity, amount, units)
    assert (line.category, line.brand, line.tax_class) == (None, None, None)


@pytest.mark.parametrize(
    ("said", "quantity", "amount", "units"),
    [
        ({}, 1000, 159, 1),
        ({"quantity": 2000}, 2000, 318, 2),
        ({"barcode": "600"}, 6000, 899, 1),
        ({"barcode": "600", "quantity": 12_000}, 12_000, 1798, 2),
        ({"barcode": "900"}, 9000, 1431, 1),
        ({"pack": 2000}, 2000, 318, 1),
    ],
)
def test_a_line_without_a_price_costs_what_the_store_asks(
    said: dict[str, Any], quantity: int, amount: int, units: int
) -> None:
    line = domain.line_of(item(**said), product(), Rounding.HALF_EVEN)
    assert (line.quantity, line.amount, line.units) == (quantity, amount, units)
    assert (line.category, line.brand, line.tax_class, line.measure) == ("milk", "alp", "reduced", "each")


def test_what_a_line_says_goes_before_what_the_product_says() -> None:
    line = domain.line_of(item(categoryId="tea", taxClass="standard"), product(), Rounding.HALF_EVEN)
    assert (line.category, line.brand, line.tax_class) == ("tea", "alp", "standard")


def test_a_product_without_a_price_cannot_be_tried() -> None:
    with pytest.raises(Invalid) as refused:
        domain.line_of(item(), product(price=None), Rounding.HALF_EVEN)
    assert refused.value.code == "PRODUCT_NOT_PRICED"
