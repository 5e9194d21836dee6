"""The shop's door without what it cannot do without: it never becomes ready, and says what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from functions.storefront import pages
from functions.storefront.settings import load
from tests.support import World

GIVEN = {"FIREBASE_API_KEY": "AIza", "STRIPE_PUBLISHABLE_KEY": "pk_live_1"}


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    made.environment |= GIVEN
    _forget()
    yield made
    _forget()


def _forget() -> None:
    load.replace(None)
    pages.pages.replace(None)


async def test_with_its_settings_the_shop_is_ready(world: World) -> None:
    with world.installed():
        async with world.door("storefront", "storefront") as client:
            assert (await client.get("/ready")).status_code == 200
            assert (await client.get("/shop/config.json")).json()["signIn"] == "firebase"


@pytest.mark.parametrize("missing", sorted(GIVEN))
@pytest.mark.parametrize("how", ["empty", "not there"])
async def test_without_one_of_them_it_is_not_and_names_it(
    world: World, missing: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(missing, raising=False)
    world.environment.pop(missing)
    world.environment |= {missing: ""} if how == "empty" else {}
    with world.installed():
        async with world.door("storefront", "storefront") as client:
            reply = await client.get("/ready")
            assert reply.status_code == 503
            assert f"{missing} must be set in test" in reply.json()["checks"]["settings"]
            assert (await client.get("/health")).status_code == 200
            assert (await client.get("/shop/config.json")).status_code == 500
