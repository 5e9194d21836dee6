"""Our minor units and Stripe's amounts are not always the same number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.checkout.payments.amounts import NotPayable, from_stripe, to_stripe
from functions.common.retail.currencies import EXPONENTS


@pytest.mark.parametrize(
    ("amount", "currency", "theirs"),
    [
        (1299, "EUR", 1299),
        (1299, "JPY", 1299),
        (12_990, "KWD", 12_990),
        (500, "ISK", 50_000),
        (500, "UGX", 50_000),
        (1_200, "MGA", 12),
        (1, "USD", 1),
    ],
)
def test_an_amount_goes_there_and_back(amount: int, currency: str, theirs: int) -> None:
    assert to_stripe(amount, currency) == theirs
    assert from_stripe(theirs, currency) == amount


@pytest.mark.parametrize(
    ("amount", "currency"), [(0, "EUR"), (-1, "EUR"), (1_291, "KWD"), (1_250, "MGA"), (5, "XXX"), (5, "eur")]
)
def test_what_no_card_can_pay_is_said_so(amount: int, currency: str) -> None:
    with pytest.raises(NotPayable):
        to_stripe(amount, currency)


def test_an_amount_that_ours_cannot_express_is_said_so() -> None:
    with pytest.raises(NotPayable):
        from_stripe(50_050, "ISK")


@given(st.sampled_from(sorted(EXPONENTS)), st.integers(1, 10**9))
def test_whatever_is_payable_comes_back_the_same(currency: str, amount: int) -> None:
    try:
        theirs = to_stripe(amount, currency)
    except NotPayable:
        return
    assert from_stripe(theirs, currency) == amount
