"""The public API as the signed-in person sees it: every call carries that person's own token, and none another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from functions.common.errors import Problem, Unavailable

if TYPE_CHECKING:
    import httpx

JSON = "application/json"


class ApiProblem(Problem):
    """What the API answered instead of data: its own status, code, message and details."""

    def __init__(self, status: int, code: str, message: str, details: Any = None, retry_after: int | None = None):
        super().__init__(message, code=code, details=details, retry_after=retry_after)
        self.status = status


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a list stands; `page` counts from 1."""

    page: int
    limit: int
    total: int
    total_pages: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Data of the API, with where the list stands when it is one, and the version to send back with an edit."""

    data: Any
    paging: Paging | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def path(template: str, **values: str) -> str:
    """A path with its values escaped: what a person typed never leads to another operation."""
    # A segment of dots would be resolved on the way, and lead elsewhere.
    return template.format(**{name: quote(value, safe="").replace(".", "%2E") for name, value in values.items()})


class Api:
    """Calls for one person and one request."""

    def __init__(self, client: httpx.AsyncClient, token: str, request_id: str) -> None:
        self._client, self._token, self._request_id = client, token, request_id

    async def get(self, where: str, **query: Any) -> Answer:
        """Read. Parameters that are None or empty are left out. Raises ApiProblem, Unavailable."""
        return await self._call("GET", where, query=query)

    async def post(self, where: str, body: Any = None, *, key: str = "", **query: Any) -> Answer:
        """Do; `key` is the Idempotency-Key."""
        return await self._call("POST", where, query=query, body={} if body is None else body, key=key)

    async def bare(self, where: str) -> Answer:
        """A POST without a body."""
        return await self._call("POST", where)

    async def put(self, where: str, body: Any, *, if_match: str = "") -> Answer:
        """Keep."""
        return await self._call("PUT", where, body=body, if_match=if_match)

    async def patch(self, where: str, body: Any, *, if_match: str = "") -> Answer:
        """Change."""
        return await self._call("PATCH", where, body=body, if_match=if_match)

    async def delete(self, where: str) -> Answer:
        """Take away."""
        return await self._call("DELETE", where)

    async def send(self, where: str, content: bytes, media: str, **query: Any) -> Answer:
        """A file as the body."""
        return await self._call("POST", where, query=query, content=content, media=media)

    async def read(self, where: str) -> bytes:
        """What is not JSON, such as a CSV or a PDF. Raises like `get`."""
        response = await self._ask("GET", where, {}, None)
        if response.status_code >= 400:
            raise _problem(response)
        return response.content

    async def _call(
        self,
        method: str,
        where: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content: bytes | None = None,
        media: str = JSON,
        key: str = "",
        if_match: str = "",
    ) -> Answer:
        import orjson

        more = {"content-type": media} if body is not None or content is not None else {}
        more |= {"idempotency-key": key} if key else {}
        more |= {"if-match": if_match} if if_match else {}
        given = {name: str(value) for name, value in (query or {}).items() if value not in (None, "")}
        sent = orjson.dumps(body) if body is not None else content
        response = await self._ask(method, where, more, sent, given)
        if response.status_code >= 400:
            raise _problem(response)
        return _answer(response)

    async def _ask(
        self,
        method: str,
        where: str,
        headers: Mapping[str, str],
        content: bytes | None,
        query: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        import httpx

        own = {"authorization": f"Bearer {self._token}", "x-request-id": self._request_id}
        try:
            return await self._client.request(
                method, where, headers={**own, **headers}, content=content, params=query or None
            )
        except httpx.TimeoutException as error:
            raise Unavailable("the API does not answer now", code="API_SLOW") from error
        except httpx.TransportError as error:
            raise Unavailable("the API cannot be reached now", code="API_UNREACHABLE") from error


def _answer(response: httpx.Response) -> Answer:
    try:
        said = response.json()
        data, pages = said["data"], said.get("pagination")
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable("the API answered something else than its contract says", code="API_STRANGE") from error
    paging = Paging(pages["page"], pages["limit"], pages["total"], pages["totalPages"]) if pages else None
    return Answer(data, paging, response.headers)


def _problem(response: httpx.Response) -> Problem:
    try:
        error = response.json()["error"]
        code, message, details = str(error["code"]), str(error["message"]), error.get("details")
    except (ValueError, KeyError, TypeError):
        return Unavailable("the API answered something else than its contract says", code="API_STRANGE")
    later = response.headers.get("retry-after", "")
    return ApiProblem(response.status_code, code, message, details, int(later) if later.isdigit() else None)
