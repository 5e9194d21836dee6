"""The catalogue's own rules: barcodes, packs, initial price and stock, which edits collide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from functions.catalog import domain
from functions.common.product_edits import Editor, Initial, Invalid, micros

NOW = datetime(2026, 11, 20, 9, 30, 15, 123000, tzinfo=UTC)
EDITOR = Editor("ann", "brand_manager", "req-1", "op1", NOW)
GTIN, PACK, OTHER = "4006381333931", "5000112637922", "96385074"


def unit(barcode: str, quantity: int = 6000) -> dict[str, Any]:
    return {"name": "six", "barcode": barcode, "quantity": quantity, "price": None}


def initial(amount: int = 199, as_of: datetime | None = None, editor: Editor = EDITOR) -> Initial:
    price = {"amount": amount, "currency": "EUR", "asOf": as_of}
    return domain.stated({"price": price, "stock": {"quantity": 4000, "asOf": as_of}}, "EUR", editor)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("4006381333931", "4006381333931"),
        ("04006381333931", "4006381333931"),
        ("036000291452", "0036000291452"),
        ("96385074", "96385074"),
        ("04252614", "0042100005264"),  # no GTIN-8, so it is read as the UPC-E it is
    ],
)
def test_one_product_has_one_barcode_however_it_was_typed(given: str, stored: str) -> None:
    assert domain.canonical_barcode(given) == stored


@pytest.mark.parametrize(
    ("given", "reason"),
    [("4006381333932", "CHECK_DIGIT"), ("12345", "BAD_LENGTH"), ("ABCDEFGH", "UNSUPPORTED_SYMBOL"), ("", "EMPTY")],
)
def test_a_barcode_that_cannot_be_read_is_refused_with_its_reason(given: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        domain.canonical_barcode(given)
    assert (refused.value.code, refused.value.field) == (reason, "barcode")


def test_packs_get_canonical_barcodes_too() -> None:
    (pack,) = domain.canonical_units(GTIN, [unit("0" + PACK)])
    assert pack == {"name": "six", "barcode": PACK, "quantity": 6000, "price": None}


@pytest.mark.parametrize("codes", [[GTIN], [PACK, PACK], [PACK, "0" + PACK]])
def test_every_pack_needs_a_barcode_of_its_own(codes: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        domain.canonical_units(GTIN, [unit(code) for code in codes])
    assert refused.value.code == "DUPLICATE_UNIT_BARCODE"


def test_a_pack_with_a_wrong_check_digit_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        domain.canonical_units(GTIN, [unit("5000112637923")])
    assert (refused.value.code, refused.value.field) == ("CHECK_DIGIT", "units.barcode")


def test_initial_values_carry_the_time_they_were_stated() -> None:
    as_of = datetime(2026, 11, 19, 22, 0, 0, 7, tzinfo=timezone(timedelta(hours=2)))
    given = initial(as_of=as_of)
    assert given.price is not None
    assert given.stock is not None
    assert given.price["w"] == {"t": 1795118400_000007, "q": 0, "s": "catalog", "e": "op1"}
    assert given.stock["w"]["t"] == given.price["w"]["t"]
    assert (given.price["amount"], given.stock["avail"]) == (199, 4000)


def test_initial_values_without_a_time_are_stated_now() -> None:
    price = initial().price
    assert price is not None
    assert price["w"]["t"] == micros(NOW)


def test_nothing_stated_is_nothing() -> None:
    assert domain.stated({}, "EUR", EDITOR) == Initial(None, None)


def test_clocks_may_differ_by_five_minutes_and_no_more() -> None:
    initial(as_of=NOW + timedelta(minutes=5))
    with pytest.raises(Invalid) as refused:
        initial(as_of=NOW + timedelta(minutes=5, milliseconds=1))
    assert (refused.value.code, refused.value.field) == ("AS_OF_IN_FUTURE", "price.asOf")


def test_a_price_in_another_currency_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        domain.stated({"price": {"amount": 1, "currency": "USD", "asOf": None}}, "EUR", EDITOR)
    assert refused.value.code == "WRONG_CURRENCY"


def test_a_barcode_must_not_mean_two_products() -> None:
    on_sale = [{"barcode": OTHER, "units": [{"barcode": PACK}]}]
    assert domain.ambiguous({GTIN: [PACK]}, on_sale) == {GTIN}
    assert domain.ambiguous({PACK: []}, on_sale) == {PACK}
    assert domain.ambiguous({GTIN: [OTHER]}, on_sale) == {GTIN}
    assert domain.ambiguous({OTHER: [PACK]}, on_sale) == set()
    assert domain.ambiguous({GTIN: [PACK], OTHER: []}, []) == set()
    assert domain.ambiguous({GTIN: [PACK], OTHER: [PACK]}, [{"barcode": "1"}]) == {GTIN, OTHER}


@pytest.mark.parametrize(
    ("seen", "edited", "collides"), [(None, 9, False), (9, 9, False), (10, 9, False), (8, 9, True)]
)
def test_an_edit_collides_only_with_an_edit_made_after_what_was_seen(
    seen: int | None, edited: int, collides: bool
) -> None:
    assert domain.outdated(seen, edited) is collides
