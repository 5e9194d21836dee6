"""The public API of imports as a program sees it: bring a file, wait, look, approve, fetch what failed."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from retailscan import Complaint

MOST_BODY = 32 << 20
"""A larger file goes straight into the bucket."""
PIECE = 256 << 10
PATIENCE_S, FIRST_PATIENCE_S = 60.0, 3.0
"""For so long an outage is waited out; a service that never answered has probably another address."""
PAUSES_S = (0.1, 0.2, 0.4, 0.7, 1.0)
READING = frozenset({"waiting_for_upload", "fetching", "staging"})
PUBLISHING = frozenset({"publishing", "rolling_back"})
_LATER = frozenset({429, 502, 503, 504})
_MEDIA = {
    ".csv": "text/csv",
    ".tsv": "text/csv",
    ".txt": "text/csv",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".gz": "application/gzip",
    ".zip": "application/zip",
}

Data = dict[str, Any]
Sent = Callable[[int, int], None]
"""Is told how many bytes of how many have been sent."""


class Unreachable(Complaint):
    """The service does not answer, or not in time."""


class Refused(Complaint):
    """The service said no: its status, its code, its words."""

    def __init__(self, status: int, code: str, message: str, details: Any = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message, self.details = status, code, message, details


class Imports:
    """Calls on behalf of one caller: `http` carries the base URL and the token."""

    def __init__(self, http: httpx.AsyncClient, *, patience: float = PATIENCE_S) -> None:
        self._http, self._patience = http, patience
        self._answered = False

    async def bring(
        self,
        file: Path,
        options: Mapping[str, Any],
        *,
        sent: Sent = lambda _done, _all: None,
    ) -> str:
        """Upload a file; the id of its import. `options`: storeId, profile, mode, name, again, corrects."""
        size = file.stat().st_size
        media = _MEDIA.get(file.suffix.lower(), "application/octet-stream")
        asked = {"name": file.name, **{key: value for key, value in options.items() if value is not None}}
        headers = {"idempotency-key": uuid.uuid4().hex}
        if size <= MOST_BODY:
            headers |= {"content-type": media, "content-length": str(size)}
            begun = await self._send("POST", "/v1/imports", lambda: _pieces(file, size, sent), headers, params=asked)
            return str(begun["imports"][0]["importId"])
        order = {"storeIds": [asked.pop("storeId")], "media": media, **asked}
        begun = await self._send("POST", "/v1/imports:upload-url", headers=headers, json=order)
        upload = begun["upload"]
        signed = {**upload["headers"], "content-length": str(size)}
        await self._put(upload["url"], lambda: _pieces(file, size, sent), signed)
        await self._send("POST", upload["uploadedUrl"])
        return str(begun["imports"][0]["importId"])

    async def read(self, import_id: str) -> Data:
        """An import as it is now."""
        return dict(await self._send("GET", f"/v1/imports/{import_id}"))

    async def rows(self, import_id: str, **query: Any) -> list[Data]:
        """Staged rows that match."""
        return list(await self._send("GET", f"/v1/imports/{import_id}/rows", params=query))

    async def approve(self, import_id: str, confirm: Sequence[str] = (), pace: str = "gentle") -> Data:
        """Let it go live. `pace`: gentle, or full for a store that is closed.

        Raises Refused with CONFIRMATION_NEEDED, SECOND_PERSON_NEEDED and others.
        """
        body = {"confirm": list(confirm), "pace": pace}
        return dict(await self._send("POST", f"/v1/imports/{import_id}/approve", json=body))

    async def failures(self, import_id: str, target: Path) -> None:
        """Write what failed into a file, in the uploaded format with what is wrong beside it."""
        path = f"/v1/imports/{import_id}/failures.csv"
        try:
            async with self._http.stream("GET", path) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise _refused(answer)
                with target.open("wb") as file:
                    async for piece in answer.aiter_bytes():
                        file.write(piece)
        except httpx.TransportError as problem:
            raise _unreachable(self._http, problem) from problem

    async def until(self, import_id: str, waiting: frozenset[str], tell: Callable[[Data], None]) -> Data:
        """Look again and again while it is in one of these states; `tell` is shown every look."""
        number = 0
        while True:
            found = await self.read(import_id)
            tell(found)
            if found["state"] not in waiting:
                return found
            await asyncio.sleep(PAUSES_S[min(number, len(PAUSES_S) - 1)])
            number += 1

    # ---- the wire -------------------------------------------------------------------------------------------

    async def _send(
        self,
        method: str,
        path: str,
        content: Callable[[], AsyncIterator[bytes]] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Any:
        answer = await self._patiently(
            lambda: self._http.request(
                method, path, content=content() if content is not None else None, headers=headers, **more
            )
        )
        if answer.is_error:
            raise _refused(answer)
        return answer.json()["data"] if answer.content else {}

    async def _put(self, url: str, content: Callable[[], AsyncIterator[bytes]], headers: Mapping[str, str]) -> None:
        # Without the token: the signature in the URL is the permission, and the address is the bucket's.
        async with bucket(self._http.timeout) as http:
            answer = await self._patiently(lambda: http.put(url, content=content(), headers=headers))
        # 412: it is there already, from an attempt whose answer was lost.
        if answer.is_error and answer.status_code != 412:
            raise Refused(answer.status_code, "UPLOAD_REFUSED", answer.text[:300])

    async def _patiently(self, send: Callable[[], Any]) -> httpx.Response:
        """The answer, after waiting out an outage. Everything sent here may be sent twice."""
        began, number = time.monotonic(), 0
        while True:
            patience = self._patience if self._answered else min(self._patience, FIRST_PATIENCE_S)
            late = time.monotonic() > began + patience
            pause = PAUSES_S[min(number, len(PAUSES_S) - 1)]
            number += 1
            try:
                answer: httpx.Response = await send()
            except httpx.TransportError as problem:
                if late:
                    raise _unreachable(self._http, problem) from problem
            else:
                self._answered = True
                if answer.status_code not in _LATER or late:
                    return answer
                pause = max(pause, min(_seconds(answer.headers.get("retry-after")), 10.0))
            await asyncio.sleep(pause)


def bucket(timeout: httpx.Timeout) -> httpx.AsyncClient:
    """A connection to wherever upload URLs lead."""
    return httpx.AsyncClient(timeout=timeout)


async def _pieces(file: Path, size: int, sent: Sent) -> AsyncIterator[bytes]:
    done = 0
    with file.open("rb") as source:
        while piece := source.read(PIECE):
            yield piece
            done += len(piece)
            sent(done, size)


def _refused(answer: httpx.Response) -> Refused:
    try:
        error = answer.json()["error"]
        return Refused(answer.status_code, error["code"], error["message"], error.get("details"))
    except (ValueError, KeyError, TypeError):
        return Refused(
            answer.status_code, f"HTTP_{answer.status_code}", answer.text[:300].strip() or "no more is known"
        )


def _unreachable(http: httpx.AsyncClient, problem: Exception) -> Unreachable:
    why = str(problem) or type(problem).__name__
    return Unreachable(f"{http.base_url} does not answer ({why}). Is RETAILSCAN_URL (or --url) right?")


def _seconds(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
