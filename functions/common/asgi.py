"""Between the server and the edges: how a request reaches them, and how its body is read.

functions-framework hands our function to Starlette, whose middleware and routes look at every request before an edge
does the same by its own rules: a quarter of what a pushed price update costs. So the first request, which names the
application that it came through, puts the edge in the place of that chain. functions-framework goes on to load,
serve and stop the function. https://www.starlette.io/middleware/
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from functions.common.envelope import Response
from functions.common.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

Serve = Callable[["Scope", "Receive"], Awaitable[Response]]
"""An edge: the response to one HTTP request. Must not raise."""


class Direct:
    """The ASGI application of an edge; what is not HTTP (start and stop of the server) stays the framework's."""

    __slots__ = ("_framework", "_serve")

    def __init__(self, serve: Serve, framework: ASGIApp) -> None:
        self._serve, self._framework = serve, framework

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._framework(scope, receive, send)
            return
        response = await self._serve(scope, receive)
        await response(scope, receive, send)


def entry(serve: Serve) -> Callable[[Request], Awaitable[Response]]:
    """The function that functions-framework serves."""

    async def function(request: Request) -> Response:
        app = request.app
        # Should Starlette call it otherwise one day, requests go on coming the long way.
        stack: Any = getattr(app, "middleware_stack", None)
        if not isinstance(stack, Direct):
            app.middleware_stack = Direct(serve, stack)
        return await serve(request.scope, request.receive)

    return function


async def read_body(receive: Receive, limit: int, length: bytes | None = None) -> bytes:
    """The whole body, at most `limit` bytes; `length` is the Content-Length that the caller claims.

    Raises TooLarge, for a claim before anything is read, and Malformed when the caller hangs up on the way.
    """
    if length is not None and length.isdigit() and int(length) > limit:
        raise TooLarge(f"at most {limit} bytes are read here")
    chunks, size, more = [], 0, True
    while more:
        event = await receive()
        if event["type"] != "http.request":
            raise Malformed("the connection ended before the body did", field="body")
        chunk: bytes = event.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"at most {limit} bytes are read here")
        chunks.append(chunk)
        more = event.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
