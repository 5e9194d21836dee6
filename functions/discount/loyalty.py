"""The loyalty system, a third party, behind an adapter: what it must answer, its REST client and a circuit breaker.

It is asked once a scan, for two seconds in all; a slow or broken one costs a shopper no more than that, and after
five failures in a row nothing until it is tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from functions.common import certificates, clock, log, metrics
from functions.discount.brand_card import Answer, AnswerUnreadable, Scanned, read_answer

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 64 << 10
FAILURES_TO_OPEN = 5
OPEN_SECONDS = 10.0
MOST_OPEN_SECONDS = 60.0
_asked = metrics.Counter("loyalty_lookups", "Questions to the loyalty system by what came of them.", ("outcome",))
_open = metrics.Gauge("loyalty_breaker_open", "1 while the loyalty system is left alone.").labels()


class LoyaltyDown(Exception):
    """The loyalty system did not answer in time, not sensibly, or is being left alone; the text says which."""

    def __init__(self, reason: str, *, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class NoLoyalty(LoyaltyDown):
    """There is none: asking later will not help."""


class Loyalty(Protocol):
    """A loyalty system. `user` is a pseudonym: it knows its members by what they have linked to it."""

    async def look_up(self, tenant_id: str, card: Scanned, user: str) -> Answer | None:
        """What it says of a card; None for one it does not know. Raises LoyaltyDown."""

    async def close(self) -> None:
        """Close the connections, if any."""


class Breaker:
    """Leaves a failing service alone: after five failures in a row for ten seconds, then one try at a time."""

    def __init__(self, seconds: Callable[[], float] = clock.seconds) -> None:
        self._seconds = seconds
        self._failures = 0
        self._closed_until = 0.0
        self._trying = False

    @property
    def is_open(self) -> bool:
        """Whether the service is being left alone, but for a try."""
        return self._failures >= FAILURES_TO_OPEN

    def admit(self) -> None:
        """Let a call through. Raises LoyaltyDown when none may go now."""
        if not self.is_open:
            return
        if self._trying or self._seconds() < self._closed_until:
            raise LoyaltyDown("the breaker is open")
        self._trying = True

    def succeeded(self) -> None:
        """The call that was let through came back."""
        if self.is_open:
            log.info("loyalty.breaker_closed")
        self._failures, self._trying = 0, False
        _open.set(0)

    def failed(self, retry_after: float = 0.0) -> None:
        """It did not; the service may have said how long to wait (seconds)."""
        self._trying = False
        self._failures = FAILURES_TO_OPEN if retry_after else self._failures + 1
        if self.is_open:
            self._closed_until = self._seconds() + min(max(retry_after, OPEN_SECONDS), MOST_OPEN_SECONDS)
            _open.set(1)
            log.warning("loyalty.breaker_opened", failures=self._failures)

    def given_up(self) -> None:
        """Nobody waited for the call; it says nothing about the service."""
        self._trying = False


class RestLoyalty:
    """A loyalty system that answers `POST /v1/cards:lookup`; see local/loyalty.py for one to try it with."""

    def __init__(self, url: str, key: str, *, timeout: float, breaker: Breaker | None = None) -> None:
        self._url, self._key, self._timeout = url.rstrip("/"), key, timeout
        self._breaker = breaker or Breaker()
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def look_up(self, tenant_id: str, card: Scanned, user: str) -> Answer | None:
        """See `Loyalty`."""
        if not self._url:
            raise NoLoyalty("no loyalty system is set up")
        # Loading it takes a while, once in a process: that is not the loyalty system's time.
        client = self._http()
        try:
            self._breaker.admit()
        except LoyaltyDown:
            _asked.inc("skipped")
            raise
        question = {"tenantId": tenant_id, "brandId": card.brand_id, "card": card.number, "user": user}
        try:
            # Over all of it: a time-out of the client is for each read, and an answer may come byte by byte.
            async with asyncio.timeout(self._timeout):
                answer = await self._ask(client, question)
        except (LoyaltyDown, TimeoutError) as error:
            self._failed(error)
            raise error if isinstance(error, LoyaltyDown) else LoyaltyDown("it did not answer in time") from None
        except BaseException:
            self._breaker.given_up()
            raise
        self._breaker.succeeded()
        _asked.inc("unknown" if answer is None else "answered")
        return answer

    async def close(self) -> None:
        """Close the connections, if any."""
        if self._client is not None and self._loop is asyncio.get_running_loop():
            await self._client.aclose()
        self._client = None

    def _failed(self, error: BaseException) -> None:
        _asked.inc("failed")
        log.warning("loyalty.failed", reason=str(error) or type(error).__name__)
        self._breaker.failed(error.retry_after if isinstance(error, LoyaltyDown) else 0.0)

    async def _ask(self, client: httpx.AsyncClient, question: dict[str, Any]) -> Answer | None:
        import httpx

        try:
            async with client.stream("POST", f"{self._url}/v1/cards:lookup", json=question) as response:
                if response.status_code == 404:
                    return None
                if response.status_code != 200:
                    raise LoyaltyDown(f"it answered {response.status_code}", retry_after=_retry_after(response))
                # Compression was not asked for; an answer that comes packed might be a small one of a huge text.
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise LoyaltyDown("the answer is packed")
                content = b""
                async for chunk in response.aiter_raw():
                    content += chunk
                    if len(content) > MOST_BYTES:
                        raise LoyaltyDown("the answer is too long")
        except httpx.HTTPError as error:
            raise LoyaltyDown(type(error).__name__) from error
        try:
            return read_answer(orjson.loads(content), clock.now())
        except (orjson.JSONDecodeError, AnswerUnreadable) as error:
            raise LoyaltyDown(f"the answer cannot be read: {error}") from error

    def _http(self) -> httpx.AsyncClient:
        import httpx

        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._client = httpx.AsyncClient(
                headers={"authorization": f"Bearer {self._key}", "accept-encoding": "identity"},
                verify=certificates.trusted(),
                timeout=self._timeout,
                limits=httpx.Limits(max_connections=20, max_keepalive_connections=10),
                follow_redirects=False,
                # A proxy or a netrc of the machine is none of this service's business.
                trust_env=False,
            )
            self._loop = loop
        return self._client


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if response.status_code in (429, 503) and text.isascii() and text.isdigit() else 0.0
