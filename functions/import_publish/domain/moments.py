"""Times in a file: ISO 8601, or the forms a profile names, as microseconds since the epoch."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = (
    r"(?P<YYYY>20[0-9]{2})-(?P<MM>[0-9]{2})-(?P<DD>[0-9]{2})"
    r"(?:[Tt ](?P<HH>[0-9]{2}):(?P<mm>[0-9]{2})(?::(?P<ss>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?)?"
    r" ?(?P<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
_TOKEN = re.compile(r"YYYY|MM|DD|HH|mm|ss")
_PARTS = ("YYYY", "MM", "DD", "HH", "mm", "ss")
_NEEDED = {"YYYY", "MM", "DD"}


class NotATime(ValueError):
    """The text is not a time in any of the forms."""


def reader(forms: Sequence[str], zone: tzinfo) -> Callable[[str], int]:
    """What reads a time; one without an offset is in `zone`. It raises NotATime.

    Raises ValueError for a form that does not name year, month and day, each token once.
    """
    patterns = [re.compile(_ISO), *(_pattern(form) for form in forms)]

    def read(text: str) -> int:
        for pattern in patterns:
            found = pattern.fullmatch(text)
            if found is not None:
                return _micros(found.groupdict(), zone)
        raise NotATime(text[:40])

    return read


def _pattern(form: str) -> re.Pattern[str]:
    tokens = _TOKEN.findall(form)
    if len(set(tokens)) != len(tokens) or not set(tokens) >= _NEEDED:
        raise ValueError("a form of dates is made of YYYY, MM, DD and, if need be, HH, mm and ss, each of them once")
    parts, end = [], 0
    for token in _TOKEN.finditer(form):
        digits = "20[0-9]{2}" if token[0] == "YYYY" else "[0-9]{1,2}"
        parts += [re.escape(form[end : token.start()]), f"(?P<{token[0]}>{digits})"]
        end = token.end()
    return re.compile("".join([*parts, re.escape(form[end:])]))


def _micros(parts: dict[str, str | None], zone: tzinfo) -> int:
    year, month, day, hour, minute, second = (int(parts.get(name) or 0) for name in _PARTS)
    micros = int((parts.get("fraction") or "0").ljust(6, "0")[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, micros, _offset(parts.get("zone"), zone))
    except ValueError:
        raise NotATime("no such day or time") from None
    return (moment - EPOCH) // timedelta(microseconds=1)


def _offset(text: str | None, zone: tzinfo) -> tzinfo:
    if text is None:
        return zone
    if text in "Zz":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
