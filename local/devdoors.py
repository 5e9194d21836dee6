"""The gateway's own paths: health, the interactive page, the OpenAPI file, key sets, and tokens for a developer."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import Field, ValidationError

from functions.common.envelope import JSON_HEADERS, Response
from functions.common.errors import Malformed, MethodNotAllowed, NotFound, TooLarge, fields
from functions.common.wire import Wire
from local import tokens
from local.health import Health
from local.issuer import Issuer
from local.processes import LocalError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Status = Callable[[], Awaitable[dict[str, Any]]]

Asked = TypeVar("Asked", bound=Wire)

MAX_BODY = 16 * 1024
ASSETS = {"swagger-ui.css": b"text/css", "swagger-ui-bundle.js": b"text/javascript", "favicon-32x32.png": b"image/png"}


class TokenRequest(Wire):
    """`POST /dev/token`."""

    role: str = "shopper"
    tenant_id: str | None = None
    store_ids: list[str] = Field(default_factory=list, max_length=100)
    store_id: str | None = None
    sub: str | None = None
    lives_seconds: int = Field(default=3600, ge=-3600, le=30 * 86400)


class PayRequest(Wire):
    """`POST /dev/pay`: what a checkout's `payment` says, and the name of one of Stripe's test cards."""

    intent_id: str = Field(pattern=r"^pi_[A-Za-z0-9_]+$")
    client_secret: str
    publishable_key: str
    method: str = Field(default="pm_card_visa", pattern=r"^pm_[A-Za-z0-9_]+$")


class DevDoors:
    """Answers what only the local cloud has, which is in no image. `stripe`: where the local one is."""

    def __init__(
        self, issuer: Issuer, openapi: Path, status: Status, stripe: str | None = None, health: Health | None = None
    ) -> None:
        self._issuer, self._openapi, self._status, self._stripe = issuer, openapi, status, stripe
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive) -> Response | None:
        """The answer, or None when the path is nobody's. Raises Problem."""
        path: str = scope["path"]
        if path == "/dev/token":
            _demand(scope, "POST")
            return self._token(await _body(receive))
        if path == "/dev/pay":
            _demand(scope, "POST")
            return await self._pay(await _body(receive))
        answer = await self._read(path)
        if answer is not None:
            _demand(scope, "GET", "HEAD")
        return answer

    async def _read(self, path: str) -> Response | None:
        if path == "/health":
            return _json({"status": "ok"})
        if path == "/dev/status":
            return _json(await self._status())
        if self._health is not None and path == "/dev/health":
            return _json(await self._health.collect())
        if self._health is not None and path.startswith("/dev/traces/"):
            return _json(await self._health.trace(path.removeprefix("/dev/traces/")))
        if path.startswith("/dev/jwks/"):
            return self._jwks(path.removeprefix("/dev/jwks/"))
        if path == "/openapi.json":
            if not self._openapi.is_file():
                raise NotFound("docs/openapi.json was not generated: run `make docs`", code="NOT_GENERATED")
            return Response(200, self._openapi.read_bytes(), JSON_HEADERS)
        if path in ("/", "/docs", "/docs/"):
            return Response(200, PAGE, [(b"content-type", b"text/html; charset=utf-8")])
        if path.startswith("/docs/"):
            return _asset(path.removeprefix("/docs/"))
        return None

    def _jwks(self, name: str) -> Response:
        try:
            return _json(self._issuer.jwks(name))
        except KeyError:
            raise NotFound("there is no such key set", code="NO_SUCH_PATH") from None

    async def _pay(self, body: bytes) -> Response:
        """What Stripe's payment form does in a browser, for pages that may not talk to another address."""
        if self._stripe is None:
            raise NotFound("the local Stripe is not part of this suite", code="NO_SUCH_PATH")
        import httpx

        asked = _read(PayRequest, body)
        form = {"payment_method": asked.method, "client_secret": asked.client_secret, "key": asked.publishable_key}
        async with httpx.AsyncClient(base_url=self._stripe, timeout=20.0) as client:
            answer = await client.post(f"/v1/payment_intents/{asked.intent_id}/confirm", data=form)
        if answer.status_code != 200:
            raise Malformed(str(answer.json()["error"]["message"]), code="PAYMENT_REFUSED")
        return _json({"status": answer.json()["status"]})

    def _token(self, body: bytes) -> Response:
        asked = _read(TokenRequest, body)
        stores = [asked.store_id] if asked.store_id else asked.store_ids
        try:
            token = tokens.mint(
                self._issuer,
                asked.role,
                tenant=asked.tenant_id,
                stores=stores,
                sub=asked.sub,
                lives_s=asked.lives_seconds,
            )
        except LocalError as error:
            raise Malformed(str(error)) from error
        return _json({"token": token, "tokenType": "Bearer", "expiresIn": asked.lives_seconds}, status=201)


def _read(model: type[Asked], body: bytes) -> Asked:
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        problems: Any = error.errors(include_url=False, include_input=False, include_context=False)
        raise Malformed("the body is not valid", details=fields(problems)) from error


def _json(data: Any, status: int = 200) -> Response:
    return Response(status, orjson.dumps(data), JSON_HEADERS)


def _demand(scope: Scope, *methods: str) -> None:
    if scope["method"] not in methods:
        raise MethodNotAllowed(f"{scope['method']} is not one of {', '.join(methods)}")


async def _body(receive: Receive) -> bytes:
    content = b""
    while True:
        message = await receive()
        content += message.get("body", b"")
        if len(content) > MAX_BODY:
            raise TooLarge(f"at most {MAX_BODY} bytes are read here")
        if not message.get("more_body"):
            return bytes(content)


@cache
def _assets_folder() -> Path | None:
    # Found without importing it: only its static files are wanted.
    spec = importlib.util.find_spec("swagger_ui")
    return Path(spec.origin).parent / "static" if spec is not None and spec.origin else None


@cache
def _asset(name: str) -> Response:
    folder = _assets_folder()
    if name not in ASSETS or folder is None:
        raise NotFound("there is no such file", code="NO_SUCH_PATH")
    headers = [(b"content-type", ASSETS[name]), (b"cache-control", b"max-age=86400")]
    return Response(200, (folder / name).read_bytes(), headers)


_ROLES = ("shopper", "store_staff", "store_manager", "brand_manager", "erp", "operator", "gate")

# No network beyond this machine: script and style come from the installed package, the rest is here.
PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>RetailScan</title>
<link rel="icon" href="/docs/favicon-32x32.png"><link rel="stylesheet" href="/docs/swagger-ui.css">
<style>
  body {{ margin: 0; font-family: sans-serif; }}
  #sign-in {{ display: flex; gap: .5rem; align-items: center; padding: .6rem 1rem; background: #1b1b1b; color: #fff; }}
  #sign-in input, #sign-in select, #sign-in button {{ padding: .3rem .5rem; }}
</style></head><body>
<form id="sign-in"><label>Sign in here as <select name="role"></select></label>
<label>tenant <input name="tenantId" size="12"></label><label>store <input name="storeId" size="18"></label>
<button>Get a token</button><output></output></form>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script>
  const form = document.getElementById("sign-in"), said = form.querySelector("output");
  for (const role of {json.dumps(_ROLES)}) form.role.add(new Option(role, role));
  const ui = SwaggerUIBundle({{ url: "/openapi.json", dom_id: "#api", deepLinking: true, persistAuthorization: true,
    tryItOutEnabled: true, displayRequestDuration: true, validatorUrl: null }});
  form.addEventListener("submit", async (event) => {{
    event.preventDefault();
    const asked = Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
    const reply = await fetch("/dev/token", {{ method: "POST", body: JSON.stringify(asked) }});
    const body = await reply.json();
    if (!reply.ok) {{ said.textContent = body.error.message; return; }}
    const described = await (await fetch("/openapi.json")).json();
    const scheme = asked.role === "shopper" && asked.storeId ? "session" : "identity";
    for (const name of Object.keys(described.components.securitySchemes))
      if (name === scheme) ui.preauthorizeApiKey(name, body.token);
    said.textContent = "signed in as " + asked.role;
  }});
</script></body></html>
""".encode()
