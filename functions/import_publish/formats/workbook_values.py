"""What a spreadsheet's cell says, as text: numbers without exponents, dates in ISO form."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,2})?")
_PLAIN = re.compile(r"-?[1-9][0-9]{0,14}|0")
_FIFTEEN = Context(prec=15, rounding=ROUND_HALF_EVEN)
"""A spreadsheet keeps 15 digits; those behind are noise of its binary numbers, 0.30000000000000004."""
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NO_DATE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_DATE_SIGN = re.compile(r"[dmyhs]", re.IGNORECASE)
_ZEROS = re.compile(r"0{2,20}")
_BUILT_IN_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_SECONDS = 86_400
_LATEST = 2_958_465
"""The last serial number that is a date, 9999-12-31."""


def number(text: str, zeros: int = 0) -> str:
    """The shortest text of a number, without an exponent; `zeros` is the width that its format fills up to.

    What is no number, or one that no cell can show, stays as it is.
    """
    if _PLAIN.fullmatch(text) is None:
        if _NUMBER.fullmatch(text) is None:
            return text
        value = _FIFTEEN.create_decimal(text).normalize(_FIFTEEN)
        text = format(value, "f") if value else "0"
    return text.zfill(zeros) if zeros and text.isdigit() else text


def moment(text: str, *, from_1904: bool = False) -> str | None:
    """The date, the time, or both, that a serial number stands for. None if it is none."""
    if _NUMBER.fullmatch(text) is None:
        return None
    serial = Decimal(text)
    if not 0 <= serial <= _LATEST:
        return None
    seconds = int((serial * _SECONDS).to_integral_value(ROUND_HALF_EVEN))
    if seconds < _SECONDS and not from_1904:
        return (datetime(1900, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).strftime("%H:%M:%S")
    first = datetime(1904, 1, 1, tzinfo=UTC) if from_1904 else datetime(1899, 12, 30, tzinfo=UTC)
    # The calendar of spreadsheets has a 29 February 1900, and all before it is off by one.
    early = not from_1904 and seconds < 60 * _SECONDS
    try:
        at = first + timedelta(seconds=seconds, days=1 if early else 0)
    except OverflowError:
        return None
    return at.strftime("%Y-%m-%d") if seconds % _SECONDS == 0 else at.strftime("%Y-%m-%dT%H:%M:%S")


def is_date(number_format: int, code: str | None) -> bool:
    """Whether a number format shows dates or times."""
    if code is None:
        return number_format in _BUILT_IN_DATES
    plain = _NO_DATE.sub("", code.partition(";")[0])
    return plain.casefold() != "general" and _DATE_SIGN.search(plain) is not None


def zeros_of(code: str | None) -> int:
    """How many digits a format like 0000000000000 fills up to; 0 if it does not."""
    return len(code) if code is not None and _ZEROS.fullmatch(code) else 0


def unescaped(text: str) -> str:
    """The text with _x000D_ and the like as the characters they stand for."""
    if "_x" not in text:
        return text
    return _ESCAPE.sub(_character, text).replace("\r\n", "\n")


def _character(found: re.Match[str]) -> str:
    point = int(found[1], 16)
    return found[0] if 0xD800 <= point < 0xE000 or point == 0 else chr(point)
