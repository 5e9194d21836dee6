"""Routes of one door: a path template, who may call it, its schemas; and the table that matches them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

if TYPE_CHECKING:
    from functions.common.auth import Spec
    from functions.common.errors import Problem
    from functions.common.metrics import Distribution, Value

Idempotency = Literal["required", "optional"]
_PARAMETER = re.compile(r"\{([A-Za-z]+)(:path)?\}")


@dataclass(slots=True, eq=False)
class Route:
    """One operation. `body`, `query` and `reply` name models of the room's `schemas` module, loaded on first use."""

    room: str
    method: str
    path: str
    handler: Callable[..., Awaitable[Any]]
    auth: Spec
    summary: str
    description: str = ""
    body: str | None = None
    query: str | None = None
    reply: str | None = None
    status: int = 200
    listed: bool = False
    idempotency: Idempotency | None = None
    max_body: int = 1 << 20
    errors: tuple[type[Problem], ...] = ()
    rate: str | None = None
    cost: int = 1
    raw_reply: bool = False
    media: tuple[str, ...] = ()
    """A body that is not JSON: the content types it may have. The handler finds it in `call.content`."""
    reply_media: str | None = None
    """What a reply that is not JSON is, for the contract."""
    page: bool = False
    """A page or a file for a browser, as it is: no part of the API's contract, and no query parameter is unknown."""
    budget: float | None = None
    """Seconds for the whole request, body included; None is the door's own."""
    prefix: str = ""
    segments: tuple[str | None, ...] = ()
    names: tuple[str, ...] = ()
    rest: str | None = None
    models: dict[str, Any] = field(default_factory=dict)
    counts: dict[int, Value] = field(default_factory=dict)
    latency: Distribution | None = None

    def __post_init__(self) -> None:
        self.raw_reply = self.raw_reply or self.page
        parameters = list(_PARAMETER.finditer(self.path))
        self.names = tuple(match.group(1) for match in parameters)
        self.prefix = self.path[: parameters[0].start()] if parameters else self.path
        if parameters and parameters[-1].group(2):
            self.rest = parameters[-1].group(1)
        self.segments = tuple(None if _PARAMETER.fullmatch(part) else part for part in self.path.split("/")[1:])

    @property
    def operation_id(self) -> str:
        """The stable name of the operation: the handler's own."""
        return f"{self.room}.{self.handler.__name__}"

    def model(self, role: Literal["body", "query", "reply"]) -> Any:
        """The Pydantic model behind `body`, `query` or `reply`, or None."""
        name: str | None = getattr(self, role)
        if name is None:
            return None
        found = self.models.get(role)
        if found is None:
            module = importlib.import_module(f"functions.{self.room}.schemas")
            found = self.models[role] = getattr(module, name)
        return found

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters when the raw (still percent-encoded) path is this route's, else None."""
        if not path.startswith(self.prefix):
            return None
        if self.rest is not None and len(self.names) == 1:
            remainder = path[len(self.prefix) :]
            return {self.rest: unquote(remainder) if "%" in remainder else remainder} if remainder else None
        parts = path.split("/")[1:]
        if self.rest is not None:
            fixed = len(self.segments) - 1
            parts = [*parts[:fixed], "/".join(parts[fixed:])]
        if len(parts) != len(self.segments):
            return None
        values = []
        for part, segment in zip(parts, self.segments, strict=True):
            if segment is None:
                if not part:
                    return None
                values.append(unquote(part))
            elif part != segment:
                return None
        return dict(zip(self.names, values, strict=True))


class RouteTable:
    """Finds the route of a request: exact paths by look-up, then templates, the most specific first."""

    def __init__(self) -> None:
        self.routes: list[Route] = []
        self._exact: dict[tuple[str, str], Route] = {}
        self._templates: dict[str, list[Route]] = {}

    def add(self, route: Route) -> None:
        """Register a route; two with the same method and path are a programming error (ValueError)."""
        if any(r.method == route.method and r.path == route.path for r in self.routes):
            raise ValueError(f"{route.method} {route.path} is registered twice")
        self.routes.append(route)
        if not route.names:
            self._exact[route.method, route.path] = route
            return
        candidates = self._templates.setdefault(route.method, [])
        candidates.append(route)
        candidates.sort(key=lambda r: (r.rest is not None, -sum(s is not None for s in r.segments)))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its parameters, or None."""
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact, {}
        for route in self._templates.get(method, ()):
            params = route.match(path)
            if params is not None:
                return route, params
        return None

    def methods(self, path: str) -> list[str]:
        """The methods this path answers to."""
        return sorted({r.method for r in self.routes if r.path == path or r.match(path) is not None})
