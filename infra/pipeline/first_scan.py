"""From a deployed, empty suite to a scanned product: `python -m infra.pipeline.first_scan`, run by a person once.

It makes three people in the project's Identity Platform, opens a store with one product as a brand manager, sends its
price as an ERP, checks in as a shopper and scans. It may be repeated. With --secret it leaves the shopper in Secret
Manager for the smoke test of every later build.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.pipeline import Failed, smoke
from infra.pipeline.google import Clock, Google, Rest

IDENTITY = "https://identitytoolkit.googleapis.com/v1"
CODE = "4006381333931"
PRICE = 162
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """What is opened: one store of one tenant."""

    url: str
    tenant: str
    store: str
    currency: str = "EUR"
    time_zone: str = "Europe/Berlin"


def person(google: Google, project: str, email: str, password: str, claims: Mapping[str, Any]) -> None:
    """Somebody who signs in with this password and has these claims, made or changed."""
    home = f"{IDENTITY}/projects/{project}/accounts"
    known = google("POST", f"{home}:lookup", {"email": [email]}).get("users", ())
    identity = known[0]["localId"] if known else google("POST", home, {"email": email})["localId"]
    changes = {"localId": identity, "password": password, "customAttributes": json.dumps(claims), "emailVerified": True}
    google("POST", f"{home}:update", changes)


def sign_in(api_key: str, email: str, password: str, ask: smoke.Ask) -> str:
    """The identity token of a person. Raises Failed."""
    body = {"email": email, "password": password, "returnSecureToken": True}
    answer = ask("POST", f"{smoke.SIGN_IN}?key={api_key}", body, {})
    if answer.status != 200:
        raise Failed(f"{email} cannot sign in: {answer.status} {answer.data}")
    token: str = answer.data["idToken"]
    return token


def open_store(place: Place, manager: str, ask: smoke.Ask) -> str:
    """A store with one product; the code at its entrance. What is there already stays."""
    store = {
        "storeId": place.store,
        "name": "Smoke test",
        "currency": place.currency,
        "timeZone": place.time_zone,
    }
    _expect(ask("POST", f"{place.url}/v1/stores", store, smoke.bearer(manager)), "the store", 201, 409)
    product = {"barcode": CODE, "name": "Smoke signal"}
    path = f"{place.url}/v1/stores/{place.store}"
    _expect(ask("POST", f"{path}/products", product, smoke.bearer(manager)), "the product", 201, 409)
    answer = _expect(ask("GET", f"{path}/check-in-code", None, smoke.bearer(manager)), "the code at the entrance", 200)
    code: str = answer["code"]
    return code


def send_price(place: Place, erp: str, key: str, ask: smoke.Ask) -> None:
    """As an ERP does over REST; it goes by the tenant's topic from here."""
    update = {"storeId": place.store, "barcode": CODE, "price": PRICE, "currency": place.currency, "stock": 1_000_000}
    headers = {**smoke.bearer(erp), "idempotency-key": key}
    _expect(ask("POST", f"{place.url}/v1/price-updates", {"updates": [update]}, headers), "the price", 202)


def scan(place: Place, shopper: smoke.Shopper, clock: Clock, ask: smoke.Ask) -> str:
    """The smoke test's story, again and again until the price has come. Raises Failed when it does not."""
    until = clock.time() + PATIENCE_SECONDS
    while True:
        try:
            told = smoke.story(place.url, shopper, ask)
        except Failed:
            if clock.time() > until:
                raise
        else:
            if f"{PRICE} {place.currency}" in told:
                return told
            if clock.time() > until:
                raise Failed(f"the price did not come in {PATIENCE_SECONDS:.0f} s: {told}")
        clock.sleep(1.0)


def keep(google: Google, secret: str, described: Mapping[str, str]) -> str:
    """Leave the smoke test's shopper in Secret Manager (Terraform has made the secret); the name of the version."""
    content = base64.b64encode(json.dumps(described).encode()).decode()
    version: str = google("POST", f"{smoke.SECRETS}/{secret}:addVersion", {"payload": {"data": content}})["name"]
    return version


def _expect(answer: smoke.Answer, what: str, *statuses: int) -> Any:
    if answer.status not in statuses:
        raise Failed(f"{what}: {answer.status} {answer.data}")
    return (answer.data or {}).get("data")


def run(place: Place, project: str, api_key: str, google: Google, clock: Clock, ask: smoke.Ask) -> dict[str, str]:
    """The whole of it; returns what describes the shopper. Raises Failed where it stops."""
    tokens, passwords = {}, {}
    for role in ("brand_manager", "erp", "shopper"):
        email, passwords[role] = f"smoke-{role}@{place.tenant}.example.com", secrets.token_urlsafe(24)
        scope = {} if role == "shopper" else {"tenantId": place.tenant, "storeIds": ["*"]}
        person(google, project, email, passwords[role], {"role": role, **scope})
        tokens[role] = sign_in(api_key, email, passwords[role], ask)
    code = open_store(place, tokens["brand_manager"], ask)
    send_price(place, tokens["erp"], secrets.token_urlsafe(16), ask)
    print(scan(place, smoke.Shopper(tokens["shopper"], code, CODE), clock, ask))
    return {
        "apiKey": api_key,
        "email": f"smoke-shopper@{place.tenant}.example.com",
        "password": passwords["shopper"],
        "storeCode": code,
        "code": CODE,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.pipeline.first_scan")
    parser.add_argument("--project", required=True, help="the environment's project")
    parser.add_argument("--url", required=True, help="https:// and the environment's domain")
    parser.add_argument("--api-key", required=True, help="the web API key of Identity Platform; it is no secret")
    parser.add_argument("--tenant", default="smoke", help="a tenant of the environment, with a topic of its own")
    parser.add_argument("--store", default="smoke-store")
    parser.add_argument(
        "--secret", help="leave the shopper there: projects/OPERATIONS/secrets/smoke-shopper-ENVIRONMENT"
    )
    asked = parser.parse_args(argv)
    place = Place(asked.url.rstrip("/"), asked.tenant, asked.store)
    google = Rest(given=os.environ.get("ACCESS_TOKEN", ""))
    try:
        described = run(place, asked.project, asked.api_key, google, time, smoke.ask)
        if asked.secret:
            print(keep(google, asked.secret, described))
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
