"""What a scanned code becomes in a cart, which scans share a line, and what a shopper may change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.cart_lines import CartLine, ProductNow
from functions.common.products import CachedProduct
from functions.common.retail import pricing
from functions.common.retail.labels import NOTHING, Label
from functions.common.retail.pricing import Offer
from functions.common.retail.scancode import Kind, Resolved, resolve
from functions.sessions.domain import carts
from functions.sessions.domain.carts import Counter, Invalid, NoSuchLine, Refused, Scan

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HERE = Counter("EUR", NOW.astimezone(ZoneInfo("Europe/Berlin")), NOW)
MILK, CASE = "4006381333931", "14006381333938"


def product(**fields: Any) -> ProductNow:
    made: CachedProduct = {
        "id": "p", "tenantId": "t", "barcode": MILK, "name": "Milk", "brandId": "b", "categoryId": "c",
        "status": "active", "measure": "each", "taxClass": "standard", "imageUrl": None, "ageRestriction": None,
        "recalledLots": [], "units": [], "price": {"amount": 159, "currency": "EUR", "at": 1}, "stock": None,
        "updatedAt": 1,
    }  # fmt: skip
    made.update(fields)  # type: ignore[typeddict-item]
    return ProductNow(made, 7)


CASED = product(units=[{"name": "case", "barcode": CASE, "quantity": 6000, "price": 899}])
CHEESE = product(measure="weight", price={"amount": 1590, "currency": "EUR", "at": 1})


def scan(now: ProductNow, label: Label = NOTHING, barcode: str = MILK, **more: Any) -> Scan:
    return Scan(barcode, Resolved(Kind.GTIN, (barcode,), label), barcode, now, **more)


def line(now: ProductNow, label: Label = NOTHING, line_id: str = "1", **more: Any) -> CartLine:
    return carts.line_of(line_id, scan(now, label, **more), HERE)


def put(lines: tuple[CartLine, ...], now: ProductNow, line_id: str, label: Label = NOTHING, **more: Any) -> Any:
    return carts.with_line(lines, line(now, label, line_id, **more), now, HERE)


def refusal(error: pytest.ExceptionInfo[Any]) -> str:
    return str(error.value.code)


# ---- a line -------------------------------------------------------------------------------------------------


def test_a_piece_costs_what_the_store_asks() -> None:
    made = line(product(), quantity=3000, note="cold")
    assert (made.quantity, made.unit_price, made.amount, made.ver, made.note) == (3000, 159, 477, 7, "cold")
    assert (made.was, made.changed_at, made.fixed, made.unit) == (None, None, False, None)


def test_a_pack_has_its_own_price_and_counts_as_one() -> None:
    made = line(CASED, barcode=CASE)
    assert (made.quantity, made.pack, made.unit_price, made.amount, made.unit) == (6000, 6000, 899, 899, CASE)
    assert made.basket_line().units == 1


def test_a_pack_without_a_price_of_its_own_costs_its_pieces() -> None:
    pair = product(units=[{"name": "pair", "barcode": CASE, "quantity": 2000}])
    made = line(pair, barcode=CASE, quantity=4000)
    assert (made.unit_price, made.amount, made.basket_line().units) == (318, 636, 2)


def test_what_was_weighed_keeps_its_weight() -> None:
    made = line(CHEESE, Label(measure="weight", quantity=354))
    assert (made.quantity, made.unit_price, made.amount, made.fixed) == (354, 1590, 563, True)


def test_a_price_on_the_label_is_what_is_paid() -> None:
    made = line(CHEESE, Label(price=499, price_decimals=2))
    assert (made.quantity, made.unit_price, made.amount, made.fixed) == (314, None, 499, True)


def test_a_price_on_the_label_also_sells_what_has_no_price_in_the_store() -> None:
    made = line(product(measure="weight", price=None), Label(price=499, price_decimals=2))
    assert (made.quantity, made.amount) == (1000, 499)


def test_a_price_per_kilogram_on_the_label_goes_before_the_stores() -> None:
    made = line(CHEESE, Label(measure="weight", quantity=500, unit_price=1000, unit_price_decimals=2))
    assert (made.unit_price, made.amount) == (1000, 500)


def test_a_label_in_another_currency_is_not_believed() -> None:
    made = line(product(), Label(price=499, price_decimals=2, price_currency="840"))
    assert (made.amount, made.fixed) == (159, False)
    euros = line(product(), Label(price=499, price_decimals=2, price_currency="978"))
    assert (euros.amount, euros.fixed) == (499, True)


def test_a_count_on_the_label_is_kept() -> None:
    made = line(product(), Label(count=3))
    assert (made.quantity, made.amount, made.fixed) == (3000, 477, True)


@pytest.mark.parametrize(
    ("now", "label", "quantity", "code"),
    [
        (product(status="inactive"), NOTHING, None, "PRODUCT_NOT_FOR_SALE"),
        (product(price=None), NOTHING, None, "NOT_PRICED"),
        (product(price={"amount": 1, "currency": "CHF", "at": 1}), NOTHING, None, "CURRENCY_MISMATCH"),
        (product(recalledLots=["A"]), Label(lot="A"), None, "RECALLED_LOT"),
        (product(recalledLots=["A"]), Label(lot="A", use_by=date(2026, 11, 19)), None, "RECALLED_LOT"),
        (product(), Label(use_by=date(2026, 11, 19)), None, "EXPIRED"),
        (product(), Label(use_by=date(2026, 11, 20), use_by_time=time(9, 30)), None, "EXPIRED"),
        (CHEESE, Label(measure="weight", quantity=354), 354, "QUANTITY_FIXED"),
        (CHEESE, Label(price=499, price_decimals=2), 354, "QUANTITY_FIXED"),
        (product(), Label(count=2), 1000, "QUANTITY_FIXED"),
    ],
)
def test_what_must_not_be_sold_so_does_not_get_in(
    now: ProductNow, label: Label, quantity: int | None, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        line(now, label, quantity=quantity)
    assert refusal(refused) == code


@pytest.mark.parametrize(
    ("now", "quantity", "code"),
    [
        (CHEESE, None, "QUANTITY_REQUIRED"),
        (product(), 1500, "QUANTITY_INVALID"),
        (product(), carts.MOST_QUANTITY + 1000, "QUANTITY_INVALID"),
        (product(measure="weight", price={"amount": 10**9, "currency": "EUR", "at": 1}), 10**7, "QUANTITY_INVALID"),
    ],
)
def test_a_quantity_that_cannot_be_is_refused(now: ProductNow, quantity: int | None, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        line(now, quantity=quantity)
    assert (refusal(refused), refused.value.field) == (code, "quantity")


labels = st.one_of(
    st.just(NOTHING),
    st.builds(Label, price=st.integers(0, 99_999), price_decimals=st.just(2)),
    st.builds(Label, measure=st.just("weight"), quantity=st.integers(1, 99_999)),
    st.builds(
        Label, measure=st.just("weight"), quantity=st.integers(1, 99_999), unit_price=st.integers(0, 9_999),
        unit_price_decimals=st.just(2),
    ),
)  # fmt: skip


@given(labels, st.integers(0, 9_999), st.sampled_from(["each", "weight"]))
def test_a_line_costs_what_its_scan_said(label: Label, price: int, measure: str) -> None:
    offer = Offer(price, "EUR", measure)
    said = pricing.price_item(label, offer)
    if said.quantity:
        made = line(product(measure=measure, price={"amount": price, "currency": "EUR", "at": 1}), label)
        assert (made.amount, made.quantity) == (said.amount, said.quantity)


# ---- the cart -----------------------------------------------------------------------------------------------


def test_pieces_of_the_same_goods_share_a_line() -> None:
    lines = put(put((), product(), "1", note="cold"), product(), "2")
    assert [(each.id, each.quantity, each.amount, each.note) for each in lines] == [("1", 2000, 318, "cold")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"now": CASED}, {"now": CASED, "barcode": CASE}),
        ({"now": product()}, {"now": product(), "label": Label(lot="A")}),
        ({"now": product(), "label": Label(lot="A")}, {"now": product(), "label": Label(lot="A")}),
        ({"now": product(), "note": "for Ann"}, {"now": product(), "note": "for Bob"}),
        ({"now": product(), "label": Label(count=2)}, {"now": product()}),
        ({"now": product()}, {"now": product(), "label": Label(count=2)}),
        ({"now": CHEESE, "quantity": 500}, {"now": CHEESE, "quantity": 500}),
        ({"now": product()}, {"now": product(barcode=CASE), "barcode": CASE}),
    ],
)
def test_what_is_not_alike_in_everything_has_a_line_of_its_own(first: Any, second: Any) -> None:
    lines = put(put((), line_id="1", **first), line_id="2", **second)
    assert [each.id for each in lines] == ["1", "2"]


def test_a_second_scan_takes_the_price_of_now_and_says_which_was_before() -> None:
    lines = put((), product(), "1")
    lines = put(lines, product(price={"amount": 149, "currency": "EUR", "at": 2}), "2")
    assert [(each.unit_price, each.amount, each.was, each.changed_at) for each in lines] == [(149, 298, 159, NOW)]


def test_one_item_with_a_serial_number_is_in_a_cart_once() -> None:
    lines = put((), product(), "1", Label(serial="S1"))
    with pytest.raises(Refused) as refused:
        put(lines, product(), "2", Label(serial="S1"))
    assert refusal(refused) == "ITEM_IN_CART"
    assert len(put(lines, product(), "2", Label(serial="S2"))) == 2


def test_a_cart_is_full_at_some_point() -> None:
    full = tuple(line(CHEESE, Label(measure="weight", quantity=1), str(n)) for n in range(carts.MOST_LINES))
    with pytest.raises(Refused) as refused:
        put(full, product(), "new")
    assert refusal(refused) == "CART_FULL"
    with pytest.raises(Refused) as refused:
        put(put((), product(), "1", quantity=1_999_000), product(), "2", quantity=2000)
    assert refusal(refused) == "CART_FULL"


def test_a_quantity_changes_what_a_line_costs_and_a_note_does_not() -> None:
    lines = put(put((), CHEESE, "1", quantity=500), product(), "2")
    changed = carts.with_quantity(lines, "2", 4000, "for the cat", product(), HERE)
    assert [(each.quantity, each.amount, each.note) for each in changed] == [(500, 795, ""), (4000, 636, "for the cat")]
    assert carts.with_quantity(lines, "2", 1000, None, None, HERE) == lines


def test_the_quantity_of_a_line_that_a_label_states_stays() -> None:
    lines = put((), CHEESE, "1", Label(measure="weight", quantity=354))
    with pytest.raises(Refused) as refused:
        carts.with_quantity(lines, "1", 300, None, CHEESE, HERE)
    assert refusal(refused) == "QUANTITY_FIXED"
    assert carts.with_quantity(lines, "1", 354, "thin", CHEESE, HERE)[0].note == "thin"


def test_there_is_no_more_of_what_the_store_does_not_know_any_more() -> None:
    lines = put((), product(), "1")
    with pytest.raises(Refused) as refused:
        carts.with_quantity(lines, "1", 2000, None, None, HERE)
    assert refusal(refused) == "PRODUCT_NOT_FOR_SALE"


def test_a_line_is_taken_out_and_one_that_is_not_there_is_not() -> None:
    lines = put(put((), CHEESE, "1", quantity=500), product(), "2")
    assert [each.id for each in carts.without(lines, "1")] == ["2"]
    with pytest.raises(NoSuchLine):
        carts.without(lines, "3")


def test_codes_are_kept_once_as_they_are_compared() -> None:
    codes = carts.with_code((), " milk 10 ")
    assert codes == ("MILK10",)
    assert carts.with_code(codes, "Milk10") == codes
    assert carts.without_code(codes, "milk10") == ()
    full = tuple(f"C{n}" for n in range(carts.MOST_CODES))
    with pytest.raises(Refused) as refused:
        carts.with_code(full, "one more")
    assert refusal(refused) == "TOO_MANY_CODES"


@pytest.mark.parametrize(
    ("text", "known"),
    [("MILK-10_a", True), ("äpfel 5", True), ("", False), ("  ", False), ("a.b", False), ("$where", False),
     ("x" * 41, False), ("a\u2028b\u0000", False)],
)  # fmt: skip
def test_a_code_is_letters_digits_hyphens_and_underscores(text: str, known: bool) -> None:
    assert carts.is_code(text) is known


def test_a_keyed_scan_has_the_same_line_and_mark_every_time() -> None:
    key = "0123456789abcdef0123456789abcdef"
    assert (carts.line_id_of(key), carts.mark_of(key)) == (key[:8], key[:24])


def test_a_real_gs1_code_becomes_a_line_with_its_dates_and_lot() -> None:
    code = "]C1010400638133393117270131" + "10LOT7"
    resolved = resolve(code, today=HERE.local.date())
    made = carts.line_of("1", Scan(code, resolved, MILK, product()), HERE)
    assert (made.label.use_by, made.label.lot, made.code) == (date(2027, 1, 31), "LOT7", code)
    assert replace(made, note="x").label == made.label
