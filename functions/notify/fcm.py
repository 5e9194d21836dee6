"""Google's own Firebase client (FCM HTTP v1), with our time-outs and without its retries: ours are written down.

The client would try 500 and 503 four times more with time-outs of two minutes, and it has no setting for where FCM is.
Both are set on its service object; the tests of this module notice when a new version of it has another.
"""

from __future__ import annotations

import asyncio
import email.utils
import importlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from functions.common import clock, log, metrics
from functions.notify.domain.pushing import Outcome

TIMEOUT_SECONDS: Final = 4.0
"""For connecting, and for each read; the whole message has twice as long."""
MOST_AT_ONCE: Final = 50
REFUSALS_TO_PAUSE: Final = 3
"""So many 429 or 503 in a row, and the whole process leaves FCM alone for the time it was told."""

_sent = metrics.Counter("notify_pushes", "Push messages by what became of them.", ("result",))
_names = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message for one device. `lasts` is for how long FCM may keep it while the device is away."""

    token: str
    platform: str
    title: str
    body: str
    data: dict[str, str]
    collapse: str
    lasts: timedelta


class Fcm:
    """FCM for one event loop. `endpoint` is empty for Google's."""

    def __init__(self, endpoint: str, project: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._endpoint, self._project, self._timeout = endpoint, project, timeout
        self._app: Any = None
        self._service: Any = None
        self._opening = asyncio.Lock()
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._refusals = 0
        self._paused_until = 0.0

    async def send(self, parcels: Sequence[Parcel]) -> list[Outcome]:
        """What became of each, in their order. Never raises for anything FCM or the network does."""
        await self._open()
        outcomes = list(await asyncio.gather(*(self._send(parcel) for parcel in parcels)))
        for outcome in outcomes:
            _sent.inc(outcome.result)
        return outcomes

    async def _send(self, parcel: Parcel) -> Outcome:
        from firebase_admin import messaging

        async with self._places:
            pause = self._paused_until - clock.seconds()
            if pause > 0:
                return Outcome("later", pause, throttled=True, code="PAUSED")
            try:
                async with asyncio.timeout(2 * self._timeout):
                    batch = await messaging.send_each_async([message_of(parcel)], app=self._app)
            except TimeoutError:
                return Outcome("later", code="TIMEOUT")
            except Exception as error:  # credentials that cannot be had, say: nobody was told, so try again
                log.warning("fcm.not_asked", error=type(error.__cause__ or error).__name__)
                return Outcome("later", code="NOT_ASKED")
        (answer,) = batch.responses
        outcome = Outcome("sent") if answer.success else outcome_of(answer.exception)
        self._count(outcome)
        return outcome

    def _count(self, outcome: Outcome) -> None:
        if not outcome.throttled:
            self._refusals = 0
            return
        self._refusals += 1
        if self._refusals >= REFUSALS_TO_PAUSE and outcome.retry_after is not None:
            self._paused_until = max(self._paused_until, clock.seconds() + outcome.retry_after)
            log.warning("fcm.paused", seconds=outcome.retry_after)

    async def _open(self) -> None:
        async with self._opening:
            if self._app is None:
                await self.load()
                self._app, self._service = _application(self._endpoint, self._project, self._timeout)
            credential = self._service._credential
            if not credential.valid:
                # The client would refresh it while everything else waits.
                await asyncio.to_thread(_refresh, credential)

    async def load(self) -> None:
        """Load Google's client: half a second, not in the event loop."""
        await asyncio.to_thread(importlib.import_module, "firebase_admin.messaging")

    async def close(self) -> None:
        """Close the connections, if any."""
        if self._app is not None:
            import firebase_admin

            await self._service._async_client.aclose()
            # It runs an event loop to close what is closed already: not in ours.
            await asyncio.to_thread(firebase_admin.delete_app, self._app)
            self._app = self._service = None


def _application(endpoint: str, project: str, timeout: float) -> tuple[Any, Any]:
    """An app of the Firebase client, and its messaging service."""
    import firebase_admin
    from firebase_admin import _http_client, _retry, credentials, messaging
    from google.oauth2.credentials import Credentials

    # A stand-in lets anybody in.
    credential = Credentials("local") if endpoint else credentials.ApplicationDefault()  # type: ignore[no-untyped-call]
    app = firebase_admin.initialize_app(credential, {"projectId": project}, f"notify-{next(_names)}")
    service: Any = messaging._get_messaging_service(app)
    service._async_client = _http_client.HttpxAsyncClient(
        credential=service._credential, timeout=timeout, retry_config=_retry.HttpxRetry(max_retries=0)
    )
    if endpoint:
        service._fcm_url = f"{endpoint}/v1/projects/{project}/messages:send"
    return app, service


def _refresh(credential: Any) -> None:
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    try:
        credential.refresh(Request())
    except GoogleAuthError as error:
        # Every message will say so again.
        log.warning("fcm.no_credentials", error=type(error).__name__)


def message_of(parcel: Parcel) -> Any:
    """The parcel in FCM's terms: what replaces an older one on the device has its key, on each platform in its way."""
    from firebase_admin import messaging

    platform: dict[str, Any] = {}
    seconds = int(parcel.lasts.total_seconds())
    if parcel.platform == "android":
        platform["android"] = messaging.AndroidConfig(
            collapse_key=parcel.collapse,
            priority="high",
            ttl=parcel.lasts,
            notification=messaging.AndroidNotification(tag=parcel.collapse),
        )
    elif parcel.platform == "ios":
        expires = str(int(clock.seconds()) + seconds)
        headers = {"apns-priority": "10", "apns-expiration": expires, "apns-collapse-id": parcel.collapse}
        payload = messaging.APNSPayload(messaging.Aps(thread_id=parcel.collapse))
        platform["apns"] = messaging.APNSConfig(headers=headers, payload=payload)
    else:
        platform["webpush"] = messaging.WebpushConfig(
            headers={"TTL": str(seconds), "Urgency": "high", "Topic": parcel.collapse},
            notification=messaging.WebpushNotification(tag=parcel.collapse),
        )
    notification = messaging.Notification(title=parcel.title, body=parcel.body)
    message = messaging.Message(notification=notification, data=parcel.data, **platform)
    # The constructor warns that installation ids will take the place of tokens one day; apps still send us tokens.
    message.token = parcel.token
    return message


def outcome_of(error: Any) -> Outcome:
    """What FCM's refusal means: https://firebase.google.com/docs/cloud-messaging/error-codes."""
    from firebase_admin import exceptions, messaging

    code = str(error.code)
    if isinstance(error, messaging.UnregisteredError | messaging.SenderIdMismatchError):
        return Outcome("gone", code=code)
    wrong = (exceptions.InvalidArgumentError, messaging.ThirdPartyAuthError, exceptions.NotFoundError)
    if isinstance(error, wrong):
        # The message, or the app's set-up: another attempt would be answered alike.
        log.error("fcm.refused", code=code)
        return Outcome("refused", code=code)
    asked_too_much = isinstance(error, exceptions.ResourceExhaustedError | messaging.QuotaExceededError)
    response = error.http_response
    status = response.status_code if response is not None else 0
    if status in (401, 403):
        log.error("fcm.not_allowed", code=code)
    throttled = asked_too_much or status in (401, 403, 429, 503)
    return Outcome("later", _retry_after(response), throttled=throttled, code=code)


def _retry_after(response: Any) -> float | None:
    """The seconds in a Retry-After header, which may be a number or a date; None when there is none to be read."""
    text = response.headers.get("retry-after") if response is not None else None
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except ValueError:
            return None
        return max(0.0, moment.timestamp() - clock.seconds())
