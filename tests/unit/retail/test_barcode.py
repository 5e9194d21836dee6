"""A GTIN is one number, however it is printed; a wrong digit is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail import barcode
from functions.common.retail.barcode import Circulation, InvalidCode, Reason

DIGITS = "0123456789"


def bodies(size: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=size, max_size=size)


GTINS = st.sampled_from([7, 11, 12, 13]).flatmap(bodies).map(lambda body: body + barcode.check_digit(body))


@pytest.mark.parametrize(
    "gtin", ["96385074", "036000291452", "4006381333931", "5901234123457", "90401234512346", "2112345015002"]
)
def test_published_codes_have_the_right_check_digit(gtin: str) -> None:
    assert barcode.check_digit(gtin[:-1]) == gtin[-1]
    assert barcode.has_valid_check_digit(gtin)


@given(GTINS, st.data())
def test_every_single_wrong_digit_is_noticed(gtin: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(gtin) - 1))
    other = data.draw(st.sampled_from(DIGITS.replace(gtin[at], "")))
    with pytest.raises(InvalidCode) as refused:
        barcode.canonical(gtin[:at] + other + gtin[at + 1 :])
    assert refused.value.code is Reason.CHECK_DIGIT


@pytest.mark.parametrize(
    ("scanned", "canonical"),
    [
        ("4006381333931", "4006381333931"),
        ("04006381333931", "4006381333931"),
        ("036000291452", "0036000291452"),
        ("0036000291452", "0036000291452"),
        ("00036000291452", "0036000291452"),
        ("96385074", "96385074"),
        ("0000096385074", "96385074"),
        ("00000096385074", "96385074"),
        ("0000000000017", "00000017"),
        ("90401234512346", "90401234512346"),
    ],
)
def test_one_product_has_one_canonical_barcode(scanned: str, canonical: str) -> None:
    assert barcode.canonical(scanned) == canonical


@given(GTINS)
def test_the_canonical_form_is_a_bijection_on_fourteen_digits(gtin: str) -> None:
    canonical = barcode.canonical(gtin)
    assert canonical.zfill(14) == gtin.zfill(14)
    assert barcode.canonical(canonical) == canonical
    assert len(canonical) in (8, 13, 14)


@given(bodies(13), bodies(13))
def test_two_products_never_share_a_canonical_barcode(one: str, other: str) -> None:
    codes = [barcode.canonical(body + barcode.check_digit(body)) for body in (one, other)]
    assert (codes[0] == codes[1]) == (one == other)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY),
        ("4006381333930", Reason.CHECK_DIGIT),
        ("123", Reason.BAD_LENGTH),
        ("40063813339310", Reason.CHECK_DIGIT),
        ("400638133393100", Reason.BAD_LENGTH),
        ("400638133393X", Reason.UNSUPPORTED_SYMBOL),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", Reason.UNSUPPORTED_SYMBOL),
        ("²²²²²²²²", Reason.UNSUPPORTED_SYMBOL),
        (" 4006381333931", Reason.UNSUPPORTED_SYMBOL),
    ],
)
def test_what_is_no_gtin_is_refused_with_its_reason(text: str, reason: Reason) -> None:
    with pytest.raises(InvalidCode) as refused:
        barcode.canonical(text)
    assert refused.value.code is reason
    assert refused.value.message == str(refused.value)


def test_a_wrong_check_digit_says_which_one_is_right() -> None:
    assert barcode.wrong_check_digit("4006381333930").message == "The check digit of 4006381333930 should be 1."


@pytest.mark.parametrize(
    ("upc_e", "upc_a"),
    [
        ("01201303", "012000000133"),  # ends in 0 to 2
        ("01278916", "012100007896"),
        ("01278925", "012200007895"),
        ("01234531", "012300000451"),  # ends in 3
        ("01234543", "012340000053"),  # ends in 4
        ("04252614", "042100005264"),
        ("01234565", "012345000065"),  # ends in 5 to 9
        ("12345670", "123456000070"),
        ("12345671", None),
        ("1234567", None),
        ("0123456x", None),
        ("21234565", None),  # number system 2 has no short form
    ],
)
def test_a_upc_e_is_the_short_form_of_a_upc_a(upc_e: str, upc_a: str | None) -> None:
    assert barcode.expand_upc_e(upc_e) == upc_a


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("4006381333931", Circulation.GLOBAL),
        ("0036000291452", Circulation.GLOBAL),
        ("9781234567897", Circulation.GLOBAL),
        ("3012345678902", Circulation.GLOBAL),
        ("1999999999992", Circulation.GLOBAL),
        ("0312345678906", Circulation.GLOBAL),
        ("9712345678905", Circulation.GLOBAL),
        ("96385074", Circulation.GLOBAL),
        ("10614141543219", Circulation.GLOBAL),
        ("20000000000004", Circulation.GLOBAL),
        ("2112345015002", Circulation.IN_STORE),
        ("2912345678906", Circulation.IN_STORE),
        ("0212345678909", Circulation.IN_STORE),
        ("00000017", Circulation.IN_STORE),
        ("20123451", Circulation.IN_STORE),
        ("0412345678903", Circulation.COMPANY),
        ("0512345678900", Circulation.COUPON),
        ("9812345678902", Circulation.COUPON),
        ("9912345678909", Circulation.COUPON),
    ],
)
def test_restricted_prefixes_are_told_from_global_ones(code: str, where: Circulation) -> None:
    assert barcode.circulation(code) is where


def test_numbers_are_ascii_digits_only() -> None:
    assert barcode.is_digits("0123456789")
    assert not any(barcode.is_digits(text) for text in ("", "1 ", "-1", "١", "²", "1.0"))
