"""Labels that a store's own scales print: which product, and what weight, price or count."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail import labels
from functions.common.retail.barcode import InvalidCode, Reason, canonical, check_digit
from functions.common.retail.labels import Label, Template, parse_template, read_label

VERIFIED = "ean13-weight-verified"


def coded(body: str) -> str:
    return body + check_digit(body)


def read(code: str, *specs: str | dict[str, Any]) -> tuple[str, Label] | None:
    return read_label(code, [parse_template(spec) for spec in specs])


@pytest.mark.parametrize(
    ("value", "verifier"),
    [("14685", "6"), ("2875", "9"), ("00500", "6"), ("01234", "1"), ("00074", "3"), ("00000", "0"), ("0000", "0")],
)
def test_verifier_digits_are_those_of_the_standard(value: str, verifier: str) -> None:
    assert labels.verifier_digit(value) == verifier


def test_a_weight_label_of_the_odoo_layout_weighs_a_kilogram_and_a_half() -> None:
    assert read("2112345015002", "odoo-weight") == (
        "2112345000008",
        Label(source="odoo-weight", measure="weight", quantity=1500),
    )


def test_a_price_label_of_the_odoo_layout_costs_two_forty_nine() -> None:
    assert read("2312345002495", "odoo-price") == (
        "2312345000002",
        Label(source="odoo-price", price=249, price_decimals=2, price_source="odoo-price"),
    )


def test_a_label_with_a_verifier_digit_is_stored_without_value_and_verifier() -> None:
    base, label = read("2123456005004", VERIFIED) or ("", labels.NOTHING)
    assert base == coded("212345000000")
    assert label.quantity == 500


def test_a_wrong_verifier_digit_is_refused() -> None:
    assert read("2957783000742", VERIFIED) is not None
    with pytest.raises(InvalidCode, match=VERIFIED) as refused:
        read("2957784000742", VERIFIED)
    assert refused.value.code is Reason.VERIFIER_DIGIT


def test_the_same_label_suits_a_template_that_has_no_verifier_digit() -> None:
    with pytest.raises(InvalidCode):
        read("2123455005005", VERIFIED)
    base, label = read("2123455005005", VERIFIED, "ean13-weight") or ("", labels.NOTHING)
    assert (base, label.quantity, label.source) == (coded("212345500000"), 500, "ean13-weight")


def test_the_first_template_that_matches_wins() -> None:
    first = {"name": "first", "pattern": "2|item6|value5|C", "kind": "count"}
    second = {"name": "second", "pattern": "2|item6|value5|C", "kind": "weight"}
    _, label = read("2112345015002", first, second) or ("", labels.NOTHING)
    assert (label.source, label.count) == ("first", 1500)


def test_a_label_of_a_template_for_upc_a_is_read_with_and_without_its_leading_zero() -> None:
    body = "212345" + labels.verifier_digit("2875") + "2875"
    code = canonical(coded(body))
    assert len(code) == 13
    base, label = read(code, "upca-price-verified") or ("", labels.NOTHING)
    assert base == canonical(coded("21234500000"))
    assert (label.price, label.price_decimals) == (2875, 2)


@pytest.mark.parametrize("prefix", ["414", "419", "434", "449"])
def test_german_magazines_carry_their_price(prefix: str) -> None:
    base, label = read(coded(prefix + "080410280"), "german-press") or ("", labels.NOTHING)
    assert (base, label.price) == (coded(prefix + "080410000"), 280)


def test_a_code_of_another_prefix_is_no_label() -> None:
    assert read(coded("400080410280"), "german-press", VERIFIED, "odoo-price") is None
    assert read("4006381333931") is None


def test_a_zero_value_asks_for_the_quantity() -> None:
    for spec in ("odoo-weight", "odoo-price", {"pattern": "2|item6|value5|C", "kind": "count"}):
        prefix = "23" if spec == "odoo-price" else "21"
        base, label = read(coded(prefix + "1234500000"), spec) or ("", labels.NOTHING)
        assert base == coded(prefix + "1234500000")
        assert label.ask_quantity
        assert (label.quantity, label.price, label.count) == (None, None, None)


@pytest.mark.parametrize(("decimals", "grams"), [(3, 1234), (2, 12340), (1, 123400), (0, 1234000)])
def test_the_decimals_of_a_template_place_the_point(decimals: int, grams: int) -> None:
    spec = {"pattern": "21|item5|value5|C", "kind": "weight", "decimals": decimals}
    _, label = read(coded("211234501234"), spec) or ("", labels.NOTHING)
    assert label.quantity == grams


def test_prefixes_narrow_a_pattern() -> None:
    spec = {"pattern": "2|item6|value5|C", "kind": "weight", "prefixes": ["21", "225"]}
    assert parse_template(spec).starts == ("21", "225")
    assert read(coded("211234501234"), spec) is not None
    assert read(coded("225234501234"), spec) is not None
    assert read(coded("221234501234"), spec) is None


def test_prefixes_of_a_upc_a_pattern_are_written_as_printed() -> None:
    template = parse_template({"pattern": "2|item5|value5|C", "kind": "price", "prefixes": ["21"]})
    assert template.starts == ("021",)


@pytest.mark.parametrize("name", list(labels.PRESETS))
@given(data=st.data())
def test_whatever_is_printed_is_read_back_and_its_base_code_is_itself(name: str, data: st.DataObject) -> None:
    template = parse_template(name)
    code, value = printed(template, data)
    base, label = read_label(code, [template]) or ("", labels.NOTHING)
    told = next((n for n in (label.quantity, label.price, label.count) if n is not None), 0)
    assert told == value
    padded = base.zfill(13)
    assert int(padded[template.value_at : template.value_end]) == 0
    assert canonical(padded) == base
    assert (read_label(padded, [template]) or ("", None))[0] == base


def printed(template: Template, data: st.DataObject) -> tuple[str, int]:
    """A label as a scale would print it, 13 digits, and the value on it."""
    start = data.draw(st.sampled_from(template.starts))
    digits = list(start + data.draw(st.text("0123456789", min_size=12 - len(start), max_size=12 - len(start))))
    value = "".join(digits[template.value_at : template.value_end])
    if template.verifier_at is not None:
        digits[template.verifier_at] = labels.verifier_digit(value)
    return coded("".join(digits)), int(value)


@pytest.mark.parametrize("name", list(labels.PRESETS))
def test_every_known_layout_has_its_own_name_on_the_label(name: str) -> None:
    assert parse_template(name).name == name


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("no-such", "There is no label template named 'no-such'"),
        (["2|item5|value5|C"], "is the name of a known one, or an object"),
        (None, "is the name of a known one, or an object"),
        ({}, "needs a pattern"),
        ({"pattern": 7, "kind": "weight"}, "needs a pattern"),
        ({"pattern": "2|item6|value5|C"}, "The kind of a label template is one of weight, price, count"),
        ({"pattern": "2|item6|value5|C", "kind": "size"}, "not 'size'"),
        ({"pattern": "2|item6|value5|C", "kind": "weight", "colour": 1}, "has no field colour"),
        ({"pattern": "x|item6|value5|C", "kind": "weight"}, "must begin with digits"),
        ({"pattern": "|item6|value5|C", "kind": "weight"}, "must begin with digits"),
        ({"pattern": "", "kind": "weight"}, "must begin with digits"),
        ({"pattern": "2", "kind": "weight"}, "must begin with digits"),
        ({"pattern": "2|item6|value5", "kind": "weight"}, "end with C"),
        ({"pattern": "2|item6|value5|C|C", "kind": "weight"}, "must not have 'C'"),
        ({"pattern": "2|C|item5|value5|C", "kind": "weight"}, "must not have 'item5'"),
        ({"pattern": "2|item6|size5|C", "kind": "weight"}, "must not have 'size5'"),
        ({"pattern": "2|item|value5|C", "kind": "weight"}, "must not have 'item'"),
        ({"pattern": "2|item1|V|V|value5|C", "kind": "weight"}, "must not have 'V'"),
        ({"pattern": "2|item1|value5|value5|C", "kind": "weight"}, "must not have 'value5'"),
        ({"pattern": "2|value5|C", "kind": "weight"}, "needs an item and a value part"),
        ({"pattern": "2|item5|C", "kind": "weight"}, "needs an item and a value part"),
        ({"pattern": "2|item6|value6|C", "kind": "weight"}, "has 14 digits; a label has 13, or 12"),
        ({"pattern": "2|item4|V|value6|C", "kind": "weight"}, "its value must have 4 or 5 digits"),
        ({"pattern": "2|item6|value5|C", "kind": "weight", "decimals": 4}, "0 to 3 decimals, not 4"),
        ({"pattern": "2|item6|value5|C", "kind": "price", "decimals": -1}, "0 to 4 decimals, not -1"),
        ({"pattern": "2|item6|value5|C", "kind": "count", "decimals": 1}, "0 to 0 decimals, not 1"),
        ({"pattern": "2|item6|value5|C", "kind": "price", "decimals": True}, "decimals, not True"),
        ({"pattern": "2|item6|value5|C", "kind": "price", "decimals": "2"}, "decimals, not '2'"),
        ({"pattern": "2|item6|value5|C", "kind": "price", "prefixes": "21"}, "are a list of digits"),
        ({"pattern": "2|item6|value5|C", "kind": "price", "prefixes": 21}, "are a list of digits"),
        ({"pattern": "2|item6|value5|C", "kind": "price", "prefixes": ["31"]}, "begin with 2"),
        ({"pattern": "2|item6|value5|C", "kind": "price", "prefixes": ["2x"]}, "begin with 2"),
        ({"pattern": "2|item6|value5|C", "kind": "price", "prefixes": ["21234567"]}, "up to 7 digits"),
    ],
)
def test_a_template_that_makes_no_sense_is_refused_with_a_sentence(spec: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as refused:
        parse_template(spec)
    assert sentence in str(refused.value)
