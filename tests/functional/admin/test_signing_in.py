"""Who gets in, what a cookie is worth, and whose forms are taken."""

from __future__ import annotations

import dataclasses
import json
import time

import httpx
import pytest

from functions.admin import signing_in, wiring
from functions.admin.settings import Admin
from functions.common import clock
from functions.common.errors import Unavailable
from functions.common.settings import SettingsError
from tests.functional.admin.conftest import FakeApi, Person


async def test_whoever_is_not_signed_in_is_asked_to_and_comes_back_to_the_page(person: Person) -> None:
    asked = await person.get("/admin/stores/berlin/products?q=oat milk")
    assert asked.status_code == 303
    assert asked.headers["location"] == "/admin/sign-in?next=%2Fadmin%2Fstores%2Fberlin%2Fproducts%3Fq%3Doat%2520milk"
    await person.get(asked.headers["location"])
    back = {"next": "/admin/stores/berlin/products?q=oat%20milk"}
    reply = await person.send("/admin/sign-in", {"role": "brand_manager", "tenant": "acme", **back})
    assert (reply.status_code, reply.headers["location"]) == (303, back["next"])


async def test_the_api_is_asked_with_the_persons_own_token(person: Person, api: FakeApi) -> None:
    await person.sign_in(stores="berlin")
    page = await person.get("/admin")
    assert page.status_code == 200
    assert "Berlin Mitte" in page.text
    asked = [request for request in api.asked if request.url.path == "/v1/stores"]
    assert asked[-1].headers["authorization"].startswith("Bearer ey")
    assert asked[-1].headers["x-request-id"] == page.headers["x-request-id"]


async def test_a_cookie_is_sealed_and_only_for_us(person: Person) -> None:
    reply = await person.sign_in()
    cookie = next(each for each in reply.headers.get_list("set-cookie") if each.startswith("dashboard="))
    assert {"HttpOnly", "SameSite=Strict", "Path=/admin"} <= set(cookie.split("; "))
    value = cookie.partition("=")[2].partition(";")[0]
    assert "." not in value, "an identity token has dots"


@pytest.mark.parametrize("role", ["shopper", "erp", "gate"])
async def test_shoppers_and_machines_do_not_get_in(person: Person, role: str) -> None:
    reply = await person.sign_in(role)
    assert reply.status_code == 403
    assert (await person.get("/admin")).status_code == 303


async def test_a_refusal_is_said_beside_the_form_which_keeps_what_was_typed(person: Person) -> None:
    await person.get("/admin/sign-in")
    reply = await person.send("/admin/sign-in", {"role": "store_staff", "tenant": "", "name": "<b>kim"})
    assert "needs a tenant" in reply.text
    assert 'value="&lt;b&gt;kim"' in reply.text


async def test_after_too_many_attempts_one_has_to_wait(person: Person) -> None:
    await person.get("/admin/sign-in")
    replies = [await person.send("/admin/sign-in", {"role": "x", "email": "mallory@acme.test"}) for _ in range(12)]
    assert replies[-1].status_code == 429


async def test_signed_in_means_for_as_long_as_the_token_is_good(person: Person) -> None:
    await person.sign_in()
    kept = person.client.cookies["dashboard"]
    clock.freeze(lambda: time.time() + 3601)
    try:
        # A browser throws the cookie away; whoever has kept it has nothing.
        person.client.cookies.set("dashboard", kept)
        assert (await person.get("/admin")).status_code == 303
    finally:
        clock.freeze(None)


async def test_when_the_api_no_longer_knows_the_token_one_signs_in_again(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.refuses("GET", "/v1/stores", 401, "TOKEN_EXPIRED", "the token has expired")
    reply = await person.get("/admin")
    assert (reply.status_code, reply.headers["location"]) == (303, "/admin/sign-in")
    part = await person.get("/admin", hx_request="true")
    assert (part.status_code, part.headers["hx-redirect"]) == (200, "/admin/sign-in")


async def test_signing_out_takes_the_cookie_away(person: Person) -> None:
    await person.sign_in()
    await person.send("/admin/sign-out")
    assert (await person.get("/admin")).status_code == 303


FOREIGN: list[dict[str, str]] = [
    {"origin": "https://evil.example", "sec_fetch_site": "cross-site"},
    {"origin": "https://evil.example"},
    {"origin": "null", "sec_fetch_site": "cross-site"},
    {"origin": "https://other.door.test", "sec_fetch_site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_form_from_elsewhere_is_refused_even_with_the_right_secret(
    person: Person, api: FakeApi, headers: dict[str, str]
) -> None:
    await person.sign_in()
    before = len(api.asked)
    reply = await person.send("/admin/store", {"store": "berlin", "place": "products"}, **headers)
    assert reply.status_code == 403
    assert len(api.asked) == before, "the API heard of it"


@pytest.mark.parametrize("secret", ["", "wrong", "ä"])
async def test_a_form_without_the_secret_of_this_session_is_refused(person: Person, api: FakeApi, secret: str) -> None:
    await person.sign_in()
    before = len(api.asked)
    reply = await person.send("/admin/store", {"csrf": secret, "store": "berlin", "place": "products"})
    assert reply.status_code == 403
    assert len(api.asked) == before


async def test_the_secret_from_before_signing_in_is_worth_nothing_after_it(person: Person) -> None:
    await person.get("/admin/sign-in")
    before = person.csrf
    await person.sign_in()
    assert (await person.send("/admin/sign-out", {"csrf": before})).status_code == 403


async def test_a_store_that_is_not_theirs_is_not_there(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.refuses("GET", "/v1/stores/hamburg", 404, "STORE_NOT_FOUND", "there is no such store")
    reply = await person.send("/admin/store", {"store": "hamburg", "place": "products"})
    assert reply.status_code == 404
    there = await person.send("/admin/store", {"store": "berlin", "place": "products"})
    assert there.headers["location"] == "/admin/stores/berlin/products"


async def test_language_and_appearance_are_the_readers_choice(person: Person) -> None:
    german = await person.get("/admin/sign-in", accept_language="de-DE,de;q=0.9")
    assert '<html lang="de"' in german.text
    assert "Anmelden" in german.text
    await person.send("/admin/appearance", {"language": "en", "theme": "dark", "next": "/admin/sign-in"})
    english = await person.get("/admin/sign-in", accept_language="de")
    assert '<html lang="en" data-theme="dark"' in english.text


async def test_every_page_has_a_strict_policy_and_is_kept_by_nobody(person: Person) -> None:
    for path in ("/admin/sign-in", "/admin/nothing"):
        reply = await person.get(path)
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert reply.headers["cache-control"] == "no-store"


async def test_a_door_that_is_ready_has_its_templates_at_hand(person: Person) -> None:
    reply = await person.client.get("/ready")
    assert (reply.status_code, reply.json()["status"]) == (200, "ok")


async def test_what_is_not_there_is_said_as_a_page(person: Person) -> None:
    reply = await person.get("/admin/nothing")
    assert reply.status_code == 404
    assert reply.headers["content-type"].startswith("text/html")
    wrong = await person.client.post("/admin")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("body", [b"csrf=%ff%fe", b"&".join(b"a=1" for _ in range(3000))])
async def test_a_form_that_cannot_be_read_is_refused(person: Person, body: bytes) -> None:
    reply = await person.client.post(
        "/admin/sign-in", content=body, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert reply.status_code == 400


# ---- providers ---------------------------------------------------------------------------------------------


def google(answer: httpx.Response | Exception) -> tuple[signing_in.Firebase, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.AsyncClient(transport=httpx.MockTransport(reply))
    return signing_in.Firebase(client, "https://google.test/", "web-key"), asked


async def test_firebase_is_asked_with_address_and_password() -> None:
    firebase, asked = google(httpx.Response(200, json={"idToken": "t"}))
    assert await firebase.token({"email": "a@b.example", "password": "secret"}) == "t"
    assert asked[0].url == "https://google.test/v1/accounts:signInWithPassword?key=web-key"
    assert json.loads(asked[0].content) == {"email": "a@b.example", "password": "secret", "returnSecureToken": True}


async def test_firebase_does_not_say_which_of_the_two_was_wrong() -> None:
    messages = set()
    for code in ("EMAIL_NOT_FOUND", "INVALID_PASSWORD", "USER_DISABLED", "TOO_MANY_ATTEMPTS_TRY_LATER"):
        firebase, _ = google(httpx.Response(400, json={"error": {"message": code}}))
        with pytest.raises(signing_in.NotSignedIn) as refusal:
            await firebase.token({"email": "a@b.example", "password": "x"})
        messages.add(refusal.value.message)
    assert len(messages) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("down"),
        httpx.Response(500, json={}),
        httpx.Response(200, json={}),
        httpx.Response(200, text="<html>"),
    ],
)
async def test_an_outage_of_firebase_is_said_as_one(answer: httpx.Response | Exception) -> None:
    firebase, _ = google(answer)
    with pytest.raises(Unavailable):
        await firebase.token({"email": "a@b.example", "password": "x"})


@pytest.mark.parametrize("environment", ["prod", "staging"])
async def test_the_local_issuer_is_possible_on_a_developers_machine_alone(environment: str) -> None:
    own = Admin("https://api.test", "k" * 40, dashboard_sign_in="local")
    async with httpx.AsyncClient() as client:
        with pytest.raises(SettingsError):
            signing_in.provider(own, environment, client)
        assert isinstance(signing_in.provider(own, "local", client), signing_in.LocalIssuer)


async def test_in_production_a_cookie_goes_over_https_alone(person: Person) -> None:
    around = dataclasses.replace(wiring.wiring().around, secure=True)
    wiring.replace(around=around)
    reply = await person.get("/admin/sign-in")
    cookie = reply.headers.get_list("set-cookie")[0]
    assert cookie.startswith("__Secure-dashboard=")
    assert "; Secure" in cookie
