"""A service of imports that answers from memory."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from retailscan import import_file, imports_client

IMPORT_ID = "0" * 31 + "1"


class Service:
    """What `retailscan import` talks to: one import that goes through `states`, one a look."""

    def __init__(self) -> None:
        self.states = ["staging", "staged", "publishing", "published"]
        self.counts = {"rows": 2, "valid": 2, "errors": 0, "warnings": 0, "confirm": 0, "excluded": 0, "create": 2}
        self.codes: dict[str, int] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.result: dict[str, int] | None = {"rows": 2, "created": 2}
        self.error: dict[str, Any] | None = None
        self.asked: list[httpx.Request] = []
        self.bodies: list[bytes] = []
        self.answers: dict[tuple[str, str], list[httpx.Response]] = {}

    def instead(self, method: str, path: str, status: int, data: Any, **headers: str) -> None:
        """Answer the next such request so."""
        self.answers.setdefault((method, path), []).append(httpx.Response(status, json=data, headers=headers))

    def refuse(self, method: str, path: str, status: int, code: str, details: Any = None, **headers: str) -> None:
        """Refuse the next such request."""
        error = {"code": code, "message": f"it is {code}", "details": details}
        self.instead(method, path, status, {"success": False, "error": error}, **headers)

    def view(self) -> dict[str, Any]:
        """The import now; the next look sees the next state."""
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        over = state in ("published", "partly_published")
        return {
            "importId": IMPORT_ID,
            "storeId": "acme-1",
            "name": "goods.csv",
            "state": state,
            "source": {"unknownColumns": ["shelf"]},
            "counts": self.counts,
            "codes": self.codes,
            "result": self.result if over else None,
            "error": self.error,
            "duplicateOf": "2" * 32 if state == "duplicate" else None,
            "progress": {"rowsDone": 1, "rowsTotal": 2, "rowsPerSecond": 10.0, "secondsLeft": 0.1},
            "links": {"failures": "..."} if over else {},
        }

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.asked.append(request)
        self.bodies.append(await request.aread())
        path = request.url.path
        if waiting := self.answers.get((request.method, path)):
            return waiting.pop(0)
        own = f"/v1/imports/{IMPORT_ID}"
        if request.method == "PUT" and request.url.host == "bucket":
            return httpx.Response(200)
        match (request.method, path):
            case ("POST", "/v1/imports"):
                return _data({"groupId": "g", "imports": [{"importId": IMPORT_ID}]}, 202)
            case ("POST", "/v1/imports:upload-url"):
                upload = {"url": "http://bucket/x", "headers": {"x-goog-if-generation-match": "0"}}
                upload["uploadedUrl"] = f"{own}/uploaded"
                return _data({"groupId": "g", "imports": [{"importId": IMPORT_ID}], "upload": upload}, 201)
            case ("POST", name) if name in (f"{own}/uploaded", f"{own}/approve"):
                return _data({}, 202)
            case ("GET", name) if name == own:
                return _data(self.view())
            case ("GET", name) if name == f"{own}/rows":
                return _data(self.rows.get(request.url.params["code"], []))
            case ("GET", name) if name == f"{own}/failures.csv":
                return httpx.Response(200, content=b"barcode,retailscan_codes\n1,BARCODE_CHECK_DIGIT\n")
        raise AssertionError(f"nobody expected {request.method} {request.url}")

    def calls(self) -> list[str]:
        """What was asked, in order."""
        return [f"{request.method} {request.url.path}" for request in self.asked]

    def body(self, path: str) -> Any:
        """The JSON that was sent to a path."""
        return next(json.loads(b) for r, b in zip(self.asked, self.bodies, strict=True) if r.url.path == path)


def _data(data: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json={"success": True, "data": data})


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service, and the command connected to it."""
    made = Service()
    transport = httpx.MockTransport(made)

    def connected(url: str, token: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=transport, base_url=url, headers={"authorization": f"Bearer {token}"})

    monkeypatch.setattr(import_file, "client", connected)
    monkeypatch.setattr(imports_client, "bucket", lambda _timeout: httpx.AsyncClient(transport=transport))
    monkeypatch.setattr(imports_client, "PAUSES_S", (0.0,))
    monkeypatch.setenv(import_file.URL, "http://suite")
    monkeypatch.setenv(import_file.TOKEN, "secret-token")
    return made
