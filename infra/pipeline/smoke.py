"""Asks doors as a phone would: does every path answer in our way, and does a shopper get from the entrance to a price?

The first needs nothing. The second needs a shopper, a store's code and a product, kept in Secret Manager.
"""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from infra.pipeline import Failed
from infra.pipeline.google import Clock, Google, Refused

TIMEOUT_SECONDS = 15.0
PAUSE_SECONDS = 0.2
SECRETS = "https://secretmanager.googleapis.com/v1"
SIGN_IN = "https://identitytoolkit.googleapis.com/v1/accounts:signInWithPassword"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `data` is None when it was not JSON."""

    status: int
    data: Any


Ask = Callable[[str, str, object, Mapping[str, str]], Answer]


@dataclass(frozen=True, slots=True)
class Door:
    """A public door: where it is asked, the paths it answers in JSON, and those under which it shows pages."""

    service: str
    url: str
    paths: tuple[str, ...]
    pages: tuple[str, ...] = ()

    def questions(self) -> list[str]:
        """A URL for each path; a path with an id gets one that nobody has."""
        return [self.url + re.sub(r"\{\w+\}", "smoke", path) for path in (*self.paths, *self.pages)]


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who shops in the smoke test: an identity token, the code at a store's entrance, and what is scanned there."""

    identity: str
    store_code: str
    code: str


def ask(method: str, url: str, body: object, headers: Mapping[str, str]) -> Answer:
    """One real request. Raises Failed when there is no answer."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"content-type": "application/json", "user-agent": "retailscan-smoke", **headers}
    request = urllib.request.Request(url, data, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return Answer(answer.status, _json(answer.read()))
    except urllib.error.HTTPError as error:
        return Answer(error.code, _json(error.read()))
    except OSError as error:
        raise Failed(f"{method} {url}: {error}") from error


def paths(described: Mapping[str, Any], room: str) -> tuple[str, ...]:
    """What can be read of a room (with dashes), by docs/openapi.json."""
    return tuple(
        path
        for path, operations in described["paths"].items()
        if any(tag.replace("_", "-") == room for tag in operations.get("get", {}).get("tags", ()))
    )


def pages(described: Mapping[str, Any], routes: Iterable[str]) -> tuple[str, ...]:
    """The routes that the contract does not know, for people to look at; one with a placeholder cannot be asked."""
    known = tuple(described["paths"])
    return tuple(
        route
        for route in routes
        if "{" not in route and not any(path == route or path.startswith(f"{route}/") for path in known)
    )


def complaints(door: Door, ask: Ask = ask) -> list[str]:
    """A sentence for each path that does not answer as our doors do: in JSON or with a page, and not at a loss."""
    found = []
    shown = {door.url + page for page in door.pages}
    for url in door.questions():
        try:
            answer = ask("GET", url, None, {})
        except Failed as failed:
            found.append(f"{door.service}: {failed}")
            continue
        if answer.status >= 500:
            found.append(f"{door.service}: {url} answered {answer.status}: {_code(answer)}")
        elif url in shown and answer.status != 200:
            found.append(f"{door.service}: {url} answered {answer.status} and shows no page")
        elif url not in shown and answer.data is None:
            found.append(f"{door.service}: {url} answered {answer.status}, but not in JSON: it is not our door")
    return found


def story(url: str, shopper: Shopper, ask: Ask = ask) -> str:
    """Check in and scan; a sentence of what was seen. Raises Failed where it stops."""
    entered = ask("POST", f"{url}/v1/sessions", {"storeCode": shopper.store_code}, bearer(shopper.identity))
    if entered.status != 201:
        raise Failed(f"check-in answered {entered.status}: {_code(entered)}")
    session = entered.data["data"]["token"]
    scanned = ask("POST", f"{url}/v1/scan", {"code": shopper.code}, bearer(session))
    if scanned.status != 200:
        raise Failed(f"the scan of {shopper.code} answered {scanned.status}: {_code(scanned)}")
    store = entered.data["data"]["store"]["storeId"]
    return f"checked in at {store} and scanned {shopper.code}: {_price(scanned.data['data'])}"


def visitor(
    doors: Iterable[Door], clock: Clock, url: str = "", shopper: Shopper | None = None, ask: Ask = ask
) -> Callable[[float], None]:
    """A function that keeps asking all doors for so many seconds, where there are no shoppers to do it (staging).

    It tells nothing: what goes wrong is counted by Cloud Run, and the canary looks there.
    """
    questions = [question for door in doors for question in door.questions()]

    def visit(seconds: float) -> None:
        until = clock.time() + seconds
        while clock.time() < until:
            for question in questions:
                _quietly(partial(ask, "GET", question, None, {}))
                clock.sleep(PAUSE_SECONDS)
            if shopper is not None:
                _quietly(partial(story, url, shopper, ask))
            clock.sleep(PAUSE_SECONDS)

    return visit


def shopper_of(google: Google, secret: str, ask: Ask = ask) -> Shopper | None:
    """The shopper described by a secret's version, signed in; None while it has none. Raises Failed."""
    try:
        payload = google("GET", f"{SECRETS}/{secret}:access")["payload"]["data"]
    except Refused as refused:
        if refused.status == 404:
            return None
        raise
    try:
        described = json.loads(base64.b64decode(payload))
        names = ("apiKey", "email", "password", "storeCode", "code")
        key, email, password, store_code, code = (described[name] for name in names)
    except (ValueError, KeyError, TypeError) as error:
        raise Failed(f"{secret} must hold JSON with apiKey, email, password, storeCode and code") from error
    body = {"email": email, "password": password, "returnSecureToken": True}
    answer = ask("POST", f"{SIGN_IN}?key={key}", body, {})
    if answer.status != 200:
        raise Failed(f"the smoke test's shopper cannot sign in: {answer.status}")
    return Shopper(answer.data["idToken"], store_code, code)


def _quietly(call: Callable[[], object]) -> None:
    try:
        call()
    except Failed:
        return


def bearer(token: str) -> dict[str, str]:
    """The header with a token."""
    return {"authorization": f"Bearer {token}"}


def _price(reply: Mapping[str, Any]) -> str:
    return f"{reply['product']['name']}, {reply['unitPrice']} {reply['currency']}"


def _code(answer: Answer) -> str:
    try:
        return str(answer.data["error"]["code"])
    except (TypeError, KeyError):
        return "no error code of ours"


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
