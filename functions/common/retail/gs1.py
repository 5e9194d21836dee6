"""GS1 element strings: the content of GS1-128, DataBar, DataMatrix and QR symbols, as AI -> data.

Broken data raises; which AIs belong together is reported as problems, since a label that lacks a companion
AI still names its product, while one that contradicts itself must not be sold by.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from functions.common.retail.barcode import InvalidCode, Reason, has_valid_check_digit, is_digits
from functions.common.retail.currencies import BY_NUMBER
from functions.common.retail.gs1_table import AI_LENGTHS, GS, SPECS, Part


class Severity(StrEnum):
    REJECT = "reject"  # the code contradicts itself
    WARNING = "warning"  # it is incomplete or doubtful, and usable


@dataclass(frozen=True, slots=True)
class Problem:
    """Something doubtful about a readable code: `code` is stable, `ai` is where it was found, or ""."""

    severity: Severity
    code: str
    ai: str
    message: str


@dataclass(frozen=True, slots=True)
class Elements:
    """AI -> data as scanned, in scanned order, and what is wrong with the combination."""

    values: Mapping[str, str]
    problems: tuple[Problem, ...]


_CHARSETS = {
    "x": re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]*"),
    "y": re.compile(r"[#\-/0-9A-Z]*"),
    "z": re.compile(r"[\-0-9A-Z_a-z]*"),
}
_CHARSET_NAMES = {"n": "digits", "x": "GS1 characters", "y": "capitals and digits", "z": "base64url"}
_BRACKETED_AI = re.compile(r"\(([0-9]{2,4})\)")


def parse_element_string(data: str) -> Elements:
    """Read AIs and data, separated by GS where a length is not fixed; symbology id and FNC1 are off already.

    Raises InvalidCode: EMPTY, UNKNOWN_AI, BAD_AI_DATA, CHECK_DIGIT or DUPLICATE_AI.
    """
    return collect(_split(data))


def _split(data: str) -> Iterator[tuple[str, str]]:
    at, size = 0, len(data)
    while at < size:
        if data[at] == GS:  # also accepted where none is needed
            at += 1
            continue
        ai = data[at : at + AI_LENGTHS.get(data[at : at + 2], 4)]
        at += len(ai)
        spec = SPECS.get(ai)
        end = at + spec.most if spec is not None and spec.predefined else data.find(GS, at)
        if end < 0:
            end = size
        yield ai, data[at:end]
        at = end


def parse_bracketed(text: str) -> Elements:
    """Read the form printed for people, "(01)09521234543213 (10)LOT7"; spaces around data are ignored.

    Data that itself contains something like "(21)" cannot be told apart. Raises as `parse_element_string`, and
    UNSUPPORTED_SYMBOL when it does not begin with an AI.
    """
    before, *rest = _BRACKETED_AI.split(text)
    if before.strip(" ") or not rest:
        raise InvalidCode(Reason.UNSUPPORTED_SYMBOL, "The text must begin with an AI in brackets, such as (01).")
    return collect((ai, data.strip(" ")) for ai, data in zip(rest[::2], rest[1::2], strict=True))


def collect(elements: Iterable[tuple[str, str]]) -> Elements:
    """Check each element and how they go together. The same AI twice is fine when the data are the same."""
    values: dict[str, str] = {}
    for ai, data in elements:
        check_element(ai, data)
        if values.setdefault(ai, data) != data:
            raise InvalidCode(Reason.DUPLICATE_AI, f"AI {ai} is there twice with different data.")
    if not values:
        raise InvalidCode(Reason.EMPTY, "There is no GS1 data in the code.")
    return Elements(values, _association_problems(values))


def check_element(ai: str, data: str) -> None:
    """Check the data of one AI: length, characters, check digit, date, currency.

    Raises InvalidCode: UNKNOWN_AI, BAD_AI_DATA or CHECK_DIGIT.
    """
    spec = SPECS.get(ai)
    if spec is None:
        raise InvalidCode(Reason.UNKNOWN_AI, f"There is no GS1 application identifier {ai!a}.")
    if not spec.least <= len(data) <= spec.most:
        wanted = f"{spec.least}" if spec.least == spec.most else f"{spec.least} to {spec.most}"
        raise InvalidCode(Reason.BAD_AI_DATA, f"AI {ai} takes {wanted} characters, not {len(data)}.")
    for part in spec.parts:
        _check_part(ai, data[part.start : part.end], part)


def _check_part(ai: str, text: str, part: Part) -> None:
    if not text:  # only an optional last part can be empty: lengths were checked
        return
    fits = is_digits(text) if part.charset == "n" else _CHARSETS[part.charset].fullmatch(text) is not None
    if not fits:
        raise InvalidCode(Reason.BAD_AI_DATA, f"AI {ai} takes {_CHARSET_NAMES[part.charset]} only.")
    if not part.check:
        return
    if part.check == "sum":
        if not has_valid_check_digit(text):
            raise InvalidCode(Reason.CHECK_DIGIT, f"The check digit in the data of AI {ai} is wrong.")
    elif not CHECKS[part.check](text):
        raise InvalidCode(Reason.BAD_AI_DATA, f"The data of AI {ai} are not {CHECK_NAMES[part.check]}.")


def read_date(yymmdd: str, today: date | None = None) -> date:
    """A label's date; day 00 is the last day of the month.

    The century is the one that brings the year within 49 years back and 50 ahead of today's (GS1's rule);
    without today it is 2000. Raises InvalidCode BAD_AI_DATA when there is no such day.
    """
    year, month, day = int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    try:
        year = _full_year(year, today)
        return date(year, month, day or monthrange(year, month)[1])
    except ValueError:
        raise InvalidCode(Reason.BAD_AI_DATA, f"{yymmdd} is not a date written YYMMDD.") from None


def _full_year(year: int, today: date | None) -> int:
    if today is None:
        return 2000 + year
    ahead = year - today.year % 100
    century = today.year - today.year % 100
    if ahead >= 51:
        century -= 100
    elif ahead <= -50:
        century += 100
    return century + year


def _is_day(text: str) -> bool:
    """A date whose day may be 00. Years are read in 2000-2099, so 29 February 00 passes here."""
    try:
        read_date(text)
    except InvalidCode:
        return False
    return True


def _is_date(text: str) -> bool:
    return len(text) == 6 and text[4:] != "00" and _is_day(text)


def _is_time(text: str) -> bool:
    return len(text) == 4 and text[:2] < "24" and text[2:] < "60"


CHECKS: Mapping[str, Callable[[str], bool]] = {
    "day": _is_day,
    "date": _is_date,
    "dates": lambda text: _is_date(text[:6]) and (len(text) == 6 or _is_date(text[6:])),
    "time": _is_time,
    "delivery": lambda text: text == "9999" or _is_time(text),  # 9999: no time of day is given
    "currency": BY_NUMBER.__contains__,
    "pieces": lambda text: "01" <= text[:2] <= text[2:],
    "threes": lambda text: len(text) % 3 == 0,
    "flag": lambda text: text in "01",
    "zero": lambda text: text == "0",
    "minus": lambda text: text == "-",
}
CHECK_NAMES = {
    "day": "a date YYMMDD (DD may be 00)",
    "date": "a date YYMMDD",
    "dates": "one or two dates YYMMDD",
    "time": "a time hhmm",
    "delivery": "a time hhmm or 9999",
    "currency": "begun with an ISO 4217 number",
    "pieces": "a piece and a total, such as 0102",
    "threes": "three-digit country numbers",
    "flag": "0 or 1",
    "zero": "begun with 0",
    "minus": "ended by a minus",
}


def _association_problems(values: Mapping[str, str]) -> tuple[Problem, ...]:
    if len(values) == 1 and "01" in values:
        return ()
    present: set[str] = set().union(*(SPECS[ai].names for ai in values))
    problems = []
    for ai in values:
        spec = SPECS[ai]
        if not spec.excludes.isdisjoint(present):
            for other in values:
                # Excluding one's own family means the others of it, not oneself.
                if other != ai and not spec.excludes.isdisjoint(SPECS[other].names):
                    message = f"AI {ai} must not be together with AI {other}."
                    problems.append(Problem(Severity.REJECT, "AI_CONFLICT", ai, message))
        for group in spec.needs:
            if group.isdisjoint(present):
                message = f"AI {ai} needs AI {' or '.join(sorted(group))} beside it."
                problems.append(Problem(Severity.WARNING, "AI_INCOMPLETE", ai, message))
    return tuple(problems)
