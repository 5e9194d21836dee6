"""What a cart costs at a moment, what is left out of it and why, and how a line comes back from its document."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from bson import decode, encode
from hypothesis import given
from hypothesis import strategies as st

from functions.common.cart_lines import CartLine, LineLabel, ProductNow, from_document, refresh, to_document
from functions.common.carts import CardOnVisit, Visit, visit_of, why_not
from functions.common.products import CachedProduct
from functions.common.quotes import HEAVY, Quote, demand_of, quote
from functions.common.retail.money import Rounding
from functions.common.retail.promotion_rules import Limits, Match, MemberPrice, Percentage, Rule
from functions.common.retail.promotions import Usage
from functions.common.retail.taxes import Rate, TaxRules
from functions.common.stores import Store

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BERLIN = Store("s", "t", "Berlin", "EUR", "Europe/Berlin", "active", "strict", (), 1)
VAT = TaxRules({"standard": (Rate(190_000, "VAT"),), "reduced": (Rate(70_000, "VAT"),)})
MILK, WINE = "4006381333931", "3012345678902"


@dataclass(frozen=True)
class Terms:
    taxes: TaxRules | None = VAT
    rounding: Rounding = field(default=Rounding.HALF_EVEN)


def product(barcode: str = MILK, amount: int | None = 159, **fields: Any) -> ProductNow:
    made: CachedProduct = {
        "id": "p", "tenantId": "t", "barcode": barcode, "name": "Milk", "brandId": "b", "categoryId": "c",
        "status": "active", "measure": "each", "taxClass": "standard", "imageUrl": None, "ageRestriction": None,
        "recalledLots": [], "units": [], "stock": None, "updatedAt": 1,
        "price": None if amount is None else {"amount": amount, "currency": "EUR", "at": 1},
    }  # fmt: skip
    made.update(fields)  # type: ignore[typeddict-item]
    return ProductNow(made, 7)


def line(
    barcode: str = MILK, line_id: str = "1", quantity: int = 1000, unit_price: int | None = 159, **more: Any
) -> CartLine:
    amount = more.pop("amount", (unit_price or 0) * quantity // 1000)
    return CartLine(line_id, barcode, barcode, "Milk", quantity, unit_price, amount, 1, NOW, **more)


def ask(
    lines: list[CartLine],
    *held: ProductNow,
    rules: list[Rule] | None = None,
    terms: Terms = Terms(),
    store: Store = BERLIN,
    **more: Any,
) -> Quote:
    known = {each.product["barcode"]: each for each in held}
    return asyncio.run(quote(lines, known, rules or [], store=store, terms=terms, moment=NOW, **more))


def remarks(found: Quote) -> list[tuple[str, str, bool]]:
    return [(each.line, each.code, each.blocking) for each in found.problems]


# ---- what it costs ------------------------------------------------------------------------------------------


def test_an_empty_cart_costs_nothing() -> None:
    found = ask([])
    assert (found.total, found.lines, found.problems, found.age_limit) == (0, (), (), None)


def test_a_cart_costs_what_its_products_cost_now_and_says_what_changed() -> None:
    found = ask([line(quantity=2000), line(WINE, "2", unit_price=799)], product(amount=149), product(WINE, 799))
    assert (found.total, [each.amount for each in found.lines]) == (298 + 799, [298, 799])
    (changed,) = found.changes
    assert (changed.line, changed.old, changed.new) == ("1", 159, 149)
    assert (found.lines[0].was, found.lines[0].changed_at, found.lines[0].ver) == (159, NOW, 7)
    assert (found.lines[1].was, found.lines[1].changed_at) == (None, None)


def test_a_price_that_stays_keeps_the_one_of_before_in_sight() -> None:
    earlier = NOW - timedelta(minutes=5)
    found = ask([line(was=199, changed_at=earlier)], product())
    assert (found.lines[0].was, found.lines[0].changed_at, found.changes) == (199, earlier, ())


def test_taxes_are_the_tenants() -> None:
    found = ask([line(), line(WINE, "2", unit_price=799)], product(taxClass="reduced"), product(WINE, 799))
    assert [(share.rate, share.gross) for share in found.totals.shares] == [("19", 799), ("7", 159)]
    assert found.totals.net + found.totals.tax == found.total == 958
    assert ask([line()], product(taxClass="books"), terms=Terms(None)).totals.shares == ()


TEN = Rule(id="ten", version=1, name="Ten percent", benefit=Percentage(Match(), 1000))


def test_promotions_take_part() -> None:
    found = ask([line(quantity=2000)], product(), rules=[TEN])
    assert (found.totals.discount, found.total, found.by_line["1"].payable) == (32, 286, 286)


def test_a_code_is_asked_for_however_it_is_written_and_counts_as_often_as_it_may() -> None:
    rule = replace(TEN, codes=frozenset({"MILK10"}), limits=Limits(per_user=1))
    assert ask([line()], product(), rules=[rule]).totals.discount == 0
    assert ask([line()], product(), rules=[rule], codes=["milk10"]).totals.discount == 16
    used = {"ten": Usage(total=1, by_user=1)}
    assert ask([line()], product(), rules=[rule], codes=["MILK10"], usage=used).totals.discount == 0


def test_a_card_counts_until_its_time_is_over() -> None:
    rule = Rule(id="m", version=1, name="Members", benefit=MemberPrice(Match(), 99), groups=frozenset({"gold"}))
    card = CardOnVisit("c", "b", frozenset({"gold"}), NOW + timedelta(microseconds=1))
    assert ask([line()], product(), rules=[rule], card=card).total == 99
    assert ask([line()], product(), rules=[rule], card=replace(card, attached_until=NOW)).total == 159
    assert ask([line()], product(), rules=[rule]).total == 159


def test_a_heavy_quote_is_the_same_as_a_light_one() -> None:
    rules = [replace(TEN, id=f"r{n}", benefit=Percentage(Match(), 1 + n)) for n in range(HEAVY // 10)]
    lines = [line(line_id=str(n)) for n in range(10)]
    heavy = ask(lines, product(), rules=rules)
    assert heavy.totals.lines == ask(lines, product(), rules=rules[: HEAVY // 10]).totals.lines
    assert heavy.total < 1590


# ---- what is left out ---------------------------------------------------------------------------------------

PACK = "14006381333938"


@pytest.mark.parametrize(
    ("held", "bought", "code"),
    [
        ([], line(), "PRODUCT_NOT_FOUND"),
        ([product(status="inactive")], line(), "PRODUCT_NOT_FOR_SALE"),
        ([product(units=[])], line(unit=PACK, pack=6000, quantity=6000), "PRODUCT_NOT_FOR_SALE"),
        ([product(measure="weight")], line(), "PRODUCT_CHANGED"),
        ([product(units=[{"barcode": PACK, "quantity": 4000}])], line(unit=PACK, pack=6000, quantity=6000),
         "PRODUCT_CHANGED"),
        ([product(amount=None)], line(), "NOT_PRICED"),
        ([product(price={"amount": 1, "currency": "CHF", "at": 1})], line(), "CURRENCY_MISMATCH"),
        ([product(taxClass="books")], line(), "TAX_CLASS_UNKNOWN"),
        ([product(taxClass=None)], line(), "TAX_CLASS_UNKNOWN"),
        ([product(recalledLots=["A"])], line(label=LineLabel(lot="A")), "RECALLED_LOT"),
        ([product()], line(label=LineLabel(use_by=date(2026, 11, 19))), "EXPIRED"),
        ([product()], line(label=LineLabel(use_by=date(2026, 11, 20), use_by_time=time(9, 59))), "EXPIRED"),
    ],
)  # fmt: skip
def test_what_cannot_be_sold_is_said_and_not_counted(held: list[ProductNow], bought: CartLine, code: str) -> None:
    found = ask([line(WINE, "2", unit_price=799), bought], product(WINE, 799), *held, rules=[TEN])
    assert (bought.id, code, True) in remarks(found)
    assert [each.code for each in found.blocked] == [code]
    assert (found.total, list(found.by_line), len(found.lines)) == (719, ["2"], 2)


def test_a_label_is_good_to_the_end_of_its_day_in_the_store() -> None:
    kept = line(label=LineLabel(use_by=date(2026, 11, 20), best_before=date(2026, 11, 19), sell_by=date(2026, 11, 19)))
    found = ask([kept], product())
    assert remarks(found) == [("1", "BEST_BEFORE_PASSED", False), ("1", "SELL_BY_PASSED", False)]


def test_what_is_worth_knowing_is_said_after_what_stops_the_sale() -> None:
    lines = [line(), line(WINE, "2", unit_price=799, age_restriction=16)]
    found = ask(lines, product(ageRestriction=18), product(WINE, None, ageRestriction=16))
    assert remarks(found) == [
        ("2", "NOT_PRICED", True), ("1", "AGE_RESTRICTED", False), ("2", "AGE_RESTRICTED", False),
    ]  # fmt: skip
    assert found.age_limit == 18


def test_stock_is_compared_with_what_all_lines_of_a_product_take_together() -> None:
    lines = [line(quantity=2000), line(line_id="2", unit=PACK, pack=6000, quantity=6000, unit_price=954)]
    some = product(stock={"avail": 7000, "at": 1}, units=[{"barcode": PACK, "quantity": 6000}])
    assert remarks(ask(lines, some)) == [("1", "OUT_OF_STOCK", False), ("2", "OUT_OF_STOCK", False)]
    enough = product(stock={"avail": 8000, "at": 1}, units=[{"barcode": PACK, "quantity": 6000}])
    assert remarks(ask(lines, enough)) == []
    assert remarks(ask(lines, some, store=replace(BERLIN, stock_policy="sell_in_hand"))) == []
    assert demand_of(lines) == {MILK: 8000}


def test_a_stated_price_stays_whatever_the_store_asks() -> None:
    found = ask([line(unit_price=None, amount=499, label=LineLabel(price=499))], product(amount=1))
    assert (found.total, found.changes) == (499, ())


def test_a_line_that_is_blocked_keeps_what_it_was() -> None:
    bought = line()
    assert refresh(bought, product(status="deleted"), "EUR", NOW, NOW, Rounding.HALF_EVEN).line is bought


# ---- as documents -------------------------------------------------------------------------------------------

days = st.none() | st.dates(date(2020, 1, 1), date(2040, 1, 1))
texts = st.none() | st.text(min_size=1, max_size=5)
made_labels = st.builds(
    LineLabel, price=st.none() | st.integers(0, 10**9), unit_price=st.none() | st.integers(0, 10**9), lot=texts,
    serial=texts, use_by=days, use_by_time=st.none() | st.times().map(lambda at: at.replace(microsecond=0)),
    best_before=days, sell_by=days,
)  # fmt: skip
made_lines = st.builds(
    CartLine, id=st.text("0123456789abcdef", min_size=8, max_size=8), code=st.text(min_size=1), barcode=st.just(MILK),
    name=st.text(), quantity=st.integers(1, 10**9), unit_price=st.none() | st.integers(0, 10**12),
    amount=st.integers(0, 10**12), ver=st.integers(0, 10**15), added_at=st.just(NOW),
    measure=st.sampled_from(["each", "weight"]), pack=st.integers(1, 10**6), unit=texts, fixed=st.booleans(),
    category=texts, brand=texts, tax_class=texts, age_restriction=st.none() | st.integers(0, 21), image_url=texts,
    note=st.text(), was=st.none() | st.integers(0, 10**9), changed_at=st.none() | st.just(NOW), label=made_labels,
)  # fmt: skip


@given(made_lines)
def test_a_line_comes_back_from_its_document_as_it_was(kept: CartLine) -> None:
    again: Any = decode(encode({**to_document(kept), "discount": 3}))
    again["addedAt"] = again["addedAt"].replace(tzinfo=UTC)
    if again["price"]["changedAt"] is not None:
        again["price"]["changedAt"] = again["price"]["changedAt"].replace(tzinfo=UTC)
    assert from_document(again) == kept


# ---- whether a checkout may hold it -------------------------------------------------------------------------


def visit(**changes: Any) -> Visit:
    document = {
        "_id": "s." + "0" * 32, "tenantId": "t", "storeId": "s", "userId": "u", "status": "active", "createdAt": NOW,
        "expiresAt": NOW + timedelta(minutes=30), "cart": {"ver": 3, "lines": [to_document(line())], "codes": ["A"]},
    }  # fmt: skip
    return visit_of(document | changes)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "SESSION_EXPIRED"),
        (visit(expiresAt=NOW), "SESSION_EXPIRED"),
        (visit(status="ended"), "SESSION_ENDED"),
        (visit(status="handed_over"), "CART_HANDED_OVER"),
        (visit(checkout={"id": "other", "cartVer": 3, "at": NOW}), "CART_LOCKED"),
        (visit(cart={"ver": 3, "lines": []}), "CART_EMPTY"),
        (visit(cart={"ver": 4, "lines": [to_document(line())]}), "CART_CHANGED"),
        (visit(checkout={"id": "mine", "cartVer": 3, "at": NOW}), None),
        (visit(), None),
    ],
)
def test_why_a_cart_is_not_given_to_a_checkout(found: Visit | None, why: str | None) -> None:
    assert why_not(found, 3, "mine", NOW) == why
