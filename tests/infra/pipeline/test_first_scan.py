"""The first scan in a new environment, and the smoke test, on the real doors; only Identity Platform is played."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from infra.pipeline import Failed, first_scan, smoke
from infra.pipeline.first_scan import CODE, Place, keep, person, run
from infra.pipeline.smoke import Answer, Door, Shopper
from local.suite import Suite
from tests.infra.pipeline.fake import PROJECT, FakeClock, FakeGoogle

ROOT = Path(__file__).parents[3]
TENANT = "smoke"
SECRET = "projects/shop-operations/secrets/smoke-shopper-staging"
ROOMS = ("catalog", "price_ingest", "scan", "sessions")


def test_somebody_new_is_made_and_somebody_known_is_changed() -> None:
    google = FakeGoogle()
    for password in ("first", "second"):
        person(google, PROJECT, "ada@example.com", password, {"role": "shopper"})
    assert google.people["ada@example.com"]["password"] == "second"
    assert json.loads(google.people["ada@example.com"]["customAttributes"]) == {"role": "shopper"}


def test_the_shopper_is_left_as_the_smoke_test_reads_it() -> None:
    google = FakeGoogle()
    described = {"apiKey": "k", "email": "a@example.com", "password": "p", "storeCode": "s", "code": CODE}
    version = keep(google, SECRET, described)
    assert version == f"{SECRET}/versions/1"
    assert json.loads(base64.b64decode(google.secrets[version])) == described
    signed_in = smoke.shopper_of(google, version, lambda *_: Answer(200, {"idToken": "identity"}))
    assert signed_in == Shopper("identity", "s", CODE)


def test_what_is_refused_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_scan, "Rest", lambda given: FakeGoogle())
    monkeypatch.setattr(smoke, "ask", lambda *_: Answer(400, {"error": "API key not valid"}))
    asked = ["--project", PROJECT, "--url", "https://shop.example", "--api-key", "wrong"]
    assert first_scan.main(asked) == 1
    assert "smoke-brand_manager@smoke.example.com cannot sign in: 400" in capsys.readouterr().err


def test_a_price_that_does_not_come_is_told() -> None:
    place = Place("https://shop.example", TENANT, "smoke-store")

    def ask(_method: str, url: str, _body: object, _headers: Mapping[str, str]) -> Answer:
        if url.endswith("/v1/sessions"):
            return Answer(201, {"data": {"token": "t", "store": {"storeId": "smoke-store"}}})
        return Answer(200, {"data": {"product": {"name": "Smoke signal"}, "unitPrice": 99, "currency": "EUR"}})

    with pytest.raises(Failed, match="the price did not come in 60 s"):
        first_scan.scan(place, Shopper("i", "s", CODE), FakeClock(), ask)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def suite() -> AsyncIterator[Suite]:
    async with Suite(rooms=ROOMS, tenants=(TENANT,), door_env={"OTEL_TRACES_SAMPLE": "0"}) as running:
        yield running


def identity_platform(suite: Suite, google: FakeGoogle) -> smoke.Ask:
    """Everything is really asked but the sign-in, which mints what Identity Platform would."""

    def ask(method: str, url: str, body: Any, headers: Mapping[str, str]) -> Answer:
        if not url.startswith(smoke.SIGN_IN):
            return smoke.ask(method, url, body, headers)
        account = google.people[body["email"]]
        assert account["password"] == body["password"]
        claims = json.loads(account["customAttributes"])
        tenant, stores = claims.get("tenantId"), claims.get("storeIds", ())
        return Answer(200, {"idToken": suite.token(claims["role"], tenant, stores, sub=account["localId"])})

    return ask


@pytest.mark.suite
@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
async def test_an_empty_suite_gets_to_a_scanned_product_and_again(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    google = FakeGoogle()
    ask = identity_platform(suite, google)
    place = Place(suite.gateway_url, TENANT, "smoke-store")
    for _ in range(2):
        described = await asyncio.to_thread(run, place, PROJECT, "key", google, time, ask)
        told = capsys.readouterr().out
        assert told == f"checked in at smoke-store and scanned {CODE}: Smoke signal, 162 EUR\n"
    version = keep(google, SECRET, described)
    shopper = await asyncio.to_thread(smoke.shopper_of, google, version, ask)
    assert shopper is not None
    assert "162 EUR" in await asyncio.to_thread(smoke.story, suite.gateway_url, shopper, ask)


@pytest.mark.suite
@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
async def test_every_path_of_every_public_door_answers_the_smoke_test(suite: Suite) -> None:
    described = json.loads((ROOT / "docs" / "openapi.json").read_text())
    for room in ROOMS:
        asked = Door(room, suite.gateway_url, smoke.paths(described, room.replace("_", "-")))
        assert await asyncio.to_thread(smoke.complaints, asked) == []


@pytest.mark.suite
@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
async def test_a_door_that_is_down_does_not(suite: Suite) -> None:
    await suite.stop_door("scan")
    (complaint,) = await asyncio.to_thread(smoke.complaints, Door("scan", suite.gateway_url, ("/v1/scan/{code}",)))
    assert complaint.startswith("scan: ")
