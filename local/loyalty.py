"""The loyalty system of the brands, played: `POST /v1/cards:lookup`. It misbehaves on demand.

Every number it is asked about is a card of the brand that was named, or of the tenant's first one, but for these:
numbers that end in 00 nobody knows, in 01 are blocked, in 02 are somebody else's. `POST /_cards` says otherwise of a
number, `POST /_misbehave {"500": 3, "latency": -1}` makes it fail so many times (-1: until 0 is sent).
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from local.processes import HOST, free_port

KEY = "local-loyalty-key"
KINDS = {
    "latency": "answers after a second and a half",
    "hang": "answers nothing for a long time",
    "500": "fails",
    "429": "too many requests, with Retry-After: 1",
    "401": "does not know the key any more",
    "not-json": "a page for people to look at",
    "wrong-shape": "an object of another kind",
    "huge": "an answer of a megabyte",
    "packed": "an answer that is packed although nobody asked",
    "slow": "one byte a second",
    "redirect": "sends the client elsewhere",
    "half": "breaks off in the middle",
}
_LATENCY_SECONDS, _HANGS_SECONDS = 1.5, 600.0
_METADATA = "http://169.254.169.254/computeMetadata/v1/"
Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Loyalty:
    """The server. In a test: `async with Loyalty() as loyalty: loyalty.url, loyalty.left["500"] = 3`."""

    port: int = 0
    key: str = KEY
    brands: Mapping[str, str] = field(default_factory=dict)
    """tenant -> the brand of its cards whose number alone is shown."""
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    """number -> what is said of it instead of the usual."""
    left: dict[str, int] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = self.port or free_port()

    @property
    def url(self) -> str:
        """What LOYALTY_URL holds."""
        return f"http://{HOST}:{self.port}"

    def app(self) -> Starlette:
        """What uvicorn serves."""
        return Starlette(
            routes=[
                Route("/v1/cards:lookup", self.look_up, methods=["POST"]),
                Route("/health", _health, methods=["GET"]),
                Route("/_cards", self._register, methods=["POST"]),
                Route("/_misbehave", self._misbehave, methods=["GET", "POST"]),
                Route("/_asked", self._told, methods=["GET"]),
            ]
        )

    def server(self) -> uvicorn.Server:
        """A server that has not been started."""
        config = uvicorn.Config(
            self.app(), host=HOST, port=self.port, lifespan="off", log_level="critical", access_log=False
        )
        return uvicorn.Server(config)

    async def __aenter__(self) -> Self:
        self._server = self.server()
        self._server.config.timeout_graceful_shutdown = 0
        self._task = asyncio.create_task(self._server._serve())
        while not self._server.started:
            if self._task.done():
                await self._task
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = self._server.force_exit = True
        await self._task

    # ---- what it says

    async def look_up(self, request: Request) -> Response:
        """What is known of a card."""
        question = json.loads(await request.body())
        self.asked.append(question)
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return JSONResponse({"error": "unknown key"}, status_code=401)
        spoiled = await self._spoiled()
        if spoiled is not None:
            return spoiled
        answer = self.answer(question["tenantId"], question["brandId"], question["card"])
        return JSONResponse({"error": "unknown card"}, status_code=404) if answer is None else JSONResponse(answer)

    def answer(self, tenant_id: str, brand_id: str | None, number: str) -> dict[str, Any] | None:
        """The same for the same card each time; None for one that is not known."""
        if number in self.cards:
            return self.cards[number]
        brand = brand_id or self.brands.get(tenant_id)
        if brand is None or number.endswith("00"):
            return None
        points = int.from_bytes(hashlib.sha256(f"{brand}:{number}".encode()).digest()[:2], "big") % 5_000
        gold = points >= 2_500
        return {
            "brandId": brand,
            "status": "blocked" if number.endswith("01") else "active",
            "holder": "another" if number.endswith("02") else "this",
            "groups": ["gold", "member"] if gold else ["member"],
            "points": points,
            "benefits": [{"code": "member-prices", "text": "Member prices in every store"}]
            + ([{"code": "gold", "text": "Double points on weekdays"}] if gold else []),
        }

    # ---- how it goes wrong

    def strikes(self, name: str) -> bool:
        """Whether to do it now; counts."""
        left = self.left.get(name, 0)
        if left > 0:
            self.left[name] = left - 1
        return left != 0

    async def _spoiled(self) -> Response | None:
        if self.strikes("latency"):
            await asyncio.sleep(_LATENCY_SECONDS)
        if self.strikes("hang"):
            await asyncio.sleep(_HANGS_SECONDS)
        for name, made in _SPOILED.items():
            if self.strikes(name):
                return made()
        return None

    async def _register(self, request: Request) -> Response:
        self.cards.update(json.loads(await request.body()))
        return JSONResponse(self.cards)

    async def _misbehave(self, request: Request) -> Response:
        if request.method == "POST":
            asked = json.loads(await request.body())
            unknown = sorted(set(asked) - set(KINDS))
            if unknown:
                return JSONResponse({"error": f"{unknown} is none of {sorted(KINDS)}"}, status_code=400)
            self.left.update({name: int(times) for name, times in asked.items()})
        return JSONResponse({"kinds": KINDS, "left": self.left})

    async def _told(self, _request: Request) -> Response:
        return JSONResponse({"count": len(self.asked), "last": self.asked[-20:]})


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _drip() -> Any:
    for byte in b'{"brandId": "slow"}':
        yield bytes([byte])
        await asyncio.sleep(1.0)


async def _broken() -> Any:
    yield b'{"brandId": '
    raise ConnectionResetError("the answer breaks off")


_SPOILED: dict[str, Callable[[], Response]] = {
    "500": lambda: Response("oops", status_code=500),
    "429": lambda: Response(status_code=429, headers={"retry-after": "1"}),
    "401": lambda: Response(status_code=401),
    "not-json": lambda: Response("<html>please sign in</html>", media_type="text/html"),
    "wrong-shape": lambda: JSONResponse({"brand": 7, "points": "many", "groups": "all"}),
    "huge": lambda: Response(b'{"brandId": "' + b"a" * (1 << 20) + b'"}', media_type="application/json"),
    "packed": lambda: Response(
        b"\x1f\x8b\x08\x00", media_type="application/json", headers={"content-encoding": "gzip"}
    ),
    "slow": lambda: StreamingResponse(_drip(), media_type="application/json"),
    "redirect": lambda: Response(status_code=302, headers={"location": _METADATA}),
    "half": lambda: StreamingResponse(_broken(), media_type="application/json"),
}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m local.loyalty", description="The loyalty system, played.")
    top.add_argument("--port", type=int, default=0)
    top.add_argument("--data-dir", type=Path, default=None, help="it keeps nothing: cards are what their numbers say")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until it is interrupted; the exit status."""
    from local import catalogue

    options = parser().parse_args(arguments)
    loyalty = Loyalty(port=options.port, brands=catalogue.first_brands())
    print(f"the loyalty system: {loyalty.url}/v1/cards:lookup   switch: {loyalty.url}/_misbehave", flush=True)
    try:
        asyncio.run(loyalty.server().serve())
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
