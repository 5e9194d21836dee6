"""A shop whose checkouts are paid at a local Stripe."""

from tests.integration.checkout.payments.conftest import payments as payments
from tests.integration.checkout.payments.conftest import shop as shop
from tests.integration.checkout.payments.conftest import stripe as stripe
