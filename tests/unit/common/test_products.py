"""The shape of a product document and the part of it that is cached."""

from datetime import UTC, datetime

import pytest

from functions.common import products
from functions.common.products import ProductDocument, Watermark

NOW = datetime(2026, 11, 20, 10, 0, 0, 123_000, tzinfo=UTC)
W: Watermark = {"t": 1_795_000_000_000_001, "q": 4, "s": "erp", "e": "e-1"}


def document() -> ProductDocument:
    return products.new_document(
        tenant_id="t1",
        store_id="s1",
        barcode="4006381333931",
        name="Oat milk",
        now=NOW,
        brand_id="b1",
        age_restriction=18,
        recalled_lots=["L1"],
        units=[{"name": "case", "barcode": "14006381333938", "quantity": 6000, "price": 899}],
        price=products.price_field(159, "EUR", W),
        stock=products.stock_field(12_000, W),
    )


def test_a_product_is_born_with_its_time_in_milliseconds_as_version() -> None:
    assert document()["ver"] == 1_795_168_800_123


def test_a_cached_product_is_what_was_put_in() -> None:
    cached = products.from_cached(products.to_cached({**document(), "_id": "abc"}))
    assert cached == {
        "id": "abc",
        "tenantId": "t1",
        "barcode": "4006381333931",
        "name": "Oat milk",
        "brandId": "b1",
        "categoryId": None,
        "status": "active",
        "measure": "each",
        "taxClass": None,
        "imageUrl": None,
        "ageRestriction": 18,
        "recalledLots": ["L1"],
        "units": [{"name": "case", "barcode": "14006381333938", "quantity": 6000, "price": 899}],
        "price": {"amount": 159, "currency": "EUR", "at": W["t"]},
        "stock": {"avail": 12_000, "at": W["t"]},
        "updatedAt": 1_795_168_800_123_000,
    }


def test_a_document_without_optional_fields_can_be_cached() -> None:
    cached = products.from_cached(
        products.to_cached({"tenantId": "t1", "barcode": "96385074", "name": "Gum", "ver": 5})
    )
    assert (cached["price"], cached["stock"], cached["units"], cached["updatedAt"]) == (None, None, [], 0)


def test_a_time_without_a_zone_is_read_as_utc() -> None:
    naive = {**document(), "updatedAt": NOW.replace(tzinfo=None)}
    assert products.from_cached(products.to_cached(naive))["updatedAt"] == 1_795_168_800_123_000


def test_a_deleted_product_is_cached_as_unknown() -> None:
    assert products.to_cached({**document(), "status": "deleted"}) == b"null"


@pytest.mark.parametrize("field", sorted(products.CACHED_FIELDS))
def test_the_projection_names_fields_that_exist(field: str) -> None:
    value: object = document()
    for part in field.split("."):
        assert isinstance(value, dict)
        value = value[part]


def test_the_projection_lacks_nothing_that_is_cached() -> None:
    whole = document()
    projected = {name: whole[name] for name in {f.split(".")[0] for f in products.CACHED_FIELDS}}  # type: ignore[literal-required]
    assert products.to_cached(projected) == products.to_cached(whole)
