"""What the smoke test asks, and what it calls an answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from functions.common.cards import doors, load_cards
from infra.pipeline import Failed
from infra.pipeline.smoke import Answer, Door, Shopper, complaints, pages, paths, shopper_of, story, visitor
from tests.infra.pipeline.fake import FakeClock, FakeGoogle

ROOT = Path(__file__).parents[3]
URL = "https://candidate.shop.example"
DOOR = Door("scan", URL, ("/v1/scan", "/v1/stores/{storeId}/cart"))
ADA = Shopper("identity", "store-code", "4009999000004")
REFUSED = Answer(401, {"success": False, "error": {"code": "UNAUTHENTICATED"}})


class Web:
    """Answers by URL, and remembers what it was asked."""

    def __init__(self, answers: Mapping[str, Answer | Failed], default: Answer = REFUSED) -> None:
        self.answers, self.default = answers, default
        self.asked: list[tuple[str, str, Any, Mapping[str, str]]] = []

    def __call__(self, method: str, url: str, body: object, headers: Mapping[str, str]) -> Answer:
        self.asked.append((method, url, body, headers))
        answer = self.answers.get(url, self.default)
        if isinstance(answer, Failed):
            raise answer
        return answer


def test_a_door_that_refuses_strangers_in_our_words_is_well() -> None:
    assert complaints(DOOR, Web({})) == []


def test_every_path_is_asked_and_placeholders_are_filled() -> None:
    web = Web({})
    complaints(DOOR, web)
    assert [url for _, url, _, _ in web.asked] == [f"{URL}/v1/scan", f"{URL}/v1/stores/smoke/cart"]


def test_the_paths_of_a_room_are_what_can_be_read_of_it() -> None:
    described = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert "/v1/scan/{code}" in paths(described, "scan")
    assert "/v1/scan/batch" not in paths(described, "scan"), "asking it would do something"
    assert all(path.startswith("/v1/") for path in paths(described, "price-ingest"))
    for door in doors(load_cards()):
        if door.public:
            asked = paths(described, door.room.replace("_", "-")) or pages(described, door.routes)
            assert asked, f"nobody would notice that {door.service} is down"


def test_a_route_that_the_contract_does_not_know_shows_pages() -> None:
    described = json.loads((ROOT / "docs" / "openapi.json").read_text())
    routes = ("/v1/imports", "/v1/imports:pull", "/v1/receipts", "/shop", "/rooms/{room}")
    assert pages(described, routes) == ("/shop",)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(200, None), []),
        (Answer(404, None), [f"storefront: {URL}/shop answered 404 and shows no page"]),
        (Answer(503, None), [f"storefront: {URL}/shop answered 503: no error code of ours"]),
    ],
)
def test_a_page_is_shown_or_complained_of(answer: Answer, said: list[str]) -> None:
    door = Door("storefront", URL, (), ("/shop",))
    assert complaints(door, Web({f"{URL}/shop": answer})) == said


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(503, {"error": {"code": "UNAVAILABLE"}}), "answered 503: UNAVAILABLE"),
        (Answer(500, None), "answered 500: no error code of ours"),
        (Answer(404, None), "answered 404, but not in JSON: it is not our door"),
        (Failed("connection refused"), "connection refused"),
    ],
)
def test_a_door_that_is_at_a_loss_or_not_ours_is_complained_of(answer: Answer | Failed, sentence: str) -> None:
    (complaint,) = complaints(DOOR, Web({f"{URL}/v1/scan": answer}))
    assert complaint.startswith("scan: ")
    assert complaint.endswith(sentence)


def shop(**changes: Answer) -> Web:
    entered = {"data": {"token": "session", "store": {"storeId": "smoke-store"}}}
    answers = {
        "sessions": Answer(201, entered),
        "scan": Answer(200, {"data": {"product": {"name": "Oat Milk"}, "unitPrice": 162, "currency": "EUR"}}),
        **changes,
    }
    return Web({f"{URL}/v1/{path}": answer for path, answer in answers.items()})


def test_a_shopper_gets_from_the_entrance_to_a_price() -> None:
    web = shop()
    assert story(URL, ADA, web) == "checked in at smoke-store and scanned 4009999000004: Oat Milk, 162 EUR"
    assert web.asked == [
        ("POST", f"{URL}/v1/sessions", {"storeCode": "store-code"}, {"authorization": "Bearer identity"}),
        ("POST", f"{URL}/v1/scan", {"code": "4009999000004"}, {"authorization": "Bearer session"}),
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"sessions": Answer(409, {"error": {"code": "STORE_CODE_OUTDATED"}})},
            "check-in answered 409: STORE_CODE_OUTDATED",
        ),
        (
            {"scan": Answer(404, {"error": {"code": "PRODUCT_NOT_FOUND"}})},
            "the scan of 4009999000004 answered 404: PRODUCT_NOT_FOUND",
        ),
    ],
)
def test_a_story_that_breaks_says_where(changes: dict[str, Answer], sentence: str) -> None:
    with pytest.raises(Failed, match=sentence):
        story(URL, ADA, shop(**changes))


def described(**changes: str) -> FakeGoogle:
    person = {"apiKey": "k", "email": "ada@shop.example", "password": "p", "storeCode": "store-code", "code": "4009"}
    content = base64.b64encode(json.dumps({**person, **changes}).encode()).decode()
    return FakeGoogle(secrets={SECRET: content})


SECRET = "projects/shop-staging/secrets/smoke-shopper/versions/1"
SIGN_IN = "https://identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=k"


def test_the_shopper_of_a_secret_signs_in() -> None:
    web = Web({SIGN_IN: Answer(200, {"idToken": "identity"})})
    assert shopper_of(described(), SECRET, web) == Shopper("identity", "store-code", "4009")


def test_a_secret_that_is_empty_so_far_is_nobody() -> None:
    assert shopper_of(FakeGoogle(), SECRET, Web({})) is None


def test_a_shopper_who_cannot_sign_in_stops_the_build() -> None:
    with pytest.raises(Failed, match="cannot sign in: 400"):
        shopper_of(described(), SECRET, Web({SIGN_IN: Answer(400, {})}))


def test_a_secret_that_lacks_something_is_told_without_its_content() -> None:
    google = FakeGoogle(secrets={SECRET: base64.b64encode(b'{"password": "hunter2"}').decode()})
    with pytest.raises(Failed, match="must hold JSON with apiKey") as failed:
        shopper_of(google, SECRET, Web({}))
    assert "hunter2" not in str(failed.value)


def test_a_visitor_asks_everything_again_and_again_whatever_the_answers() -> None:
    clock = FakeClock()
    web = Web({f"{URL}/v1/scan": Failed("connection refused")})
    begun = clock.now
    visitor([DOOR], clock, URL, ADA, web)(30.0)
    assert 30.0 <= clock.now - begun < 32.0
    asked = [url for _, url, _, _ in web.asked]
    assert min(asked.count(f"{URL}{path}") for path in ("/v1/scan", "/v1/stores/smoke/cart", "/v1/sessions")) > 20


def test_a_visitor_of_no_doors_only_waits() -> None:
    clock = FakeClock()
    begun = clock.now
    visitor([], clock)(30.0)
    assert clock.now - begun >= 30.0
