"""The dashboard's door: pages instead of envelopes, people known by a sealed cookie, forms from our own pages alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl

from functions.admin import domain, wiring
from functions.admin.visit import FORM, CrossSite, SignInNeeded, Visit
from functions.common import auth, envelope, log, web
from functions.common.envelope import Reply, Response
from functions.common.errors import Malformed, MethodNotAllowed, NotFound, Problem
from functions.common.http import Call, HttpDoor, render, translate
from functions.common.routing import Route

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

View = Callable[[Visit], Awaitable[Reply]]
_MOST_FIELDS = 2_000
_PUBLIC = auth.public()


class PageDoor(HttpDoor):
    """An HttpDoor whose pages fail as pages."""

    def page(
        self, path: str, *roles: str, open_to_all: bool = False, budget: float | None = None
    ) -> Callable[[View], View]:
        """A page for people with one of `roles` (none named: whoever may sign in), or open to all."""
        return self._serve_view("GET", path, roles, open_to_all, budget=budget)

    def form(self, path: str, *roles: str, open_to_all: bool = False, **options: Any) -> Callable[[View], View]:
        """What a form of ours is sent to. Whatever comes from elsewhere is refused before the view sees it."""
        options.setdefault("media", (FORM,))
        return self._serve_view("POST", path, roles, open_to_all, **options)

    def _serve_view(
        self, method: str, path: str, roles: tuple[str, ...], open_to_all: bool, **options: Any
    ) -> Callable[[View], View]:
        allowed = frozenset(roles) or domain.PEOPLE

        def register(view: View) -> View:
            async def handler(call: Call) -> Reply:
                visit = await wiring.visit(call)
                if method == "POST":
                    visit.demand_own_form()
                if not open_to_all:
                    visit.demand(allowed)
                return await view(visit)

            handler.__name__ = view.__name__
            self.route(method, path, auth=_PUBLIC, summary=view.__name__, page=True, **options)(handler)
            return view

        return register

    async def _parse(
        self, call: Call, scope: Scope, receive: Receive, length: bytes | None, kind: bytes | None
    ) -> None:
        await super()._parse(call, scope, receive, length, kind)
        if call.route.page:
            call.query, call.body = _read(scope["query_string"], call)

    async def _work(
        self,
        call: Call,
        scope: Scope,
        receive: Receive,
        headers: tuple[bytes | None, bytes | None, bytes | None],
        request_id: bytes,
        started: float,
    ) -> Response:
        try:
            return await super()._work(call, scope, receive, headers, request_id, started)
        except Exception as error:
            if not call.route.page or isinstance(error, TimeoutError):
                raise
            return await self._sorry(call, error, request_id, started)

    async def _sorry(self, call: Call, error: Exception, request_id: bytes, started: float) -> Response:
        """The page that says what went wrong; whoever is not signed in is asked to do so."""
        problem = translate(error, call.request_id)
        visit = await wiring.visit(call, signed_in=not isinstance(problem, SignInNeeded | CrossSite))
        reply = visit.to_sign_in() if problem.status == 401 else visit.problem(problem)
        return render(reply, call.route, request_id, started)

    async def _unrouted(self, method: str, path: str, started: float) -> Response:
        if not path.startswith(domain.HOME):
            return await super()._unrouted(method, path, started)
        allowed = self.table.methods(path)
        problem: Problem = NotFound("there is no such page", code="NO_SUCH_PATH")
        if allowed:
            problem = MethodNotAllowed(f"{method} is not one of {', '.join(allowed)}")
        request_id = envelope.new_request_id().encode()
        call = Call(_NOWHERE, {}, [])
        call.request_id, call.query, call.body = request_id.decode(), {}, {}
        response = render((await wiring.visit(call)).problem(problem), _NOWHERE, request_id, started)
        if allowed:
            response.headers.append((b"allow", ", ".join(allowed).encode()))
        return response


def _read(query: bytes, call: Call) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The query and the form, as text. Raises Malformed."""
    try:
        asked = dict(parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=100, errors="strict"))
        form: dict[str, list[str]] = {}
        if call.content_type == FORM:
            form = parse_qs(
                call.content.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
            )
    except ValueError as error:
        log.info("admin.unreadable_form", error=type(error).__name__)
        raise Malformed("the form cannot be read") from error
    return asked, form


async def _nowhere(call: Call) -> Reply:
    raise NotFound("there is no such page")


_NOWHERE = Route("admin", "GET", domain.HOME, _nowhere, _PUBLIC, "", page=True)

door = PageDoor("admin", ready=wiring.ready)


@door.get("/admin/static/{name:path}", auth=_PUBLIC, summary="A file that the pages load", page=True)
async def static(call: Call) -> Reply:
    return await wiring.files().reply(
        call.params["name"],
        known=call.header("if-none-match"),
        encodings=call.header("accept-encoding"),
        versioned="v" in call.query,
    )


__all__ = ["PageDoor", "door", "web"]
