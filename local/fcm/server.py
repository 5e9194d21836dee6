"""The server: `POST /v1/projects/<project>/messages:send` as Google's, and doors to look at and to spoil it.

`GET /_sent` and `DELETE /_sent`; `POST /_trouble {"kind": "QUOTA_EXCEEDED", "times": 3, "retryAfter": "7"}` and
`DELETE /_trouble`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import time
import uuid
from collections import defaultdict, deque
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.fcm.message_format import violations
from local.fcm.troubles import KINDS, TAKES_IT, Trouble, error_body
from local.processes import HOST, free_port

MOST_KEPT = 10_000
MOST_COLLAPSE_KEYS = 4
_HANGS_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that FCM has taken. `at` is in seconds since the epoch; `told` whether the sender knows."""

    at: float
    name: str
    message: dict[str, Any]
    told: bool = True

    @property
    def token(self) -> str:
        """Whose it is."""
        return str(self.message["token"])


class FcmServer:
    """The stand-in. It remembers the last 10,000 messages."""

    def __init__(self, *, port: int = 0, seed: int = 0) -> None:
        self.port = port or free_port()
        self.sent: deque[Sent] = deque(maxlen=MOST_KEPT)
        self.asked = 0
        """How many requests came, refused ones included."""
        self.refused: list[dict[str, Any]] = []
        """Messages that the real one would not take, with why: a bug of ours each."""
        self.troubles: list[Trouble] = []
        self._dice = random.Random(seed)
        self._keys: dict[str, set[str]] = defaultdict(set)
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """What FCM_ENDPOINT holds."""
        return f"http://{HOST}:{self.port}"

    def trouble(self, kind: str, **options: Any) -> None:
        """Misbehave; see `Trouble`."""
        self.troubles.append(Trouble(kind, **options))

    def sent_to(self, token: str) -> list[dict[str, Any]]:
        """The messages of one device."""
        return [each.message for each in self.sent if each.token == token]

    def app(self) -> Starlette:
        """What uvicorn serves."""
        return Starlette(
            routes=[
                Route("/v1/projects/{project}/messages:send", self._send, methods=["POST"]),
                Route("/_sent", self._list, methods=["GET"]),
                Route("/_sent", self._forget, methods=["DELETE"]),
                Route("/_trouble", self._spoil, methods=["POST"]),
                Route("/_trouble", self._heal, methods=["DELETE"]),
                Route("/health", self._health, methods=["GET"]),
            ]
        )

    def server(self) -> uvicorn.Server:
        """A server that has not been started."""
        config = uvicorn.Config(
            self.app(), host=HOST, port=self.port, lifespan="off", log_level="critical", access_log=False
        )
        config.timeout_graceful_shutdown = 0
        return uvicorn.Server(config)

    async def __aenter__(self) -> Self:
        self._server = self.server()
        self._task = asyncio.create_task(self._server._serve())
        while not self._server.started:
            if self._task.done():
                await self._task
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        assert self._task is not None
        self._server.should_exit = self._server.force_exit = True
        await self._task

    # ---- the API

    async def _send(self, request: Request) -> Response:
        self.asked += 1
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return _error(401, "UNAUTHENTICATED", "Request is missing required authentication credential.")
        try:
            body = json.loads(await request.body())
        except ValueError:
            return _error(400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
        wrong = violations(body)
        if wrong:
            self.refused.append({"body": body, "why": [dataclasses.asdict(each) for each in wrong]})
            listed = "; ".join(f"{each.field}: {each.description}" for each in wrong)
            return _error(400, "INVALID_ARGUMENT", f"Invalid JSON payload received. {listed}", "INVALID_ARGUMENT")
        message = body["message"]
        struck = next((each for each in self.troubles if each.strikes(message.get("token", ""), self._dice)), None)
        if struck is not None:
            return await self._misbehave(struck, request, message)
        sent = self._take(request, message)
        return JSONResponse({"name": sent.name})

    def _take(self, request: Request, message: dict[str, Any], *, told: bool = True) -> Sent:
        name = f"projects/{request.path_params['project']}/messages/{uuid.uuid4().hex}"
        sent = Sent(time.time(), name, message, told)
        self.sent.append(sent)
        key = message.get("android", {}).get("collapse_key")
        if key is not None:
            keys = self._keys[sent.token]
            keys.add(key)
            if len(keys) > MOST_COLLAPSE_KEYS:
                why = f"more than {MOST_COLLAPSE_KEYS} collapse keys at a time: FCM keeps any four of {sorted(keys)}"
                self.refused.append(
                    {"body": {"message": message}, "why": [{"field": "collapse_key", "description": why}]}
                )
        return sent

    async def _misbehave(self, trouble: Trouble, request: Request, message: dict[str, Any]) -> Response:
        status, code, fcm_code, text = KINDS[trouble.kind]
        if trouble.kind in TAKES_IT:
            self._take(request, message, told=False)
        if trouble.kind == "hang":
            await self._until_gone(request)
        if status == 0:
            return _HangUp()
        response = _error(status, code, text, fcm_code)
        if trouble.retry_after is not None:
            response.headers["retry-after"] = trouble.retry_after
        return response

    async def _until_gone(self, request: Request) -> None:
        end = time.monotonic() + _HANGS_SECONDS
        stopping = self._server
        while time.monotonic() < end and not await request.is_disconnected():
            if stopping is not None and stopping.should_exit:
                return
            await asyncio.sleep(0.02)

    # ---- what only a stand-in has

    async def _list(self, _request: Request) -> Response:
        kept = [dataclasses.asdict(each) for each in self.sent]
        return JSONResponse({"sent": kept, "refused": self.refused, "asked": self.asked})

    async def _forget(self, _request: Request) -> Response:
        self.sent.clear()
        self.refused.clear()
        return Response(status_code=204)

    async def _spoil(self, request: Request) -> Response:
        try:
            asked = json.loads(await request.body())
            options = {"retry_after" if name == "retryAfter" else name: value for name, value in asked.items()}
            self.troubles.append(Trouble(**options))
        except (ValueError, TypeError, AttributeError) as error:
            return JSONResponse({"error": str(error), "kinds": list(KINDS)}, status_code=400)
        return Response(status_code=204)

    async def _heal(self, _request: Request) -> Response:
        self.troubles.clear()
        return Response(status_code=204)

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})


class _HangUp(Response):
    """No answer at all: the connection breaks."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # More is announced than follows: uvicorn closes the connection when the application leaves it at that.
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise asyncio.CancelledError


def _error(status: int, code: str, message: str, fcm_code: str | None = None) -> JSONResponse:
    return JSONResponse(error_body(status, code, message, fcm_code), status_code=status)
