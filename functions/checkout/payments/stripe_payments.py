"""Stripe as the payment provider, through its own asynchronous client over aiohttp.

The library repeats a call with the same key when the connection broke, on 409 and on 5xx. What is added here: one
time limit for all attempts, rate limits (which it does not repeat), and failures that Stripe has stored under a key
and would answer with for a day (https://docs.stripe.com/api/idempotent_requests).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.checkout.payments import amounts, stripe_reading
from functions.checkout.payments.provider import (
    Capture,
    Intent,
    IntentGone,
    Page,
    PaymentRefused,
    PaymentsDown,
    Refund,
)
from functions.common import clock, log, metrics

if TYPE_CHECKING:
    from stripe import HTTPClient, StripeClient

TOTAL_SECONDS = 8.0
"""All attempts of one call; one alone has less, a handler's budget is more."""
WAITS = 2
"""How often a call waits when Stripe says that there is too much at a time."""
PAGE = 100
_KEYS = 4
"""How many keys are tried for one effect when Stripe has stored a failure of its own under the earlier ones."""
_MINUTE = 60
"""An outage may have used them all up for a day; each minute there is one more for what may be done twice in vain."""
_EXPAND = ["latest_charge"]

_calls = metrics.Counter("payment_calls", "Calls to the payment provider by verb and outcome.", ("verb", "outcome"))


class _StoredFailure(Exception):
    """Stripe failed once and now repeats that answer for this key, whatever had happened."""


class _StoredRefusal(PaymentRefused):
    """Stripe refused once and now repeats that answer for this key, whatever may be possible by now."""


class StripePayments:
    """See `provider.Payments`. An empty `api_base` is Stripe itself; no `method_types` is what its dashboard says."""

    name = "stripe"

    def __init__(
        self, api_key: str, *, publishable_key: str = "", api_base: str = "", method_types: tuple[str, ...] = ()
    ) -> None:
        self._key, self._base, self._method_types = api_key, api_base, method_types
        self._publishable_key = publishable_key
        self._client: StripeClient | None = None
        self._http: HTTPClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def publishable_key(self) -> str:
        """What an app needs beside the client secret."""
        return self._publishable_key

    # ---- verbs

    async def create(
        self, order: str, amount: int, currency: str, capture: Capture, metadata: Mapping[str, str], key: str
    ) -> Intent:
        """See `provider.Payments`. An intent that a stored failure hides is never paid: nobody has its secret."""
        params: dict[str, Any] = {
            "amount": _payable(amount, currency),
            "currency": currency.lower(),
            "capture_method": capture,
            "metadata": {**metadata, stripe_reading.ORDER: order},
        }
        if self._method_types:
            params["payment_method_types"] = list(self._method_types)
        else:
            params["automatic_payment_methods"] = {"enabled": True}
        intents = self._stripe().v1.payment_intents
        raw = await self._change("create", key, lambda options: intents.create_async(params, options), anew=True)  # type: ignore[arg-type]
        return stripe_reading.intent(raw)

    async def retrieve(self, intent_id: str) -> Intent:
        """See `provider.Payments`."""
        intents = self._stripe().v1.payment_intents
        raw = await self._call("retrieve", lambda: intents.retrieve_async(intent_id, {"expand": _EXPAND}))
        return stripe_reading.intent(raw)

    async def capture(self, intent_id: str, amount: int, currency: str, key: str) -> Intent:
        """See `provider.Payments`."""
        theirs = _payable(amount, currency)
        intents = self._stripe().v1.payment_intents
        params: Any = {"amount_to_capture": theirs, "expand": _EXPAND}
        return await self._end(
            "capture", intent_id, key, lambda options: intents.capture_async(intent_id, params, options)
        )

    async def cancel(self, intent_id: str, key: str) -> Intent:
        """See `provider.Payments`."""
        intents = self._stripe().v1.payment_intents
        return await self._end("cancel", intent_id, key, lambda options: intents.cancel_async(intent_id, {}, options))

    async def refund(self, intent_id: str, amount: int, currency: str, reference: str, key: str) -> Refund:
        """See `provider.Payments`. Asks for the refunds there are first: Stripe forgets keys after a day, we do not."""
        theirs = _payable(amount, currency)
        known = await self._known_refund(intent_id, reference)
        if known is not None:
            return known
        refunds = self._stripe().v1.refunds
        params: Any = {
            "payment_intent": intent_id,
            "amount": theirs,
            "metadata": {stripe_reading.REFERENCE: reference},
        }

        async def look() -> Any:
            return await self._known_refund(intent_id, reference)

        found = await self._change("refund", key, lambda options: refunds.create_async(params, options), look)
        return found if isinstance(found, Refund) else stripe_reading.refund(found)

    async def refunds_of(self, intent_id: str) -> tuple[Refund, ...]:
        """See `provider.Payments`."""
        refunds = self._stripe().v1.refunds
        found: list[Refund] = []
        after: str | None = None
        while True:
            params: Any = {"payment_intent": intent_id, "limit": PAGE, **({"starting_after": after} if after else {})}
            raw = await self._call("refunds_of", lambda params=params: refunds.list_async(params))  # type: ignore[misc]
            found += [stripe_reading.refund(each) for each in raw["data"]]
            if not raw.get("has_more") or not raw["data"]:
                return tuple(found)
            after = raw["data"][-1]["id"]

    async def list(self, since: datetime, until: datetime, after: str | None = None) -> Page:
        """See `provider.Payments`."""
        created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        params: Any = {"created": created, "limit": PAGE, "expand": ["data.latest_charge"]}
        if after is not None:
            params["starting_after"] = after
        intents = self._stripe().v1.payment_intents
        raw = await self._call("list", lambda: intents.list_async(params))
        found = tuple(stripe_reading.intent(each) for each in raw["data"])
        return Page(found, found[-1].id if found and raw.get("has_more") else None)

    async def close(self) -> None:
        """Close the connections, if there are any."""
        if self._http is not None and self._loop is asyncio.get_running_loop():
            await self._http.close_async()  # type: ignore[no-untyped-call]
        self._client = self._http = None

    # ---- how

    def _stripe(self) -> StripeClient:
        """The client of the running event loop: built on first use, after the server's fork."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            from functions.checkout.payments import stripe_http

            self._client, self._http = stripe_http.client(self._key, self._base)
            self._loop = loop
        return self._client

    async def _known_refund(self, intent_id: str, reference: str) -> Refund | None:
        for each in await self.refunds_of(intent_id):
            if each.reference == reference:
                return each
        return None

    async def _end(self, verb: str, intent_id: str, key: str, call: Callable[[Any], Awaitable[Any]]) -> Intent:
        """Capture or cancel. Refused or unclear, the intent itself says what has become of it."""

        async def look() -> Intent | None:
            intent = await self.retrieve(intent_id)
            return intent if intent.is_final else None

        for attempt in range(_KEYS):
            try:
                mine = key if attempt == 0 else f"{key}:r{attempt}"
                found = await self._change(verb, mine, call, look, anew=True)
            except PaymentRefused as refusal:
                intent = await self.retrieve(intent_id)
                if not _undone(verb, intent):
                    return intent
                if not isinstance(refusal, _StoredRefusal) or attempt == _KEYS - 1:
                    raise
            else:
                return found if isinstance(found, Intent) else stripe_reading.intent(found)
        raise AssertionError("unreachable")

    async def _change(
        self,
        verb: str,
        key: str,
        call: Callable[[Any], Awaitable[Any]],
        look: Callable[[], Awaitable[Any]] | None = None,
        *,
        anew: bool = False,
    ) -> Any:
        """Something with an effect. The keys are the same in the same order every time: so is what they find.

        Then comes one of this minute, where a second effect would harm nobody (`anew`): an intent whose secret is not
        told cannot be paid, and none is captured or cancelled twice. A refund could be given twice.
        """
        keys = [key, *(f"{key}:{number}" for number in range(2, _KEYS + 1))]
        if anew:
            keys.append(f"{key}:at:{int(clock.seconds()) // _MINUTE}")
        for attempt, each in enumerate(keys):
            options = {"idempotency_key": each}
            try:
                return await self._call(verb, lambda options=options: call(options))  # type: ignore[misc]
            except _StoredFailure:
                log.warning("payments.stored_failure", verb=verb, attempt=attempt)
                found = await look() if look is not None else None
                if found is not None:
                    return found
        raise PaymentsDown("Stripe keeps failing")

    async def _call(self, verb: str, call: Callable[[], Awaitable[Any]]) -> Any:
        outcome = "ok"
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                answer = await _patiently(call)
            # As it came: the library's own objects would have to be turned into plain data one by one.
            return answer.last_response.data
        except TimeoutError:
            outcome = "timeout"
            raise PaymentsDown("Stripe took too long") from None
        except Exception as error:
            ours = _translate(error)
            outcome = type(ours).__name__
            raise ours from error
        finally:
            _calls.labels(verb, outcome).value += 1


async def _patiently(call: Callable[[], Awaitable[Any]]) -> Any:
    """Waits a little when Stripe says that there is too much at a time."""
    import stripe

    for attempt in range(WAITS):
        try:
            return await call()
        except stripe.RateLimitError as error:
            await asyncio.sleep(_pause(error, attempt))
    return await call()


def _pause(error: Any, attempt: int) -> float:
    asked = (error.headers or {}).get("retry-after", "")
    least = min(float(asked), 2.0) if asked.isdigit() else 0.25 * 2**attempt
    return least + random.uniform(0, 0.25)


def _translate(error: Exception) -> Exception:
    import stripe

    if isinstance(error, stripe_reading.Unreadable):
        return error
    if not isinstance(error, stripe.StripeError):
        return error
    status, code = error.http_status or 0, str(error.code or "")
    message = str(error.user_message or "")
    replayed = (error.headers or {}).get("idempotent-replayed") == "true"
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        # Nothing took effect, and repeating it helps once somebody has put the key right.
        log.error("payments.credentials_refused", error)
        return PaymentsDown("Stripe does not accept our credentials")
    if isinstance(error, stripe.IdempotencyError) and status == 400:
        return PaymentRefused("idempotency_error", message)
    if status >= 500 and replayed:
        return _StoredFailure()
    if isinstance(error, stripe.APIError | stripe.APIConnectionError | stripe.RateLimitError) or status == 409:
        return PaymentsDown(f"{type(error).__name__} {status}")
    if status == 404 or code == "resource_missing":
        return IntentGone(message)
    kind = _StoredRefusal if replayed else PaymentRefused
    return kind(code or type(error).__name__.lower(), message)


def _undone(verb: str, intent: Intent) -> bool:
    """Whether Stripe refused although it could have done it: the refusal is about something else then."""
    if verb == "capture":
        return intent.status == "requires_capture"
    return not intent.is_final and intent.status != "processing"


def _payable(amount: int, currency: str) -> int:
    try:
        return amounts.to_stripe(amount, currency)
    except amounts.NotPayable as problem:
        raise PaymentRefused("amount_not_payable", str(problem)) from problem
