"""The ERPs that speak HTTP, all in one small server: /rest/products, /soap, /graphql and /files/products.csv.

`POST /_misbehave {"429": 3}` and `POST /_touch {"count": 5}` change what it does while it runs.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from local.erp import graphql, soap
from local.erp.assortment import Assortment, Item
from local.erp.misbehaviour import Misbehaviour
from local.processes import HOST, free_port

TOKEN = "demo-erp-token"
_HANGS_SECONDS = 600.0
_METADATA = "http://169.254.169.254/computeMetadata/v1/"
Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Seen:
    """One request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = field(repr=False)


class Erp:
    """The server. In a test: `async with Erp() as erp: erp.url, erp.misbehaviour.change(...)`."""

    def __init__(self, assortment: Assortment | None = None, *, port: int = 0, misbehave: str = "") -> None:
        self.assortment = assortment or Assortment()
        self.misbehaviour = Misbehaviour(Misbehaviour.parse(misbehave))
        self.seen: list[Seen] = []
        self.port = port or free_port()
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    def app(self) -> Starlette:
        """What uvicorn serves."""
        guarded = self._guarded
        return Starlette(
            routes=[
                Route("/rest/products", guarded(self.rest), methods=["GET"]),
                Route("/soap", guarded(self.wsdl), methods=["GET"]),
                Route("/soap", guarded(self.soap), methods=["POST"]),
                Route("/graphql", guarded(self.graphql), methods=["POST"]),
                Route("/files/{name}", guarded(self.file), methods=["GET"]),
                Route("/_misbehave", self._misbehave, methods=["GET", "POST"]),
                Route("/_touch", self._touch, methods=["POST"]),
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
        assert self._server is not None
        assert self._task is not None
        self._server.should_exit = self._server.force_exit = True
        await self._task

    # ---- what it speaks

    async def rest(self, request: Request) -> Response:
        """Pages by `cursor` (an offset in disguise), `page` or the Link header; changes by `since`; an ETag."""
        etag = f'"r{self.assortment.revision}"'
        query = request.query_params
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"etag": etag})
        size = int(query.get("limit", "50"))
        start = int(query["cursor"][1:]) if "cursor" in query else (int(query.get("page", "1")) - 1) * size
        items = self.assortment.since(int(query.get("since", "0")))
        page, after = items[start : start + size], start + size
        more = after < len(items)
        if self.misbehaviour.strikes("same-cursor"):
            after, more = start, True
        told = len(page)
        if self.misbehaviour.strikes("short-pages"):
            page = page[: len(page) // 2]
        listed = ",".join(self._json(item) for item in page)
        cursor = f'"c{after}"' if more else "null"
        meta = f'{{"next":{cursor},"count":{told},"total":{len(items)},"asOf":"{self.assortment.revision}"}}'
        place = "rows" if self.misbehaviour.strikes("moved-items") else "items"
        body = f'{{"data":{{"{place}":[{listed}]}},"meta":{meta}}}'
        headers = {"etag": etag}
        if more:
            headers["link"] = f'<{request.url.include_query_params(cursor=f"c{after}")}>; rel="next"'
        return Response(body, media_type="application/json", headers=headers)

    def _json(self, item: Item) -> str:
        price = item.price
        if self.misbehaviour.strikes("absurd-prices"):
            price = ("1e9", "-1.00", "999999999999.99", "1e400", "0.001")[int(item.barcode) % 5]
        name = "cost" if self.misbehaviour.strikes("changed-schema") else "price"
        texts = {"barcode": item.barcode, "name": item.name, "supplier": item.supplier}
        return json.dumps(texts)[:-1] + f',"{name}":{price},"stock":{item.stock}}}'

    async def wsdl(self, _request: Request) -> Response:
        """The WSDL, whatever the query."""
        return Response(soap.wsdl(f"{self.url}/soap"), media_type="text/xml")

    async def soap(self, request: Request) -> Response:
        """ListProducts."""
        entities = self.misbehaviour.strikes("xml-entities")
        renamed = self.misbehaviour.strikes("changed-schema")
        answer = soap.answer(self.assortment, await request.body(), entities=entities, renamed=renamed)
        return Response(answer, media_type="text/xml")

    async def graphql(self, request: Request) -> Response:
        """A query on `products`."""
        renamed = self.misbehaviour.strikes("changed-schema")
        answer = await graphql.answer(self.assortment, json.loads(await request.body()), renamed=renamed)
        return Response(answer, media_type="application/json")

    async def file(self, _request: Request) -> Response:
        """The assortment as CSV."""
        etag = f'"r{self.assortment.revision}"'
        if _request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"etag": etag})
        return Response(self.assortment.csv(), media_type="text/csv", headers={"etag": etag})

    # ---- how it goes wrong

    def _guarded(self, handler: Handler) -> Handler:
        async def serve(request: Request) -> Response:
            headers = {name: value for name, value in request.headers.items()}
            body = await request.body()
            self.seen.append(Seen(request.method, request.url.path, dict(request.query_params), headers, body))
            early = await self._before(request)
            return early or self._spoiled(await handler(request))

        return serve

    async def _before(self, request: Request) -> Response | None:
        strikes = self.misbehaviour.strikes
        if strikes("timeouts"):
            await asyncio.sleep(_HANGS_SECONDS)
        if strikes("401"):
            return Response(status_code=401)
        if strikes("429"):
            return Response(status_code=429, headers={"retry-after": "1"})
        if strikes("500"):
            return Response("oops", status_code=500)
        if strikes("redirect"):
            return Response(status_code=302, headers={"location": _METADATA})
        if strikes("not-json"):
            return Response("<html>please sign in</html>", media_type="text/html")
        if strikes("deep"):
            return Response("[" * 100_000, media_type="application/json")
        if strikes("endless"):
            return StreamingResponse(_endless(), media_type="application/json")
        if strikes("slow"):
            return StreamingResponse(_slow(), media_type="application/json")
        if strikes("gzip-bomb"):
            return Response(_bomb(), media_type="application/json", headers={"content-encoding": "gzip"})
        if "cursor" in request.query_params and strikes("lost-cursor"):
            return Response(status_code=410)
        return None

    def _spoiled(self, response: Response) -> Response:
        if response.status_code != 200:
            return response
        body = bytes(response.body)
        if self.misbehaviour.strikes("half-pages"):
            return Response(body[: len(body) // 2], media_type=response.media_type)
        if self.misbehaviour.strikes("wrong-charset"):
            body = body.decode().replace("o", "ö").encode("latin-1")
            return Response(body, headers={"content-type": f"{response.media_type}; charset=utf-8"})
        return response

    async def _misbehave(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.misbehaviour.change(await request.json())
            except ValueError as problem:
                return Response(str(problem), status_code=400)
        return Response(json.dumps(self.misbehaviour.left), media_type="application/json")

    async def _touch(self, request: Request) -> Response:
        asked: dict[str, Any] = json.loads(await request.body() or b"{}")
        revision = self.assortment.touch(int(asked.get("count", 1)))
        return Response(json.dumps({"revision": revision}), media_type="application/json")


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(64 << 20))


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b'{"barcode":"4009000000006"}' * 4_000
        await asyncio.sleep(0)


async def _slow() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(1)
