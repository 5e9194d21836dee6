"""A webhook is believed by its signature alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.checkout.payments.signatures import TOLERANCE_SECONDS, BadSignature, verify
from local.stripe.webhooks import signature

NOW = 1_763_683_200
BODY = b'{"id":"evt_1"}'
SECRETS = ["whsec_new", "whsec_old"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("age", [0, TOLERANCE_SECONDS, -TOLERANCE_SECONDS])
def test_any_active_secret_counts_within_the_tolerance(secret: str, age: int) -> None:
    verify(BODY, signature(secret, BODY, NOW - age), SECRETS, NOW)


def test_one_right_signature_among_others_is_enough() -> None:
    code = signature("whsec_old", BODY, NOW).partition("v1=")[2]
    verify(BODY, f"t={NOW},v1={'0' * 64},v1={code},v0={'1' * 64}", SECRETS, NOW)


def test_the_library_of_stripe_signs_the_same_way() -> None:
    import stripe

    header = stripe.WebhookSignature.generate_signature_header(BODY.decode(), "whsec_new", NOW)
    verify(BODY, header, SECRETS, NOW)
    assert header == signature("whsec_new", BODY, NOW)


@pytest.mark.parametrize("age", [TOLERANCE_SECONDS + 1, -TOLERANCE_SECONDS - 1, 10**9])
def test_what_is_too_old_or_from_the_future_is_not_believed(age: int) -> None:
    with pytest.raises(BadSignature):
        verify(BODY, signature("whsec_new", BODY, NOW - age), SECRETS, NOW)


@pytest.mark.parametrize("secrets", [[], [""], ["whsec_other"]])
def test_without_the_secret_nothing_is_believed(secrets: list[str]) -> None:
    for secret in ("", "whsec_new"):
        with pytest.raises(BadSignature):
            verify(BODY, signature(secret, BODY, NOW), secrets, NOW)


@given(st.text(max_size=300))
def test_no_header_whatever_breaks_it(header: str) -> None:
    with pytest.raises(BadSignature):
        verify(BODY, header, SECRETS, NOW)


@given(st.integers(0, len(BODY) - 1), st.integers(0, 7))
def test_no_bit_of_the_body_can_change(place: int, bit: int) -> None:
    forged = bytearray(BODY)
    forged[place] ^= 1 << bit
    with pytest.raises(BadSignature):
        verify(bytes(forged), signature("whsec_new", BODY, NOW), SECRETS, NOW)
