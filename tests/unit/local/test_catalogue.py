"""The demo catalogue is what it says: the same every time, with codes that scanners accept."""

from collections import Counter
from datetime import UTC, datetime
from functools import cache

from functions.common.products import ProductDocument
from functions.common.retail.barcode import canonical, check_digit, has_valid_check_digit
from functions.common.retail.labels import parse_template, read_label, verifier_digit
from local import catalogue

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@cache
def _products() -> tuple[ProductDocument, ...]:
    return tuple(catalogue.products(NOW))


def test_there_are_three_tenants_twelve_stores_and_ten_thousand_products() -> None:
    assert len(catalogue.TENANTS) == 3
    assert len({store["_id"] for store in catalogue.stores(NOW)}) == 12
    assert len(_products()) == catalogue.total() == 10_000


def test_it_is_the_same_every_time() -> None:
    assert tuple(catalogue.products(NOW)) == _products()


def test_every_barcode_and_pack_barcode_is_valid_and_canonical() -> None:
    packs = [unit["barcode"] for product in _products() for unit in product["units"]]
    codes = [product["barcode"] for product in _products()] + packs
    assert packs
    assert all(has_valid_check_digit(code) and canonical(code) == code for code in codes)


def test_no_code_means_two_things_in_one_store() -> None:
    uses = Counter(
        (product["storeId"], code)
        for product in _products()
        for code in (product["barcode"], *(unit["barcode"] for unit in product["units"]))
    )
    assert max(uses.values()) == 1


def test_every_scale_label_is_read_back_as_its_product() -> None:
    templates = {tenant.id: [parse_template(each) for each in tenant.label_templates] for tenant in catalogue.TENANTS}
    weighed = [product for product in _products() if product["measure"] == "weight"]
    assert len(weighed) == catalogue.WEIGHED * 12
    for product in weighed:
        code = product["barcode"]
        template = next(each for each in templates[product["tenantId"]] if code.startswith(each.starts))
        value = "01250"[-(template.value_end - template.value_at) :]
        printed = code[: template.value_at] + value + code[template.value_end : -1]
        if template.verifier_at is not None:
            at = template.verifier_at
            printed = printed[:at] + verifier_digit(value) + printed[at + 1 :]
        found = read_label(printed + check_digit(printed), templates[product["tenantId"]])
        assert found is not None
        assert found[0] == code


def test_it_has_something_of_everything() -> None:
    assert {16, 18} == {product["ageRestriction"] for product in _products()} - {None}
    assert any(product["recalledLots"] for product in _products())
    assert any(product["units"] for product in _products())
    assert any(product["showInQuickProducts"] for product in _products())
    assert {product["price"]["currency"] for product in _products() if product["price"]} == {"EUR", "SEK", "MXN"}


def test_stores_of_a_chain_have_prices_of_their_own() -> None:
    barcode = catalogue.gtin(catalogue.TENANTS[0], 3)
    prices = {p["price"]["amount"] for p in _products() if p["barcode"] == barcode and p["price"]}
    assert len(prices) > 1


def test_a_name_is_searchable() -> None:
    product = next(p for p in _products() if p["brandId"] == "fjallby")
    assert str(dict(product)["nameKey"]).startswith("fjallby ")
