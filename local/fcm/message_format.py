"""What a message of FCM's HTTP v1 API may say: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages.

A table of the fields with what each may hold; whatever is not in it is refused, as Google's own server does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 4096
"""Of a message's notification and data together."""
_DURATION = re.compile(r"\d+(\.\d{1,9})?s", re.ASCII)
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
"""RFC 8030 5.4: a push topic of the web."""
_RESERVED = re.compile(r"from|message_type|google\..*|gcm\..*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Violation:
    """Which field is wrong, and how."""

    field: str
    description: str


Check = Callable[[Any], str | None]
"""What is wrong with a value; None when nothing is."""


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) else "must be a string"


def _texts(value: Any) -> str | None:
    right = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return None if right else "must be a list of strings"


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be a boolean"


def _whole(value: Any) -> str | None:
    return None if isinstance(value, int) and not isinstance(value, bool) else "must be a whole number"


def _strings(value: Any) -> str | None:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        return "must map strings to strings"
    return None


def _data(value: Any) -> str | None:
    wrong = _strings(value)
    if wrong is None:
        reserved = sorted(key for key in value if _RESERVED.fullmatch(key))
        wrong = f"reserved keys: {', '.join(reserved)}" if reserved else None
    return wrong


def _anything(value: Any) -> str | None:
    return None if isinstance(value, dict) else "must be an object"


def _duration(value: Any) -> str | None:
    return None if isinstance(value, str) and _DURATION.fullmatch(value) else "must be a duration such as 3.5s"


def _one_of(*names: str) -> Check:
    return lambda value: None if isinstance(value, str) and value.upper() in names else f"must be one of {names}"


Fields = Mapping[str, "Check | Fields"]

_OPTIONS: Fields = {"analytics_label": _text}
_COMMON: Fields = {"title": _text, "body": _text, "image": _text}
_ANDROID_NOTIFICATION: Fields = {
    **{name: _text for name in ("title", "body", "icon", "color", "sound", "tag", "click_action", "body_loc_key")},
    **{name: _text for name in ("title_loc_key", "channel_id", "ticker", "event_time", "image")},
    **{name: _texts for name in ("body_loc_args", "title_loc_args", "vibrate_timings")},
    **{name: _flag for name in ("sticky", "local_only", "default_sound", "default_vibrate_timings")},
    **{name: _flag for name in ("default_light_settings",)},
    "notification_priority": _one_of(*(f"PRIORITY_{each}" for each in ("MIN", "LOW", "DEFAULT", "HIGH", "MAX"))),
    "visibility": _one_of("PRIVATE", "PUBLIC", "SECRET"),
    "notification_count": _whole,
    "light_settings": _anything,
    "proxy": _one_of("ALLOW", "DENY", "IF_PRIORITY_LOWERED"),
}
_MESSAGE: Fields = {
    "name": _text,
    "token": _text,
    "topic": _text,
    "condition": _text,
    "data": _data,
    "notification": _COMMON,
    "fcm_options": _OPTIONS,
    "android": {
        "collapse_key": _text,
        "priority": _one_of("NORMAL", "HIGH"),
        "ttl": _duration,
        "restricted_package_name": _text,
        "data": _data,
        "notification": _ANDROID_NOTIFICATION,
        "fcm_options": _OPTIONS,
        "direct_boot_ok": _flag,
    },
    "apns": {"headers": _strings, "payload": _anything, "fcm_options": {**_OPTIONS, "image": _text}},
    "webpush": {
        "headers": _strings,
        "data": _strings,
        "notification": _anything,
        "fcm_options": {**_OPTIONS, "link": _text},
    },
}


def violations(body: Any) -> list[Violation]:
    """What is wrong with the body of a `messages:send`; nothing when FCM would take it."""
    if not isinstance(body, dict) or not isinstance(body.get("message"), dict):
        return [Violation("message", "is missing")]
    unknown = [Violation(name, "is no field of a request") for name in body if name not in ("message", "validate_only")]
    message = body["message"]
    found = [*unknown, *_fields(message, _MESSAGE, "message")]
    return found or [*_targets(message), *_size(message), *_apns(message), *_webpush(message)]


def _fields(value: Any, known: Fields, place: str) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield Violation(place, "must be an object")
        return
    for name, inner in value.items():
        check, where = known.get(name), f"{place}.{name}"
        if check is None:
            yield Violation(where, "is no field of the API")
        elif isinstance(check, Mapping):
            yield from _fields(inner, check, where)
        else:
            wrong = check(inner)
            if wrong is not None:
                yield Violation(where, wrong)


def _targets(message: Mapping[str, Any]) -> Iterator[Violation]:
    if sum(bool(message.get(name)) for name in ("token", "topic", "condition")) != 1:
        yield Violation("message", "needs exactly one of token, topic and condition")


def _size(message: Mapping[str, Any]) -> Iterator[Violation]:
    texts = [*message.get("data", {}).items(), *message.get("notification", {}).items()]
    if sum(len(key.encode()) + len(value.encode()) for key, value in texts) > MOST_BYTES:
        yield Violation("message", f"has more than {MOST_BYTES} bytes")


def _apns(message: Mapping[str, Any]) -> Iterator[Violation]:
    apns = message.get("apns", {})
    headers = apns.get("headers", {})
    if len(headers.get("apns-collapse-id", "").encode()) > 64:
        yield Violation("message.apns.headers", "apns-collapse-id has more than 64 bytes")
    if headers.get("apns-priority", "10") not in ("1", "5", "10"):
        yield Violation("message.apns.headers", "apns-priority must be 1, 5 or 10")
    if not headers.get("apns-expiration", "0").isdigit():
        yield Violation("message.apns.headers", "apns-expiration must be a time in seconds")
    if apns.get("payload") is not None and not isinstance(apns["payload"].get("aps"), dict):
        yield Violation("message.apns.payload", "needs aps")


def _webpush(message: Mapping[str, Any]) -> Iterator[Violation]:
    headers = message.get("webpush", {}).get("headers", {})
    if not headers.get("TTL", "0").isdigit():
        yield Violation("message.webpush.headers", "TTL must be a number of seconds")
    if headers.get("Urgency", "normal") not in ("very-low", "low", "normal", "high"):
        yield Violation("message.webpush.headers", "Urgency must be very-low, low, normal or high")
    if "Topic" in headers and not _TOPIC.fullmatch(headers["Topic"]):
        yield Violation("message.webpush.headers", "Topic must have at most 32 letters, digits, - or _")
