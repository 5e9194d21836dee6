"""Money, quantities, times and names as people of a language write them. Pure."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from functions.common.retail.currencies import EXPONENTS

NONE = "\u2013"
"""What stands where there is nothing."""
_MARKS = {"en": (",", "."), "de": (".", ",")}
_NUMBER = re.compile(r"\d{1,12}(?:[.,]\d{1,4})?", re.ASCII)
_TIMES = {"en": "%Y-%m-%d %H:%M", "de": "%d.%m.%Y %H:%M"}
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_LASTS = {"en": ("d", "h", "min"), "de": ("Tg.", "Std.", "Min.")}
_DAYS = {"en": "%Y-%m-%d", "de": "%d.%m.%Y"}


def number(value: int, language: str, exponent: int = 0) -> str:
    """`value` in units of ten to the minus `exponent`: 123456 with 2 is 1,234.56, or 1.234,56 in German."""
    group, point = _MARKS[language]
    digits = str(abs(value)).rjust(exponent + 1, "0")
    whole, part = (digits[:-exponent], point + digits[-exponent:]) if exponent else (digits, "")
    grouped = f"{int(whole):,}".replace(",", group)
    return ("-" if value < 0 else "") + grouped + part


def money(amount: int | None, currency: str, language: str) -> str:
    """Minor units with their currency; a dash for none."""
    return NONE if amount is None else f"{number(amount, language, EXPONENTS.get(currency, 2))}\u00a0{currency}"


def quantity(thousandths: int | None, language: str) -> str:
    """Thousandths, without the zeros at the end."""
    if thousandths is None:
        return NONE
    exponent = 3
    while exponent and thousandths % 10 == 0:
        thousandths, exponent = thousandths // 10, exponent - 1
    return number(thousandths, language, exponent)


def rate(value: float | None, language: str, digits: int = 1) -> str:
    """A figure with so many decimals; a dash for none."""
    return NONE if value is None else number(round(value * 10**digits), language, digits)


def share(value: float | None, language: str) -> str:
    """A share between 0 and 1 in per cent; a dash for none."""
    return NONE if value is None else f"{rate(value * 100, language)}\u00a0%"


def duration(seconds: float | None, language: str) -> str:
    """For how long, in the largest unit that fits; a dash for none."""
    if seconds is None:
        return NONE
    unit, size = next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])
    return f"{rate(seconds / size, language, 1 if seconds / size < 10 else 0)}\u00a0{unit}"


def moment(text: str | None, language: str, zone: tzinfo) -> str:
    """An RFC 3339 time as the clock of `zone` shows it; a dash for none."""
    if not text:
        return NONE
    return datetime.fromisoformat(text).astimezone(zone).strftime(_TIMES[language])


def lasting(seconds: int, language: str) -> str:
    """How long something lasts, in its two largest units: 3 d 4 h, 12 min."""
    days, rest = divmod(max(0, seconds), 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    day, hour, minute = _LASTS[language]
    if days:
        return f"{days}\u00a0{day} {hours}\u00a0{hour}"
    return f"{hours}\u00a0{hour} {minutes}\u00a0{minute}" if hours else f"{minutes}\u00a0{minute}"


def percent(millionths: int | None, language: str) -> str:
    """A share with one decimal, rounded down: 999,999 millionths are not all."""
    return NONE if millionths is None else f"{number(millionths // 1000, language, 1)}\u00a0%"


def day(text: str | None, language: str) -> str:
    """A date as people write it; a dash for none."""
    return datetime.fromisoformat(text).strftime(_DAYS[language]) if text else NONE


def to_minor(text: str, currency: str) -> int:
    """What somebody typed, 1.49 or 1,49, in minor units. Raises ValueError."""
    exponent = EXPONENTS.get(currency, 2)
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError("not an amount")
    whole, _, part = text.strip().replace(",", ".").partition(".")
    if len(part) > exponent:
        raise ValueError("too many decimals")
    return int(whole + part.ljust(exponent, "0"))


def to_thousandths(text: str) -> int:
    """What somebody typed, 3 or 0.25, in thousandths. Raises ValueError."""
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError("not a quantity")
    whole, _, part = text.strip().replace(",", ".").partition(".")
    if len(part) > 3:
        raise ValueError("too many decimals")
    return int(whole + part.ljust(3, "0"))
