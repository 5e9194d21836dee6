"""The real Stripe client against a Stripe of this repository, and against one of other people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from functions.checkout.payments.stripe_payments import StripePayments
from local.stripe import FakeStripe
from local.stripe.server import PUBLISHABLE_KEY, SECRET_KEY
from tests.integration.checkout.payments.localstripe_server import localstripe
from tests.integration.checkout.payments.shop import Shop, opened
from tests.support import World


@pytest.fixture
async def stripe() -> AsyncIterator[FakeStripe]:
    async with FakeStripe(seed=20_261_121) as server:
        yield server


@pytest.fixture
async def payments(stripe: FakeStripe) -> AsyncIterator[StripePayments]:
    client = StripePayments(SECRET_KEY, publishable_key=PUBLISHABLE_KEY, api_base=stripe.url)
    yield client
    await client.close()


@pytest.fixture(scope="session")
def other_stripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of localstripe."""
    pytest.importorskip("localstripe")
    with localstripe(tmp_path_factory.mktemp("localstripe")) as url:
        yield url


@pytest.fixture
async def shop(
    mongod: str,
    redis_server: str,
    emptied_database: str,
    stripe: FakeStripe,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Shop]:
    world = World(mongo_uri=mongod, database=emptied_database, redis_url=redis_server)
    async with opened(world, stripe, monkeypatch) as made:
        yield made
