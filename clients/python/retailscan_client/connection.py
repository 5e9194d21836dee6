"""One caller's connection to a suite: tokens, retries, errors, pages, files and streams. Written by hand."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar
from urllib.parse import quote

import httpx

from retailscan_client.errors import ApiError, NoToken, RetailScanError, Unreachable
from retailscan_client.models import Ticket

Item = TypeVar("Item")
Data = TypeVar("Data")

Token = str | Callable[[], str]
"""A token, or what gives the one of now: asked before every attempt, so it should keep a token while it is good."""
Content = bytes | Path
"""A file's bytes, or where the file is: then it is read piece by piece, from the start at each attempt."""

_LATER = frozenset({429, 502, 503, 504})
_STREAM_SILENCE_S = 45.0
"""The suite says something every 15 seconds; a stream that is silent for longer is dead."""


@dataclass(frozen=True, slots=True)
class Retry:
    """When a request that may be repeated is repeated: after up to `first * 2^n` seconds, `longest` at most.

    The pause is drawn from the whole range ("full jitter"), so that callers who failed together do not come back
    together. Retry-After is added to it; above `patience` seconds the error is raised instead.
    """

    attempts: int = 5
    first: float = 0.25
    longest: float = 10.0
    patience: float = 60.0

    def pause(self, attempt: int, failure: RetailScanError) -> float | None:
        """Seconds until the next attempt, or None when this failure is final."""
        told = 0.0
        if isinstance(failure, ApiError):
            if failure.status not in _LATER and failure.code != "IDEMPOTENCY_IN_FLIGHT":
                return None
            told = failure.retry_after or 0.0
        if attempt >= self.attempts or told > self.patience:
            return None
        return told + random.uniform(0.0, min(self.longest, self.first * 2 ** (attempt - 1)))


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; `total` counts the items of all pages."""

    items: list[Item]
    page: int
    limit: int
    total: int
    total_pages: int


class Listing(Generic[Item]):
    """A list of the suite: iterate over it for every item of every page, or ask for one `page`.

    Pages are fetched while you go. When items are added meanwhile, one may come twice.
    """

    def __init__(self, fetch: Callable[[int], Page[Item]]) -> None:
        self._fetch = fetch

    def page(self, number: int = 1) -> Page[Item]:
        """One page, counted from 1."""
        return self._fetch(number)

    def __iter__(self) -> Iterator[Item]:
        number = 1
        while True:
            found = self._fetch(number)
            yield from found.items
            if number >= found.total_pages:
                return
            number += 1


@dataclass(frozen=True, slots=True)
class Event(Generic[Data]):
    """One event of a stream."""

    id: str
    event: str
    data: Data


class Connection:
    """`identity` is a token of the identity provider, `session` one from check-in; each call takes the one it needs.

    `timeout` is for one attempt, in seconds. Use it in a `with` statement, or `close()` it. Not for several threads
    at once when a token is a function that is not.
    """

    version = ""

    def __init__(
        self,
        url: str,
        *,
        identity: Token | None = None,
        session: Token | None = None,
        retry: Retry = Retry(),
        timeout: float = 30.0,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._tokens = {"identity": identity, "session": session}
        self._retry, self._sleep = retry, sleep
        named = {"user-agent": f"retailscan-client-python/{self.version}", **(headers or {})}
        self._http = httpx.Client(base_url=url, timeout=timeout, headers=named, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets."""
        self._http.close()

    def put_file(self, ticket: Ticket, content: Content) -> None:
        """Bring a large file to where `import_publish.request_upload_url` said. Raises ApiError, Unreachable."""

        def send() -> httpx.Response:
            # Without the token: the signature in the address is the permission, and the address is the bucket's.
            with ExitStack() as open_files, httpx.Client(timeout=self._http.timeout) as bucket:
                body = _opened(content, open_files)
                return bucket.put(ticket["url"], content=body, headers=ticket["headers"])

        try:
            self._persistently(send, repeatable=True)
        except ApiError as error:
            # It is there already: the answer to an earlier attempt was lost.
            if error.status != 412:
                raise

    # --- what the rooms use

    def data(self, method: str, path: str, **options: Any) -> Any:
        """What the envelope of an answer holds."""
        return self._answer(method, path, **options).json()["data"]

    def raw(self, method: str, path: str, **options: Any) -> Any:
        """JSON that comes without an envelope."""
        return self._answer(method, path, **options).json()

    def text(self, method: str, path: str, **options: Any) -> str:
        """A page or table."""
        return self._answer(method, path, **options).text

    def bytes(self, method: str, path: str, **options: Any) -> bytes:
        """A file."""
        return self._answer(method, path, **options).content

    def listing(self, path: str, *, query: Mapping[str, Any], **options: Any) -> Listing[Any]:
        """All pages of a list."""

        def fetch(number: int) -> Page[Any]:
            body = self._answer("GET", path, query={**query, "page": number}, **options).json()
            found = body["pagination"]
            return Page(body["data"], found["page"], found["limit"], found["total"], found["totalPages"])

        return Listing(fetch)

    def events(self, path: str, *, scheme: str | None, query: Mapping[str, Any]) -> Iterator[Event[Any]]:
        """A stream that is opened again, behind the last event, whenever it ends or breaks off."""
        last: str | None = None
        failures = 0
        while True:
            wait = self._retry.first
            try:
                for found in self._stream(path, scheme, query, last):
                    if isinstance(found, float):
                        wait = found
                        continue
                    last, failures = found.id or last, 0
                    yield found
                failures = 0
            except RetailScanError as failure:
                failures += 1
                pause = self._retry.pause(failures, failure)
                if pause is None:
                    raise
                wait = max(wait, pause)
            self._sleep(wait)

    def _stream(
        self, path: str, scheme: str | None, query: Mapping[str, Any], last: str | None
    ) -> Iterator[Event[Any] | float]:
        headers = {**self._bearer(scheme), "accept": "text/event-stream"}
        if last is not None:
            headers["last-event-id"] = last
        timeout = httpx.Timeout(self._http.timeout.connect, read=_STREAM_SILENCE_S)
        try:
            with self._http.stream("GET", path, params=_asked(query), headers=headers, timeout=timeout) as answer:
                if answer.is_error:
                    answer.read()
                    raise ApiError.of(answer)
                yield from parsed(answer.iter_lines())
        except httpx.TransportError as problem:
            raise Unreachable(str(problem) or type(problem).__name__) from problem

    def _answer(
        self,
        method: str,
        path: str,
        *,
        scheme: str | None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content: Content | None = None,
        media: str | None = None,
        key: str | None = None,
        repeatable: bool = False,
    ) -> httpx.Response:
        fixed = {"idempotency-key": key, "content-type": media}
        headers = {name: value for name, value in fixed.items() if value is not None}

        def send() -> httpx.Response:
            with ExitStack() as open_files:
                return self._http.request(
                    method,
                    path,
                    params=_asked(query or {}),
                    headers={**headers, **self._bearer(scheme)},
                    json=body,
                    content=None if content is None else _opened(content, open_files),
                )

        return self._persistently(send, repeatable=repeatable or key is not None or method in ("GET", "PUT", "DELETE"))

    def _persistently(self, send: Callable[[], httpx.Response], *, repeatable: bool) -> httpx.Response:
        attempt = 0
        while True:
            attempt += 1
            failure: RetailScanError
            try:
                answer = send()
            except httpx.TransportError as problem:
                failure = Unreachable(str(problem) or type(problem).__name__)
                failure.__cause__ = problem
            else:
                if answer.is_success:
                    return answer
                failure = ApiError.of(answer)
            pause = self._retry.pause(attempt, failure) if repeatable else None
            if pause is None:
                raise failure
            self._sleep(pause)

    def _bearer(self, scheme: str | None) -> dict[str, str]:
        if scheme is None:
            return {}
        token = self._tokens[scheme]
        if token is None:
            raise NoToken(f"this call needs a token: give {scheme}=… when you make the client")
        return {"authorization": f"Bearer {token if isinstance(token, str) else token()}"}


def new_key() -> str:
    """An idempotency key for one intended effect."""
    return uuid.uuid4().hex


def part(value: str) -> str:
    """A value as one part of a path. Raises ValueError for one that would lead to another path."""
    if value in ("", ".", ".."):
        raise ValueError(f"{value!r} cannot be a part of a path")
    return quote(value, safe="")


def parsed(lines: Iterator[str]) -> Iterator[Event[Any] | float]:
    """Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html); a `retry` is seconds."""
    last, kind = "", "message"
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield Event(last, kind, json.loads("\n".join(data)))
            kind, data = "message", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "id":
            last = value
        elif name == "event":
            kind = value
        elif name == "retry" and value.isdecimal():
            yield int(value) / 1000


def _asked(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}


def _opened(content: Content, open_files: ExitStack) -> Any:
    return open_files.enter_context(content.open("rb")) if isinstance(content, Path) else content
