"""The dashboard's door without what it cannot do without: it never becomes ready, and says what is missing."""

from __future__ import annotations

import httpx
import pytest

from functions.admin import settings, wiring
from tests.support import World

GIVEN = {
    "PUBLIC_API_URL": "https://api.test",
    "DASHBOARD_KEY": "a key for tests that is long enough to be one",
    "DASHBOARD_SIGN_IN": "firebase",
    "FIREBASE_API_KEY": "AIza",
}


async def asked(environment: dict[str, str]) -> httpx.Response:
    """What a door with this environment says of itself."""
    world = World()
    world.environment |= environment
    settings.load.replace(None)
    await wiring.close()
    try:
        with world.installed():
            async with world.door("admin", "admin") as client:
                return await client.get("/ready")
    finally:
        await wiring.close()
        settings.load.replace(None)


async def test_with_its_settings_the_dashboard_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await asked(GIVEN)).status_code == 200


@pytest.mark.parametrize("missing", ["PUBLIC_API_URL", "DASHBOARD_KEY", "FIREBASE_API_KEY"])
@pytest.mark.parametrize("how", ["empty", "not there"])
async def test_without_one_of_them_it_is_not_and_names_it(
    missing: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(missing, raising=False)
    given = {name: value for name, value in GIVEN.items() if name != missing}
    reply = await asked(given | ({missing: ""} if how == "empty" else {}))
    assert reply.status_code == 503
    assert missing in reply.json()["checks"]["settings"]


async def test_a_key_that_is_too_short_to_seal_anything_is_refused_by_name() -> None:
    reply = await asked(GIVEN | {"DASHBOARD_KEY": "short"})
    assert reply.status_code == 503
    said = reply.json()["checks"]["settings"]
    assert "DASHBOARD_KEY" in said
    assert "short" not in said.replace("shorter", "")
