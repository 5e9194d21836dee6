"""The dashboard's door with an API that a test makes up; a browser's part is played by a client with a cookie jar."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from functions.admin import settings, wiring
from functions.admin.signing_in import LocalIssuer
from functions.common import ratelimit
from tests.support import World

STORE: dict[str, Any] = {
    "storeId": "berlin", "name": "Berlin Mitte", "currency": "EUR", "timeZone": "Europe/Berlin", "status": "active",
    "stockPolicy": "strict", "labelTemplates": [], "address": None, "codeVersion": 1, "ver": 1,
    "createdAt": "2026-11-01T08:00:00Z", "updatedAt": "2026-11-01T08:00:00Z",
}  # fmt: skip
Answers = Callable[[httpx.Request], httpx.Response]


class FakeApi:
    """The public API: a test says what each operation answers; what was asked is kept."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self._answers: dict[tuple[str, str], Answers] = {}
        self.says("GET", "/v1/stores", [STORE])
        self.says("GET", "/v1/stores/berlin", STORE)

    def says(self, method: str, path: str, data: Any, *, total: int | None = None, status: int = 200) -> None:
        """Answer with data; a list gets a pagination."""
        body: dict[str, Any] = {"success": True, "data": data, "metadata": {}}
        if isinstance(data, list):
            count = len(data) if total is None else total
            body["pagination"] = {"page": 1, "limit": 20, "total": count, "totalPages": -(-count // 20)}
        self._answers[method, path] = lambda _request: httpx.Response(status, json=body)

    def refuses(self, method: str, path: str, status: int, code: str, message: str, details: Any = None) -> None:
        """Answer with a failure."""
        error = {"code": code, "message": message} | ({"details": details} if details is not None else {})
        self._answers[method, path] = lambda _r: httpx.Response(status, json={"success": False, "error": error})

    def does(self, method: str, path: str, answer: Answers) -> None:
        """Answer with whatever this makes of the request."""
        self._answers[method, path] = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.get((request.method, request.url.path))
        if answer is None:
            missing = {"code": "NOT_FOUND", "message": f"nobody says what {request.method} {request.url.path} answers"}
            return httpx.Response(404, json={"success": False, "error": missing})
        return answer(request)

    def bodies(self, method: str, path: str) -> list[Any]:
        """The JSON that was sent to an operation."""
        return [json.loads(r.content) for r in self.asked if (r.method, r.url.path) == (method, path)]


class Person:
    """Somebody at a browser: keeps cookies, and sends forms as pages of ours do."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.csrf = ""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page; the secret of its forms is remembered."""
        reply = await self.client.get(path, headers={name.replace("_", "-"): text for name, text in headers.items()})
        found = re.search(r'data-csrf="([^"]+)"', reply.text)
        self.csrf = found[1] if found else self.csrf
        return reply

    async def send(self, path: str, fields: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        """Send a form, from a page of ours unless `headers` say otherwise."""
        sent = {"origin": "https://door.test", "sec-fetch-site": "same-origin"}
        sent |= {name.replace("_", "-"): text for name, text in headers.items()}
        return await self.client.post(path, data={"csrf": self.csrf} | (fields or {}), headers=sent)

    async def sign_in(self, role: str = "brand_manager", tenant: str = "acme", stores: str = "") -> httpx.Response:
        """Through the form."""
        await self.get("/admin/sign-in")
        reply = await self.send("/admin/sign-in", {"role": role, "tenant": tenant, "stores": stores, "name": "kim"})
        await self.get("/admin")
        return reply


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture(scope="session")
def world() -> World:
    """Keys take a while to make."""
    made = World()
    made.environment |= {
        "PUBLIC_API_URL": "https://api.test",
        "DASHBOARD_KEY": "a key for tests that is long enough to be one",
        "DASHBOARD_SIGN_IN": "local",
    }
    return made


@pytest.fixture
async def person(api: FakeApi, world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Person]:
    # Without a Redis each process counts for itself, and would go on counting from test to test.
    monkeypatch.setattr(ratelimit, "_local", {})

    def issue(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        if asked["tenantId"] == "":
            return httpx.Response(400, json={"error": {"message": "a token for brand_manager needs a tenant."}})
        token = world.issuer.identity_token(
            asked.get("sub", "kim"),
            role=asked["role"],
            tenant_id=asked["tenantId"],
            store_ids=asked.get("storeIds", ["*"]),
        )
        return httpx.Response(201, json={"token": token})

    api.does("POST", "/dev/token", issue)
    settings.load.replace(None)
    with world.installed():
        async with world.door("admin", "admin") as client:
            fake = httpx.AsyncClient(transport=httpx.MockTransport(api), base_url="https://api.test")
            built = wiring.wiring()
            await built.client.aclose()
            wiring.replace(client=fake, provider=LocalIssuer(fake))
            yield Person(client)
    settings.load.replace(None)
