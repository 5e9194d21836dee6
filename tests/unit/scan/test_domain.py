"""What a shopper is told about one item: every rule, without a server."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from functions.common.products import CachedProduct
from functions.common.retail.gs1 import Problem, Severity
from functions.common.retail.labels import Label, parse_template
from functions.common.retail.scancode import Kind, Resolved, resolve
from functions.scan import domain
from functions.scan.domain import Found, StoreRules

MILK, CASE = "4006381333931", "14006381333938"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STORE = StoreRules("EUR", "Europe/Berlin")
AT = 1_795_000_000_123_456


def product(**fields: Any) -> CachedProduct:
    base: CachedProduct = {
        "id": "p1",
        "tenantId": "t1",
        "barcode": MILK,
        "name": "Milk",
        "brandId": None,
        "categoryId": None,
        "status": "active",
        "measure": "each",
        "taxClass": None,
        "imageUrl": None,
        "ageRestriction": None,
        "recalledLots": [],
        "units": [],
        "price": {"amount": 159, "currency": "EUR", "at": AT},
        "stock": {"avail": 9000, "at": AT},
        "updatedAt": AT,
    }
    base.update(fields)  # type: ignore[typeddict-item]
    return base


def describe(
    item: CachedProduct | None = None,
    resolved: Resolved | None = None,
    *,
    barcode: str = MILK,
    store: StoreRules = STORE,
    now: datetime = NOW,
    **more: Any,
) -> dict[str, Any]:
    found = Found(barcode, item or product(), 7)
    return domain.describe(resolved or Resolved(Kind.GTIN, (barcode,)), found, store, now=now, low_stock=5000, **more)


def labelled(**fields: Any) -> Resolved:
    return Resolved(Kind.GS1, (MILK,), Label(source="gs1", elements=(("01", MILK.zfill(14)),), **fields))


def codes(said: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in said["warnings"]]


@pytest.mark.parametrize(
    ("available", "level"),
    [(-1000, "out_of_stock"), (0, "out_of_stock"), (1, "low"), (5000, "low"), (5001, "in_stock")],
)
def test_stock_is_low_up_to_the_limit_and_out_at_zero(available: int, level: str) -> None:
    said = describe(product(stock={"avail": available, "at": AT}))
    assert said["stock"] == {"available": available, "level": level, "asOf": "2026-11-18T11:06:40.123Z"}


def test_stock_nobody_counted_is_unknown() -> None:
    assert describe(product(stock=None))["stock"]["level"] == "unknown"


def test_a_time_that_was_never_set_is_not_shown_as_1970() -> None:
    assert describe(product(updatedAt=0))["freshness"]["updatedAt"] is None


def test_a_pack_is_named_and_priced_as_a_pack() -> None:
    units = [{"name": "box", "barcode": "96385074", "quantity": 500}, {"barcode": CASE, "price": 899}]
    said = describe(product(units=units), barcode=CASE)
    assert said["scanned"]["unit"] == {"name": None, "barcode": CASE, "quantity": 1000}
    assert (said["price"], said["priceSource"]) == (899, "pack")


def test_a_barcode_that_is_no_pack_of_the_product_has_no_unit() -> None:
    assert Found(CASE, product(), 1).unit is None
    assert Found(MILK, product(units=[{"barcode": MILK}]), 1).unit is None


@pytest.mark.parametrize(
    ("item", "resolved", "expected"),
    [
        (product(price=None), None, ["NOT_PRICED"]),
        (product(price=None, measure="weight"), None, ["NOT_PRICED"]),
        (product(measure="weight"), None, []),
        (product(ageRestriction=16), None, ["AGE_RESTRICTED"]),
        (product(recalledLots=["L1"]), None, ["LOT_NOT_ON_LABEL"]),
        (product(recalledLots=["L1"]), labelled(lot="L2"), []),
        (product(), labelled(sell_by=date(2026, 11, 19)), ["SELL_BY_PASSED"]),
        (product(), labelled(best_before=date(2026, 11, 20)), []),
        (product(), labelled(price=5, price_currency="840"), ["LABEL_CURRENCY"]),
    ],
)
def test_warnings(item: CachedProduct, resolved: Resolved | None, expected: list[str]) -> None:
    said = describe(item, resolved)
    assert codes(said) == expected
    assert all(warning["message"] != warning["code"] for warning in said["warnings"])


def test_what_the_reader_found_doubtful_is_passed_on_first() -> None:
    doubt = Problem(Severity.WARNING, "EIGHT_DIGITS", "", "both")
    said = describe(product(ageRestriction=18), Resolved(Kind.GTIN, (MILK,), warnings=(doubt,)))
    assert codes(said) == ["EIGHT_DIGITS", "AGE_RESTRICTED"]


def test_an_item_is_good_on_the_last_day_of_its_use_by_date_in_the_stores_own_calendar() -> None:
    last_day = labelled(use_by=date(2026, 11, 20))
    assert describe(resolved=last_day, now=datetime(2026, 11, 20, 22, 59, tzinfo=UTC))["blocked"] is None
    over = describe(resolved=last_day, now=datetime(2026, 11, 20, 23, 0, tzinfo=UTC))
    assert over["blocked"] == {"reason": "EXPIRED", "message": domain.MESSAGES["EXPIRED"]}
    tokyo = StoreRules("EUR", "Asia/Tokyo")
    assert describe(resolved=last_day, store=tokyo, now=datetime(2026, 11, 20, 15, 0, tzinfo=UTC))["blocked"]


def test_a_use_by_time_ends_the_day_early() -> None:
    until_one = labelled(use_by=date(2026, 11, 20), use_by_time=time(13, 0))
    assert describe(resolved=until_one, now=datetime(2026, 11, 20, 12, 0, tzinfo=UTC))["blocked"] is None
    assert describe(resolved=until_one, now=datetime(2026, 11, 20, 12, 1, tzinfo=UTC))["blocked"]
    assert describe(resolved=until_one)["label"]["useByTime"] == "13:00"


def test_a_recall_is_named_before_an_expiry() -> None:
    said = describe(product(recalledLots=["L1"]), labelled(lot="L1", use_by=date(2020, 1, 1)))
    assert (said["blocked"]["reason"], codes(said)) == ("RECALLED_LOT", ["EXPIRED"])


def test_the_labels_money_is_shown_in_the_products_currency() -> None:
    yen = product(price={"amount": 300, "currency": "JPY", "at": AT})
    said = describe(yen, labelled(price=1250, price_decimals=1))
    assert (said["label"]["price"], said["price"], said["currency"]) == (125, 125, "JPY")
    foreign = describe(resolved=labelled(price=1250, price_decimals=2, price_currency="840"))
    assert (foreign["label"]["price"], foreign["price"]) == (None, 159)
    weighed = product(measure="weight")
    per_kg = describe(weighed, labelled(unit_price=1000, unit_price_decimals=2, measure="weight", quantity=500))
    assert (per_kg["label"]["unitPrice"], per_kg["unitPrice"], per_kg["price"]) == (1000, 1000, 500)


def test_a_label_is_shown_with_everything_it_said() -> None:
    said = describe(
        resolved=labelled(
            lot="L",
            serial="S",
            count=2,
            percent_off=10_000,
            produced=date(2026, 1, 1),
            packed=date(2026, 1, 2),
            best_before=date(2027, 1, 3),
            sell_by=date(2027, 1, 4),
            use_by=date(2027, 1, 5),
        )
    )
    assert said["label"] == {
        "source": "gs1",
        "measure": None,
        "quantity": None,
        "count": 2,
        "price": None,
        "unitPrice": None,
        "percentOff": 10_000,
        "lot": "L",
        "serial": "S",
        "produced": "2026-01-01",
        "packed": "2026-01-02",
        "bestBefore": "2027-01-03",
        "sellBy": "2027-01-04",
        "useBy": "2027-01-05",
        "useByTime": None,
        "coupon": None,
        "elements": [{"ai": "01", "data": MILK.zfill(14)}],
    }


def test_codes_without_gs1_data_say_the_same_at_any_time() -> None:
    template = parse_template("ean13-weight")
    assert domain.is_timeless(resolve(MILK))
    assert domain.is_timeless(resolve("2123456005004", [template]))
    assert not domain.is_timeless(resolve(f"]C101{MILK.zfill(14)}"))
    # Nothing of it may depend on the clock, so not even a broken time zone is looked at.
    describe(product(recalledLots=["L"]), resolve(MILK), store=StoreRules("EUR", "Nowhere/Atall"))


@pytest.mark.parametrize(
    ("code", "symbology", "content"),
    [
        (MILK, None, MILK),
        (MILK, "ean_13", f"]E0{MILK}"),
        (f"]C101{MILK}", "ean_13", f"]C101{MILK}"),
        ("01234565", "upc_e", "]E001234565"),
    ],
)
def test_a_symbology_is_put_in_front_unless_the_scanner_sent_one(code: str, symbology: str, content: str) -> None:
    assert domain.symbol(code, symbology) == content


def test_a_symbology_decides_what_eight_digits_are() -> None:
    both = "01234565"
    assert resolve(domain.symbol(both, "upc_e")).lookup == ("0012345000065",)


@pytest.mark.parametrize("status", ["inactive", "deleted"])
def test_only_active_products_are_for_sale(status: str) -> None:
    assert domain.is_for_sale(product())
    assert not domain.is_for_sale(product(status=status))


def test_a_batch_counts_what_was_found() -> None:
    assert domain.batch_counts([{"success": True}, {"success": False}, {"success": True}]) == {"found": 2, "failed": 1}
