"""One way in for whatever a scanner read."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail.barcode import InvalidCode, Reason, check_digit
from functions.common.retail.gs1_table import GS
from functions.common.retail.labels import ASK_QUANTITY, NOTHING, Template, parse_template
from functions.common.retail.scancode import Kind, Resolved, resolve

TEMPLATES = [parse_template(name) for name in ("odoo-weight", "odoo-price", "german-press", "upca-price-verified")]
TODAY = date(2026, 11, 20)


def refusal(raw: str, templates: list[Template] | None = None) -> Reason:
    with pytest.raises(InvalidCode) as refused:
        resolve(raw, templates or [], today=TODAY)
    return refused.value.code


@pytest.mark.parametrize(
    ("raw", "kind", "lookup"),
    [
        ("4006381333931", Kind.GTIN, "4006381333931"),
        ("04006381333931", Kind.GTIN, "4006381333931"),
        ("036000291452", Kind.GTIN, "0036000291452"),
        ("10614141543219", Kind.GTIN, "10614141543219"),
        ("96385074", Kind.GTIN, "96385074"),
        ("0000096385074", Kind.GTIN, "96385074"),
        ("0000000000017", Kind.INTERNAL, "00000017"),
        ("20123451", Kind.INTERNAL, "20123451"),
        ("04252614", Kind.UPC_E, "0042100005264"),
        ("2912345678906", Kind.INTERNAL, "2912345678906"),
        ("212345678909", Kind.INTERNAL, "0212345678909"),
        ("0412345678903", Kind.INTERNAL, "0412345678903"),
        ("0512345678900", Kind.COUPON, "0512345678900"),
        ("9812345678902", Kind.COUPON, "9812345678902"),
        ("9781234567897", Kind.GTIN, "9781234567897"),
        (" 4006381333931\r\n", Kind.GTIN, "4006381333931"),
        ("]E04006381333931", Kind.GTIN, "4006381333931"),
        ("]E00036000291452", Kind.GTIN, "0036000291452"),
        ("]E004252614", Kind.UPC_E, "0042100005264"),
        ("]E496385074", Kind.GTIN, "96385074"),
        ("]E3419080410280512", Kind.GTIN, "4190804102805"),
        ("]E3978123456789754495", Kind.GTIN, "9781234567897"),
        ("]C04006381333931", Kind.GTIN, "4006381333931"),
        ("]I110614141543219", Kind.GTIN, "10614141543219"),
        ("]X04006381333931", Kind.GTIN, "4006381333931"),
    ],
)
def test_a_number_is_looked_up_under_its_canonical_form(raw: str, kind: Kind, lookup: str) -> None:
    assert resolve(raw) == Resolved(kind, (lookup,), NOTHING)


def test_a_case_number_with_indicator_9_asks_for_the_weight() -> None:
    assert resolve("90401234512346") == Resolved(Kind.GTIN, ("90401234512346",), ASK_QUANTITY)


def test_eight_digits_that_are_both_ean_8_and_upc_e_are_looked_up_as_both() -> None:
    both = resolve("12345670")
    assert (both.kind, both.lookup) == (Kind.GTIN, ("12345670", "0123456000070"))
    assert [warning.code for warning in both.warnings] == ["EIGHT_DIGITS"]


def test_a_symbology_identifier_settles_what_eight_digits_are() -> None:
    assert resolve("]E412345670") == Resolved(Kind.GTIN, ("12345670",))
    assert resolve("]E012345670") == Resolved(Kind.UPC_E, ("0123456000070",))
    assert refusal("]E404252614") is Reason.CHECK_DIGIT
    assert refusal("]E096385074") is Reason.CHECK_DIGIT


def test_zeros_only_are_one_number_however_they_are_read() -> None:
    assert resolve("00000000") == Resolved(Kind.INTERNAL, ("00000000",))


def test_an_in_store_label_names_its_base_code_and_its_value() -> None:
    weighed = resolve("2112345015002", TEMPLATES)
    assert (weighed.kind, weighed.lookup) == (Kind.VARIABLE_MEASURE, ("2112345000008",))
    assert (weighed.label.measure, weighed.label.quantity) == ("weight", 1500)
    priced = resolve("2312345002495", TEMPLATES)
    assert (priced.lookup, priced.label.price) == (("2312345000002",), 249)


@pytest.mark.parametrize("raw", ["]E02112345015002", "02112345015002", "2112345015002\n"])
def test_an_in_store_label_is_read_however_the_scanner_sends_it(raw: str) -> None:
    assert resolve(raw, TEMPLATES).lookup == ("2112345000008",)


def test_an_in_store_label_in_upc_a_is_read_too() -> None:
    body = "21234592875"
    assert resolve(body + check_digit(body), TEMPLATES).label.price == 2875


def test_a_wrong_verifier_digit_is_told_from_a_wrong_check_digit() -> None:
    template = [parse_template("ean13-weight-verified")]
    assert resolve("2957783000742", template).label.quantity == 74
    misread = "295778400074"
    assert refusal(misread + check_digit(misread), template) is Reason.VERIFIER_DIGIT
    assert refusal("2957784000742", template) is Reason.CHECK_DIGIT  # both are wrong
    assert refusal("2957783000743", template) is Reason.CHECK_DIGIT


def test_a_code_without_a_template_is_looked_up_as_it_is() -> None:
    assert resolve("2112345015002") == Resolved(Kind.INTERNAL, ("2112345015002",))


@pytest.mark.parametrize(
    "raw",
    [
        "{id}019040123451234631030012341727013110LOT7{GS}39221299",
        "{id}{GS}019040123451234631030012341727013110LOT7{GS}39221299\r\n",
    ],
)
@pytest.mark.parametrize("identifier", ["]d2", "]C1", "]e0", "]Q3", "]J1", GS, "\xe8", "", "]C0", "]d1", "]Q1"])
def test_the_published_gs1_vector_is_resolved_exactly(raw: str, identifier: str) -> None:
    found = resolve(raw.format(id=identifier, GS=GS), today=TODAY)
    assert (found.kind, found.lookup, found.warnings) == (Kind.GS1, ("90401234512346",), ())
    label = found.label
    assert (label.measure, label.quantity) == ("weight", 1234)
    assert (label.price, label.price_decimals, label.price_source) == (1299, 2, "3922")
    assert (label.use_by, label.lot, label.source) == (date(2027, 1, 31), "LOT7", "gs1")


def test_the_gtin_of_gs1_data_is_looked_up_in_canonical_form() -> None:
    assert resolve("0104006381333931").lookup == ("4006381333931",)
    assert resolve("(01)00000096385074(10)A").lookup == ("96385074",)


def test_a_digital_link_is_resolved_like_gs1_data() -> None:
    found = resolve("https://id.example/01/09521234543213/10/LOT7/21/8?17=270131&3103=001234", today=TODAY)
    assert (found.kind, found.lookup) == (Kind.DIGITAL_LINK, ("9521234543213",))
    assert (found.label.lot, found.label.serial, found.label.quantity) == ("LOT7", "8", 1234)
    assert (found.label.use_by, found.label.source) == (date(2027, 1, 31), "digital_link")
    for identifier in ("]Q1", "]Q3", "]d1", "]d2"):
        assert resolve(identifier + "https://id.example/01/09521234543213").kind is Kind.DIGITAL_LINK


def test_incomplete_gs1_data_are_usable_with_a_warning() -> None:
    found = resolve("]C1010400638133393139221299")
    assert found.label.price == 1299
    assert [(warning.code, warning.ai) for warning in found.warnings] == [("AI_INCOMPLETE", "3922")]


def test_gs1_data_that_contradict_themselves_are_refused() -> None:
    assert refusal(f"]C1010400638133393139221299{GS}39211299") is Reason.AI_ASSOCIATION
    assert refusal("]C1010400638133393102040063813339313701") is Reason.AI_ASSOCIATION


def test_a_gs1_coupon_names_no_product() -> None:
    found = resolve(f"]C12554006381333931001{GS}39410050")
    assert (found.kind, found.lookup) == (Kind.COUPON, ())
    assert (found.label.coupon, found.label.percent_off) == ("4006381333931001", 5_000)


def test_a_pallet_is_no_product() -> None:
    assert refusal("]C100340123450000000000") is Reason.NO_PRODUCT


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", Reason.EMPTY),
        (" \r\n", Reason.EMPTY),
        ("]C1", Reason.EMPTY),
        (GS, Reason.EMPTY),
        ("1" * 513, Reason.TOO_LONG),
        ("é" * 513, Reason.TOO_LONG),
        ("4011", Reason.BAD_LENGTH),
        ("123456789012345", Reason.BAD_LENGTH),
        ("4006381333930", Reason.CHECK_DIGIT),
        ("12345671", Reason.CHECK_DIGIT),
        ("0104006381333930", Reason.CHECK_DIGIT),
        ("]C105", Reason.UNKNOWN_AI),
        ("]C1017", Reason.BAD_AI_DATA),
        ("1" * 512, Reason.NO_PRODUCT),
        ("10A" + GS + "10B", Reason.DUPLICATE_AI),
        ("10LOT7", Reason.NO_PRODUCT),
        ("https://example.com/offers", Reason.UNSUPPORTED_SYMBOL),
        ("https://x.example/01/09521234543213/21/1/10/A", Reason.BAD_LINK),
        ("hello", Reason.UNSUPPORTED_SYMBOL),
        ("(hello)", Reason.UNSUPPORTED_SYMBOL),
        ("]", Reason.UNSUPPORTED_SYMBOL),
        ("]C0hello", Reason.UNSUPPORTED_SYMBOL),
        ("]C0", Reason.EMPTY),
        ("]E112", Reason.BAD_LENGTH),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", Reason.UNSUPPORTED_SYMBOL),
        ("\ud800\x00\u202e", Reason.UNSUPPORTED_SYMBOL),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_stable_code(raw: str, reason: Reason) -> None:
    assert refusal(raw) is reason


@given(st.text(max_size=60) | st.text(f"0123456789{GS}]()CEdeQ/", max_size=60))
def test_no_content_makes_the_resolver_crash(raw: str) -> None:
    with contextlib.suppress(InvalidCode):
        found = resolve(raw, TEMPLATES, today=TODAY)
        assert found.lookup or found.kind is Kind.COUPON


@given(st.sampled_from([7, 11, 12, 13]).flatmap(lambda size: st.text("0123456789", min_size=size, max_size=size)))
def test_what_was_looked_up_finds_itself_again(body: str) -> None:
    labels = [parse_template(name) for name in ("odoo-weight", "odoo-price", "german-press")]
    for code in resolve(body + check_digit(body), labels).lookup:
        assert resolve(code, labels).lookup[0] == code
