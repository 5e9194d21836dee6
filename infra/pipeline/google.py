"""Google's REST APIs, as far as the pipeline needs them: a token, JSON there and back, retries where harmless."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from infra.pipeline import Failed

METADATA = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
REPEATABLE = frozenset({"GET", "PATCH", "DELETE"})
TRIES = 4
TIMEOUT_SECONDS = 30.0


class Refused(Failed):
    """Google answered with a failure."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Google(Protocol):
    """One call: the parsed JSON of the answer ({} when it is empty). Raises Refused."""

    def __call__(
        self, method: str, url: str, body: object = None, *, params: Mapping[str, str | list[str]] | None = None
    ) -> Any: ...


class Clock(Protocol):
    """What time it is, in seconds, and waiting."""

    def time(self) -> float: ...
    def sleep(self, seconds: float, /) -> None: ...


@dataclass
class Rest:
    """The real thing, as the service account of the build, or with the token that a person has `given`."""

    given: str = ""
    clock: Clock = time
    token: str = ""
    valid_until: float = 0.0

    def __call__(
        self, method: str, url: str, body: object = None, *, params: Mapping[str, str | list[str]] | None = None
    ) -> Any:
        query = f"?{urllib.parse.urlencode(params, doseq=True)}" if params else ""
        data = None if body is None else json.dumps(body).encode()
        tries = TRIES if method in REPEATABLE else 1
        for left in reversed(range(tries)):
            headers = {"authorization": f"Bearer {self._token()}", "content-type": "application/json"}
            try:
                return _parsed(_send(urllib.request.Request(url + query, data, headers, method=method)))
            except urllib.error.HTTPError as error:
                said = error.read().decode(errors="replace")
                if not left or (error.code != 429 and error.code < 500):
                    raise Refused(error.code, f"{method} {url}: {said[:500]}") from None
            except OSError as error:
                if not left:
                    raise Failed(f"{method} {url}: {error}") from error
            self.clock.sleep(2.0 ** (tries - left))
        raise AssertionError("unreachable")

    def _token(self) -> str:
        if self.given:
            return self.given
        if self.clock.time() >= self.valid_until:
            request = urllib.request.Request(METADATA, headers={"metadata-flavor": "Google"})
            try:
                answer = _parsed(_send(request))
            except OSError as error:
                raise Failed(f"there is no metadata server to ask for an access token ({error})") from error
            self.token, self.valid_until = answer["access_token"], self.clock.time() + answer["expires_in"] - 120
        return self.token


def _send(request: urllib.request.Request) -> bytes:
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        content: bytes = answer.read()
    return content


def _parsed(content: bytes) -> Any:
    return json.loads(content) if content.strip() else {}
