"""Every way a token can be wrong (reliability checklist A1 and A2): 401, without a request going out."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from functions.common import auth, settings
from local.issuer import AUDIENCE, IDENTITY_ISSUER, SESSION_ISSUER
from tests.support import World, app_of, bearer, client_of

SOURCE = Path(__file__).with_name("example_door.py")
THING = {"displayName": "x", "quantity": 1}


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    with world.installed():
        async with client_of(app_of("example", SOURCE)) as made:
            yield made


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made: dict[str, Any] = {
        "iss": IDENTITY_ISSUER,
        "aud": AUDIENCE,
        "sub": "bm",
        "role": "brand_manager",
        "tenantId": "t1",
        "storeIds": ["s1"],
        "iat": now,
        "exp": now + 600,
    } | changes
    return {key: value for key, value in made.items() if value is not None}


def unsigned(header: dict[str, Any], body: dict[str, Any], signature: str = "") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in (header, body)]
    return ".".join([*parts, signature])


def hs256(header: dict[str, Any], body: dict[str, Any], secret: str) -> str:
    signed = unsigned(header, body)[:-1]
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def variants(world: World) -> dict[str, str]:
    issuer = world.issuer
    kid = issuer.jwks("identity")["keys"][0]["kid"]
    stranger = generate_private_key(65537, 2048)
    good = issuer.sign("identity", claims())
    head, body, signature = good.split(".")
    rsa_jwk = json.dumps(issuer.jwks("identity")["keys"][0])
    now = int(time.time())
    return {
        "alg none": unsigned({"alg": "none", "kid": kid}, claims()),
        "alg None": unsigned({"alg": "None", "kid": kid}, claims()),
        "alg nOnE": unsigned({"alg": "nOnE", "kid": kid}, claims()),
        "HS256 by the public key": hs256({"alg": "HS256", "kid": kid}, claims(), rsa_jwk),
        "a stranger's key": jwt.encode(claims(), stranger, "RS256", headers={"kid": kid}),
        "a stranger's key in the header": jwt.encode(
            claims(), stranger, "RS256", headers={"kid": "x", "jwk": {"kty": "RSA"}, "jku": "http://127.0.0.1:9/"}
        ),
        "another algorithm of the family": jwt.encode(claims(), stranger, "PS256", headers={"kid": kid}),
        "empty signature": f"{head}.{body}.",
        "a changed body": f"{head}.{body[:-3]}AAA.{signature}",
        "no kid": jwt.encode(claims(), stranger, "RS256"),
        "kid as a path": jwt.encode(claims(), stranger, "RS256", headers={"kid": "../../etc/passwd"}),
        "kid as SQL": jwt.encode(claims(), stranger, "RS256", headers={"kid": "' OR 1=1 --"}),
        "unknown crit": jwt.encode(claims(), stranger, "RS256", headers={"kid": kid, "crit": ["x"], "x": 1}),
        "two parts": f"{head}.{body}",
        "nothing": "",
        "one megabyte": "a" * 1_000_000,
        "no audience": issuer.sign("identity", claims(aud=None)),
        "another audience": issuer.sign("identity", claims(aud="someone-else")),
        "ours and another audience": issuer.sign("identity", claims(aud=[AUDIENCE, "someone-else"])),
        "an issuer with our prefix": issuer.sign("identity", claims(iss=IDENTITY_ISSUER + ".evil")),
        "an issuer without its end": issuer.sign("identity", claims(iss=IDENTITY_ISSUER[:-1])),
        "no issuer": issuer.sign("identity", claims(iss=None)),
        "expired": issuer.sign("identity", claims(iat=now - 700, exp=now - 100)),
        "never expires": issuer.sign("identity", claims(exp=None)),
        "not valid yet": issuer.sign("identity", claims(nbf=now + 120)),
        "issued in the future": issuer.sign("identity", claims(iat=now + 120)),
        "no subject": issuer.sign("identity", claims(sub=None)),
        "no tenant": issuer.sign("identity", claims(tenantId=None)),
        "a list of tenants": issuer.sign("identity", claims(tenantId=["t1", "t2"])),
        "an object as tenant": issuer.sign("identity", claims(tenantId={"$ne": None})),
        "an unknown role": issuer.sign("identity", claims(role="root")),
        "stores that are no list": issuer.sign("identity", claims(storeIds="s1")),
        "a session token": issuer.session_token("bm", tenant_id="t1", store_id="s1"),
        "a push token": issuer.oidc_token(AUDIENCE, "push@retailscan-local.iam.gserviceaccount.com")[0],
    }


async def test_no_forged_stale_or_foreign_token_is_accepted(client: httpx.AsyncClient, world: World) -> None:
    for name, token in variants(world).items():
        reply = await client.post("/v1/things", json=THING, headers=bearer(token))
        assert reply.status_code == 401, f"{name}: {reply.status_code} {reply.text}"
        assert reply.headers["www-authenticate"] == "Bearer"
        assert reply.json()["error"]["code"] in {"UNAUTHENTICATED", "TOKEN_EXPIRED"}, name


async def test_the_genuine_token_is_accepted_again_and_again(client: httpx.AsyncClient, world: World) -> None:
    token = world.issuer.sign("identity", claims())
    for _ in range(3):
        assert (await client.post("/v1/things", json=THING, headers=bearer(token))).status_code == 201


async def test_a_remembered_token_is_refused_once_it_has_expired(
    client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = world.checked_in("t1", "s1", lives_s=60)
    assert (await client.get("/v1/here", headers=headers)).json()["data"] == {"storeId": "s1"}
    later = time.time() + 61
    monkeypatch.setattr("functions.common.clock._source", lambda: later)
    verifier = auth.session_verifier()
    assert verifier.known(headers["Authorization"][7:]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "JWT"},
        {"typ": "store+jwt"},
        {"aud": "check-in"},
        {"iss": IDENTITY_ISSUER},
        {"storeId": None},
        {"storeId": ["s1", "s2"]},
        {"tenantId": None},
        {"sid": None},
        {"exp": int(time.time()) - 1},
    ],
)
async def test_a_session_token_must_be_exactly_that(
    client: httpx.AsyncClient, world: World, changes: dict[str, Any]
) -> None:
    typ = changes.pop("typ", "session+jwt")
    body = claims(iss=SESSION_ISSUER, role="shopper", storeId="s1", sid="x", storeIds=None) | changes
    token = world.issuer.sign("session", {k: v for k, v in body.items() if v is not None}, typ=typ)
    assert (await client.get("/v1/here", headers=bearer(token))).status_code == 401


async def test_an_identity_token_is_no_session_token(client: httpx.AsyncClient, world: World) -> None:
    assert (await client.get("/v1/here", headers=world.shopper())).status_code == 401


async def test_a_genuine_token_of_the_wrong_role_is_403(client: httpx.AsyncClient, world: World) -> None:
    reply = await client.post("/v1/things", json=THING, headers=world.staff("store_staff", "t1"))
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "ROLE_NOT_ALLOWED")


async def test_no_header_at_all_is_401(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}):
        assert (await client.get("/v1/here", headers=headers)).status_code == 401


async def test_a_thousand_unknown_keys_cause_one_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[float] = []
    keys = auth.KeySet("https://keys.test/jwks.json")

    async def fetch(now: float) -> None:
        fetched.append(now)

    monkeypatch.setattr(keys, "_fetch", fetch)
    for number in range(1000):
        assert await keys.get(f"unknown-{number}") is None
    assert len(fetched) == 1


async def test_keys_stay_usable_while_their_url_is_down(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    document = world.issuer.jwks("session")
    kid = document["keys"][0]["kid"]
    keys = auth.KeySet("https://keys.test/jwks.json")
    answers = [httpx.Response(200, json=document, request=httpx.Request("GET", "https://keys.test"))]

    async def get(self: httpx.AsyncClient, url: str) -> httpx.Response:
        if not answers:
            raise httpx.ConnectError("down")
        return answers.pop()

    monkeypatch.setattr(httpx.AsyncClient, "get", get)
    assert await keys.get(kid) is not None
    later = time.time() + 3600
    monkeypatch.setattr("functions.common.clock._source", lambda: later)
    assert await keys.get(kid) is not None


async def test_the_algorithms_of_the_doors_are_one_family_each(world: World) -> None:
    with world.installed():
        assert settings.common().session_jwks
        assert auth.session_verifier()._algorithms == {"EdDSA"}
        assert auth.push_verifier()._algorithms == {"RS256"}
        assert auth.identity_verifier()._algorithms == {"RS256", "ES256"}
