"""What door tests share: settings that point at the test's servers, tokens of the local issuer, a client for a door.

`World` holds one tenant's view; `async with world.door("scan", "scan") as client` serves a room's real function under
functions-framework's own ASGI app, in this process.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from functions.common import auth, mongo, pubsub, redis, settings, stores, tasks
from local.issuer import AUDIENCE, IDENTITY_ISSUER, OIDC_ISSUER, PUSH_SERVICE_ACCOUNT, SESSION_ISSUER, Issuer

ROOT = Path(__file__).parent.parent
SERVICE_URL = "https://door.test"


@cache
def _issuer() -> Issuer:
    """One for all tests: keys take longer to make than most tests take."""
    return Issuer()


class World:
    """The environment of a door under test, and callers of every kind."""

    def __init__(self, *, mongo_uri: str = "", database: str = "test", redis_url: str = "", **more: Any) -> None:
        # What is tested is rarely speed, and the machine may be busy; outage tests set the real 50 ms themselves.
        more.setdefault("redis_timeout_seconds", 2.0)
        self.issuer = _issuer()
        jwks = {
            name: json.dumps(self.issuer.jwks(name)) for name in ("identity", "oidc", "session", "store-codes", "exit")
        }
        self.environment = {
            "STORE_CODE_KEY": self.issuer.private_jwk("store-codes"),
            "STORE_CODE_JWKS": jwks["store-codes"],
            "EXIT_SIGNING_KEY": self.issuer.private_jwk("exit"),
            "EXIT_JWKS": jwks["exit"],
            "SESSION_SIGNING_KEY": self.issuer.private_jwk("session"),
            "SESSION_JWKS": jwks["session"],
            "SESSION_ISSUER": SESSION_ISSUER,
        }
        self.settings = settings.Common(
            environment="test",
            k_service="test",
            mongodb_uri=mongo_uri or "mongodb://127.0.0.1:9/?replicaSet=rs0",
            mongodb_database=database,
            redis_url=redis_url or "redis://127.0.0.1:9/0",
            service_url=SERVICE_URL,
            identity_issuer=IDENTITY_ISSUER,
            identity_audience=AUDIENCE,
            identity_jwks=jwks["identity"],
            session_issuer=SESSION_ISSUER,
            session_jwks=jwks["session"],
            push_issuer=OIDC_ISSUER,
            push_jwks=jwks["oidc"],
            push_service_accounts=PUSH_SERVICE_ACCOUNT,
            otel_traces_sample=0.0,
            test=True,
            **more,
        )

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Make these the process's settings, and forget what was built from others."""
        before = {name: os.environ.get(name) for name in self.environment}
        os.environ.update(self.environment)
        self._forget(self.settings)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            self._forget(None)

    @staticmethod
    def _forget(value: settings.Common | None) -> None:
        settings.override(value)
        auth.reset()
        stores.forget()
        redis.replace(None)

    def change(self, **changes: Any) -> None:
        """Change settings in the middle of a test."""
        self.settings = dataclasses.replace(self.settings, **changes)
        settings.override(self.settings)

    @asynccontextmanager
    async def door(self, room: str, target: str) -> AsyncIterator[httpx.AsyncClient]:
        """An HTTP client of the room's function, served by functions-framework in this process."""
        async with client_of(app_of(target, ROOT / "functions" / room / "main.py")) as client:
            try:
                yield client
            finally:
                await close()

    def staff(self, role: str, tenant: str, stores_: Sequence[str] = ("*",), **options: Any) -> dict[str, str]:
        """The headers of a member of staff or a machine of `tenant`."""
        token = self.issuer.identity_token(
            f"{role}-{tenant}", role=role, tenant_id=tenant, store_ids=stores_, **options
        )
        return bearer(token)

    def shopper(self, sub: str = "shopper-1", **options: Any) -> dict[str, str]:
        """The headers of a signed-in shopper."""
        return bearer(self.issuer.identity_token(sub, **options))

    def checked_in(self, tenant: str, store: str, sub: str = "shopper-1", **options: Any) -> dict[str, str]:
        """The headers of a shopper who is checked in at `store`."""
        return bearer(self.issuer.session_token(sub, tenant_id=tenant, store_id=store, **options))

    def platform(self, path: str) -> dict[str, str]:
        """The headers of Pub/Sub, Cloud Tasks or Cloud Scheduler calling `path` of the door."""
        return bearer(self.issuer.oidc_token(SERVICE_URL + path, PUSH_SERVICE_ACCOUNT)[0])

    async def push(
        self,
        client: httpx.AsyncClient,
        path: str,
        data: Any,
        *,
        attributes: Mapping[str, str] | None = None,
        message_id: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Deliver `data` (bytes, or anything JSON) to an event door as Pub/Sub would."""
        content = data if isinstance(data, bytes) else json.dumps(data).encode()
        body = push_body(content, attributes=attributes, message_id=message_id)
        return await client.post(path, json=body, headers=dict(headers or self.platform(path)))


def push_body(
    data: bytes, *, attributes: Mapping[str, str] | None = None, message_id: str | None = None, attempt: int = 1
) -> dict[str, Any]:
    """The body of a Pub/Sub push."""
    return {
        "message": {
            "data": base64.b64encode(data).decode(),
            "attributes": dict(attributes or {}),
            "messageId": message_id or uuid.uuid4().hex,
            "publishTime": "2026-11-20T10:00:00Z",
        },
        "subscription": "projects/retailscan-local/subscriptions/under-test",
        "deliveryAttempt": attempt,
    }


def app_of(target: str, source: Path) -> Any:
    """The ASGI app that functions-framework makes of a function."""
    from functions_framework.aio import create_asgi_app

    return create_asgi_app(target, str(source))  # type: ignore[no-untyped-call]


def bearer(token: str) -> dict[str, str]:
    """An Authorization header."""
    return {"Authorization": f"Bearer {token}"}


def client_of(app: Any) -> httpx.AsyncClient:
    """A client that calls an ASGI app in this process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://door.test")


async def close() -> None:
    """Close what the doors of this event loop opened."""
    # Unlike list(), copy() is one step: a thread may be importing something just then.
    for name, module in sys.modules.copy().items():
        if name.startswith("functions.") and name.endswith(".wiring") and hasattr(module, "close"):
            await module.close()
    await mongo.close()
    await pubsub.close()
    await tasks.close()
    await redis.cache().close()
